"""What was typed into a form, as the facts of one event, or what is wrong with each field. Pure.

The page makes the id, and everything is a function of it and the fields: sent again, it is the same event
under the same number. Name and telephone never become a part of the event, nor may they stand in its text.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Literal, NamedTuple, get_args

from drivers.base import Fact
from edge.catalogue.supervision import CODES
from edge.office.forms.fields import ANYTHING, Faults, Known, Reader, joined

Form = Literal["guestbook", "complaint", "inspection"]
FORMS: tuple[Form, ...] = get_args(Form)
KINDS: Mapping[Form, str] = {
    "guestbook": "guestbook.entry",
    "complaint": "complaint.filed",
    "inspection": "inspection.recorded",
}
LETTERS: Mapping[Form, str] = {"guestbook": "L", "complaint": "T", "inspection": "D"}
CATEGORIES = ("praise", "suggestion", "complaint", "inquiry")
VIAS = ("onsite", "phone", "guestbook", "tablet")
INSPECTORS = ("supervision_office", "social_supervisor", "leader", "third_party")
MODES = ("open", "covert")
RESULTS = ("pass", "fail", "na")
ID = re.compile(r"[0-9a-f]{32}")
LINES = 8
"""So often one code of the checklist may be marked; all of them together are what an event takes."""
ITEM = re.compile(rf"i\.([A-Z]\d{{1,2}})\.([1-{LINES}])\.(result|target|note)")
PHONE = re.compile(r"\+?[0-9][0-9 -]{3,18}[0-9]")
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
NUMBER_LETTERS = 5
CONTENT_MAX, NOTE_MAX, NAME_MAX = 1000, 500, 40
WAITED_MAX_S = 400 * 86_400


class Given(NamedTuple):
    """How to reach who wrote it."""

    ref: str
    name: str
    phone: str


class Entry(NamedTuple):
    """One event to be. number: as people call it; waited_s: so long ago it was typed."""

    form: Form
    id: str
    number: str
    facts: Mapping[str, Fact]
    contact: Given | None
    waited_s: int

    @property
    def kind(self) -> str:
        """Of the event."""
        return KINDS[self.form]


def read(
    form: Form, fields: Mapping[str, str], by: str, today: date, known: Known = ANYTHING
) -> Entry | Faults:
    """The entry, or what is wrong with it. by: who typed it, 1–64 characters."""
    reader = Reader(fields, today, known)
    made_by = fields.get("id", "")
    if not ID.fullmatch(made_by):
        return {"form": "stale"}
    facts, day = READERS[form](reader, by)
    own = reader.line("number")
    contact = _contact(reader, contact_ref(made_by)) if form != "inspection" else None
    if reader.faults:
        return reader.faults
    number = own or number_of(form, day, made_by)
    facts = {NUMBERS[form]: number, **facts, **({"contact_ref": contact.ref} if contact else {})}
    return Entry(form, made_by, number, facts, contact, _waited(fields))


def _guestbook(reader: Reader, by: str) -> tuple[dict[str, Fact], str]:
    day = reader.day("written_on")
    return {
        "written_on": day,
        "category": reader.one_of("category", CATEGORIES),
        "content": reader.lines("content", CONTENT_MAX),
        "transcribed_by": by,
        "window_no": reader.window("window"),
        "staff_no": reader.staff("staff"),
        "stars": reader.stars("stars"),
    }, day


def _complaint(reader: Reader, by: str) -> tuple[dict[str, Fact], str]:
    day, real_name = reader.day("received_on"), reader.fields.get("real_name") == "yes"
    target = {"dept": reader.line("dept"), "window": reader.window("window"), "staff": reader.staff("staff")}
    about: dict[str, Fact] = {name: value for name, value in target.items() if value}
    for name in ("contact_name", "contact_phone"):
        if real_name:
            reader.line(name, NAME_MAX, need=True)
    return {
        "received_on": day,
        "via": reader.one_of("via", VIAS),
        "content": reader.lines("content", CONTENT_MAX),
        "real_name": real_name,
        "target": about or None,
    }, day


def _inspection(reader: Reader, by: str) -> tuple[dict[str, Fact], str]:
    day, place = reader.day("inspected_on"), reader.line("place", need=True)
    return {
        "inspected_on": day,
        "inspector": reader.one_of("inspector", INSPECTORS),
        "mode": reader.one_of("mode", MODES),
        "items": tuple(_items(reader, place)),
        "recorded_by": by,
    }, day


def _items(reader: Reader, place: str) -> Iterable[Mapping[str, Fact]]:
    """Every line of the checklist that was marked; target: its own, else the place of all."""
    found = (match.group(1, 2) for name in reader.fields if (match := ITEM.fullmatch(name)))
    rows = dict.fromkeys(row for row in found if row[0] in CODES)
    marked = 0
    for code, line in sorted(rows, key=lambda row: (CODES.index(row[0]), row[1])):
        at = f"i.{code}.{line}"
        target, note = reader.line(f"{at}.target"), reader.line(f"{at}.note", NOTE_MAX)
        result = reader.fields.get(f"{at}.result", "")
        if not result:
            if target or note:
                reader.wrong(f"{at}.result", "no_result")
            continue
        marked += 1
        reader.one_of(f"{at}.result", RESULTS)
        yield {"code": code, "target": target or place, "result": result, "note": note or None}
    if not marked:
        reader.wrong("items", "no_items")


def _contact(reader: Reader, ref: str) -> Given | None:
    """Name and telephone, where any was given; neither may stand in what goes upstream."""
    name = reader.line("contact_name", NAME_MAX)
    phone = unicodedata.normalize("NFKC", reader.line("contact_phone", NAME_MAX))
    if phone and not PHONE.fullmatch(phone):
        reader.wrong("contact_phone", "phone")
    for field in TEXTS:
        text = joined(reader.fields.get(field, ""))
        if any(len(each) > 1 and each in text for each in (joined(name), joined(phone))):
            reader.wrong(field, "contact_inside")
    return Given(ref, name, phone) if name or phone else None


TEXTS = ("content", "number", "dept", "window", "staff")
"""The fields of free text that become a part of the event."""
NUMBERS: Mapping[Form, str] = {
    "guestbook": "entry_no",
    "complaint": "complaint_no",
    "inspection": "inspection_no",
}
READERS: Mapping[Form, Callable[[Reader, str], tuple[dict[str, Fact], str]]] = {
    "guestbook": _guestbook,
    "complaint": _complaint,
    "inspection": _inspection,
}


def number_of(form: Form, day: str, made_by: str) -> str:
    """What people call an entry that has no number on paper, such as `T20261126-K7M2Q`."""
    rest, letters = int(made_by, 16), ""
    for _ in range(NUMBER_LETTERS):
        rest, at = divmod(rest, len(ALPHABET))
        letters += ALPHABET[at]
    return f"{LETTERS[form]}{day.replace('-', '')}-{letters}"


def contact_ref(made_by: str) -> str:
    """What stands in the event for the contact details: as random as the id, and no way back from it."""
    return f"c-{sha256(f'hall-edge contact {made_by}'.encode()).hexdigest()[:20]}"


def _waited(fields: Mapping[str, str]) -> int:
    text = fields.get("waited_s", "")
    return min(int(text), WAITED_MAX_S) if re.fullmatch(r"[0-9]{1,9}", text) else 0

"""Whatever is typed becomes one event of the catalogue, or has its faults; no event names who wrote it."""

import string
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Reading
from edge.catalogue.supervision import CODES
from edge.events import Draft, Origin, normalize
from edge.office.forms.checklist import POINTS, checklist
from edge.office.forms.fields import Known
from edge.office.forms.typed import FORMS, Entry, contact_ref, number_of, read
from edge.words import LANGS

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 26)
ID = "0123456789abcdef" * 2
ITEM_PARTS = ("result", "target", "note")
GUESTBOOK = {"id": ID, "written_on": "2026-11-25", "category": "praise", "content": "很好"}
COMPLAINT = {"id": ID, "received_on": "2026-11-26", "via": "phone", "content": "等候一小时"}
INSPECTION = {
    "id": ID,
    "inspected_on": "2026-11-26",
    "inspector": "social_supervisor",
    "mode": "covert",
    "place": "大厅",
    "i.B05.1.result": "fail",
}
WHOLE = {"guestbook": GUESTBOOK, "complaint": COMPLAINT, "inspection": INSPECTION}


def draft_of(entry: Entry) -> Draft:
    """As the Link makes it; BadReading where it is no event."""
    reading = Reading(entry.kind, "office", entry.id, "2026-11-26T09:00:00", entry.facts)
    return normalize(
        reading, Origin("office", "forms", ZONE, 0, True), datetime(2026, 11, 26, 9, tzinfo=ZONE)
    )


def typed(form: str, known: Known = Known(), **more: str):  # noqa: B008
    return read(form, {**WHOLE[form], **more}, "wang", TODAY, known)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
def test_the_least_of_each_form_is_an_event(form: str) -> None:
    entry = typed(form)
    assert isinstance(entry, Entry)
    assert b"office" in draft_of(entry).data
    assert entry.contact is None
    assert b"contact_ref" not in draft_of(entry).data
    assert typed(form) == entry, "the same typed again is the same"


@pytest.mark.parametrize(
    ("form", "field", "value", "why"),
    [
        ("guestbook", "written_on", "", "day"),
        ("guestbook", "written_on", "2026-02-30", "day"),
        ("guestbook", "written_on", "2026-11-27", "future"),
        ("guestbook", "category", "rant", "choose"),
        ("guestbook", "content", " \n ", "need"),
        ("guestbook", "content", "长" * 1001, "long"),
        ("guestbook", "stars", "6", "choose"),
        ("guestbook", "window", "A09", "no_window"),
        ("complaint", "staff", "9999", "no_staff"),
        ("complaint", "via", "", "choose"),
        ("complaint", "contact_phone", "call me", "phone"),
        ("complaint", "number", "9" * 65, "long"),
        ("inspection", "mode", "", "choose"),
        ("inspection", "inspector", "me", "choose"),
        ("inspection", "place", "", "need"),
        ("inspection", "i.B05.1.result", "maybe", "choose"),
        ("inspection", "i.F2.1.note", "挂屏黑", None),
        ("inspection", "i.B05.1.note", "长" * 501, "long"),
        ("guestbook", "id", "1", "stale"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(form: str, field: str, value: str, why: str | None) -> None:
    faults = typed(form, Known(frozenset({"A01"}), frozenset({"1001"})), **{field: value})
    assert not isinstance(faults, Entry)
    at, told = (field, why) if why else ("i.F2.1.result", "no_result")
    assert faults == {"form" if why == "stale" else at: told}


def test_a_real_name_needs_name_and_number_and_an_empty_checklist_is_none() -> None:
    assert typed("complaint", real_name="yes") == {"contact_name": "need", "contact_phone": "need"}
    entry = typed("complaint", real_name="yes", contact_name="王芳", contact_phone="１３８ 0000-1111")
    assert isinstance(entry, Entry)
    assert entry.contact == (contact_ref(ID), "王芳", "138 0000-1111")
    assert entry.facts["contact_ref"] == contact_ref(ID)
    assert typed("inspection", **{"i.B05.1.result": ""}) == {"items": "no_items"}


def test_an_inspection_keeps_every_line_under_its_point() -> None:
    entry = typed(
        "inspection",
        **{
            "i.B05.1.target": "A03",
            "i.B05.1.note": "三人扎堆",
            "i.B05.2.result": "pass",
            "i.B05.2.target": "A04",
            "i.I2.1.result": "na",
            "i.X9.1.result": "fail",
            "i.B05.9.result": "fail",
        },
    )
    assert isinstance(entry, Entry)
    assert entry.facts["items"] == (
        {"code": "B05", "target": "A03", "result": "fail", "note": "三人扎堆"},
        {"code": "B05", "target": "A04", "result": "pass", "note": None},
        {"code": "I2", "target": "大厅", "result": "na", "note": None},
    )


SPELT = ("王芳的手机", "13800001111", "138 0000 1111", "138-0000-1111", "１３８００００１１１１")


@pytest.mark.parametrize("spelt", SPELT)
def test_name_and_number_may_not_stand_in_what_goes_upstream(spelt: str) -> None:
    contact = {"contact_name": "王芳", "contact_phone": "13800001111"}
    assert typed("guestbook", content=f"请回电 {spelt}", **contact) == {"content": "contact_inside"}
    assert typed("complaint", dept=spelt, **contact) == {"dept": "contact_inside"}


WORDS = st.text(st.sampled_from("\x00\r\n\t\ud800 王芳1380-é\u200f\U0001f600"), max_size=20)
CHOSEN = st.sampled_from(("praise", "phone", "leader", "open", "yes", "3", "2026-11-26", "A01", "1001"))
NAMES = (
    *("written_on", "received_on", "inspected_on", "number", "category", "via", "content", "window", "staff"),
    *(
        "dept",
        "stars",
        "real_name",
        "inspector",
        "mode",
        "place",
        "waited_s",
        "contact_name",
        "contact_phone",
    ),
)
ITEM_NAMES = [
    f"i.{code}.{n}.{part}" for code in ("B01", "I2", "Z9") for n in (0, 1, 8) for part in ITEM_PARTS
]
FIELDS = st.dictionaries(st.sampled_from((*NAMES, *ITEM_NAMES)), WORDS | CHOSEN, max_size=8)


@settings(max_examples=150)
@given(st.sampled_from(FORMS), FIELDS, st.integers(0, 2**128 - 1))
def test_whatever_is_typed_is_an_event_without_a_person_or_has_its_faults(
    form: str, fields: dict[str, str], made_by: int
) -> None:
    entry = read(form, {**WHOLE[form], **fields, "id": f"{made_by:032x}"}, "wang", TODAY)  # type: ignore[arg-type]
    if not isinstance(entry, Entry):
        assert entry
        return
    data = draft_of(entry).data.decode()
    if entry.contact:
        told = str(entry.facts.get("content"))
        assert form != "inspection"
        assert entry.contact.ref in data
        assert not entry.contact.phone or entry.contact.phone not in told
        assert len(entry.contact.name) < 2 or entry.contact.name not in told


def test_every_code_is_told_in_both_languages_once() -> None:
    assert tuple(POINTS) == CODES
    for lang in LANGS:
        shown = [point.code for group in checklist(lang) for point in group.points]
        assert sorted(shown) == sorted(CODES)


def test_numbers_are_readable_and_follow_from_the_id() -> None:
    number = number_of("complaint", "2026-11-26", ID)
    assert number.startswith("T20261126-")
    assert set(number[10:]) <= set(string.ascii_uppercase + string.digits) - set("IO01")
    assert number != number_of("complaint", "2026-11-26", "f" * 32)

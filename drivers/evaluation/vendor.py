"""What a vendor's tablet says of one rating → a rating of ours, by the rules of exactly that device. Pure.

A code is a level only where the device's own map says so; any other is put aside with what was read, never
guessed. A rating is named by its id and time (an id alone may begin anew after a reset), or by the id alone
where the vendor says that it is unique for ever: so a second copy is the same fact.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from drivers.base import RAW_MAX, Fact, Reading, Reject
from drivers.evaluation.codes import SCHEMES
from drivers.evaluation.comment import comment_of
from drivers.evaluation.levels import LEVELS, STARS, Level
from drivers.evaluation.patterns import Told, word
from drivers.evaluation.session import Answer, Desk, Said, Session, answer, reading

UNKNOWN = "rating: a code that is not in levels"
NONE = "none"
"""In the map of levels: no rating of a citizen (a timeout, a default)."""
RATING = ("id", "code", "at", "session", "project_no", "item_code", "tags", "comment", "dwell_ms")
"""What a pattern of ratings may name."""
CODE_MAX, ID_MAX, TAGS_MAX = 64, 256, 20
DWELL_MAX = 86_400_000
WORD = re.compile(r"[0-9A-Za-z_.-]{1,64}")
TAG = re.compile(r"[1-5]\d\d")
SPLIT = re.compile(r"[,|;，；\s]+")
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)")
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00")
Ids = Literal["counter", "unique"]


@dataclass(frozen=True, kw_only=True)
class VendorOptions:
    """What all vendor tablets have in common.

    levels: the device's own code → level, or `none`; in place of it scheme: `stars` (5 = best), `gbt39046`
    (1 = best), `from_zero`. ids: what an id is good for. tags: whether its tags are those of the national
    dictionary; tag_codes: its own code → that of the dictionary. utc_offset_minutes: of its wall clock.
    """

    window: str
    levels: dict[str, str] = field(default_factory=dict)
    scheme: str = ""
    ids: Ids = "counter"
    tags: Literal["no", "national"] = "no"
    tag_codes: dict[str, str] = field(default_factory=dict)
    utc_offset_minutes: int = 480

    def __post_init__(self) -> None:
        """ValueError that begins with the name of what is wrong."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", self.window):
            raise ValueError("window: 1-32 个 A-Z a-z 0-9 _ - / 1-32 of A-Z a-z 0-9 _ -")
        if bool(self.levels) == bool(self.scheme):
            raise ValueError(
                "levels: 写 levels 或 scheme 之一，同一数字在两种设备上含义相反 / "
                "give one of levels and scheme: the same digit means opposite things on two devices"
            )
        if self.scheme and self.scheme not in SCHEMES:
            raise ValueError(f"scheme: {self.scheme!r} 只能是 / must be one of {', '.join(SCHEMES)}")
        for code, level in self.levels.items():
            if level not in (*LEVELS, NONE) or not 0 < len(code) <= CODE_MAX:
                raise ValueError(
                    f"levels: {code!r} = {level!r}: 只能是 / must be one of {', '.join((*LEVELS, NONE))}"
                )
        if self.scale not in (3, 4, 5):
            raise ValueError("levels: 3-5 个等级 / 3 to 5 levels")
        if self.ids not in ("counter", "unique"):
            raise ValueError("ids: counter 或 / or unique")
        if self.tags not in ("no", "national"):
            raise ValueError("tags: no 或 / or national")
        for code, tag in self.tag_codes.items():
            if not TAG.fullmatch(tag):
                raise ValueError(
                    f"tag_codes: {code!r} = {tag!r}: 三位数，首位为星数 / three digits, the stars first"
                )
        if not -840 <= self.utc_offset_minutes <= 840:
            raise ValueError(f"utc_offset_minutes: '{self.utc_offset_minutes}' 不在 / is not in ±840")

    @property
    def meanings(self) -> Mapping[str, str]:
        """Code → level or `none`."""
        return self.levels or {code: level for level, code in SCHEMES[self.scheme].items()}

    @property
    def scale(self) -> int:
        """How many levels it offers."""
        return len(set(self.meanings.values()) - {NONE})


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating, understood. name: the same for every copy, and harmless. at: naive, of the device's clock.

    told_at: whether the device said when; session: which invitation it says to answer, "" = it says none.
    """

    name: str
    at: str
    told_at: bool
    level: Level
    session: str
    project_no: str | None
    item_code: str | None
    facts: Mapping[str, Fact]


def rating(told: Told, options: VendorOptions, serial: str, now: str) -> Rating | Reject | None:
    """What a message tells as a rating; None: it is none and says so; Reject: it makes no sense.

    now: our naive wall clock in the device's zone, for a device that does not say when.
    """
    code, name = word(told.get("code")), word(told.get("id", told.get("session")))
    if code is None or name is None or not 0 < len(name) <= ID_MAX:
        return put_aside("rating: no code or no id", told)
    meaning = options.meanings.get(code)
    if meaning == NONE:
        return None
    level = next((each for each in LEVELS if each == meaning), None)
    if level is None:
        return put_aside(UNKNOWN, told)
    at = moment(told["at"], options.utc_offset_minutes) if "at" in told else None
    if at is None and ("at" in told or options.ids == "counter"):
        return put_aside("rating: no time", told)
    named = name if options.ids == "unique" or at is None else f"{at}|{name}"
    return Rating(
        name=hashlib.sha256(f"{serial}|{named}".encode("utf-8", "replace")).hexdigest()[:32],
        at=at or now,
        told_at=at is not None,
        level=level,
        session=word(told.get("session")) or "",
        project_no=_short(told.get("project_no")),
        item_code=_short(told.get("item_code")),
        facts=_facts(told, options, level, code),
    )


def readings(given: Rating, options: VendorOptions, serial: str) -> list[Reading]:
    """A rating that answers no invitation of ours: a session of its own, begun and answered."""
    _, said = answer(Desk(), Answer(given.at, 0.0, own_session(given, options.window), given.facts))
    return [named(each, given, options, serial) for each in said]


def own_session(given: Rating, window: str, began_s: float = 0.0) -> Session:
    """The session a rating becomes that answers none."""
    made = Session(given.name, window, given.at, began_s, 0)
    return replace(made, project_no=given.project_no, item_code=given.item_code)


def named(said: Said, given: Rating, options: VendorOptions, serial: str) -> Reading:
    """As a Reading; what the rating itself is of bears its name, so that a second copy is the same fact."""
    made = reading(said, serial)
    if said.kind != "evaluation.submitted" and said.session.id != given.name:
        return made
    return made._replace(key=given.name if options.ids == "unique" else f"{given.at}|{given.name}")


def put_aside(why: str, told: Told) -> Reject:
    """For quarantine: what was read, and nothing else of the message, so no name or number of a citizen."""
    whole = _text(told)
    shown = _text({key: value for key, value in told.items() if key != "comment"})
    return Reject(why, len(whole), hashlib.sha256(whole).hexdigest(), shown[:RAW_MAX])


def moment(value: object, utc_offset_minutes: int) -> str | None:
    """A time as devices write it → naive, whole seconds: ISO, compact, or since 1970 in s or ms."""
    text = word(value)
    if text is None or len(text) > 40:
        return None
    if text.isascii() and text.isdecimal() and len(text) in (10, 13):
        since = timedelta(milliseconds=int(text)) if len(text) == 13 else timedelta(seconds=int(text))
        return _stamp(EPOCH + since + timedelta(minutes=utc_offset_minutes))
    compact = COMPACT.fullmatch(text) if text.isascii() else None
    try:
        found = datetime.fromisoformat("{}-{}-{}T{}:{}:{}".format(*compact.groups()) if compact else text)
        if found.tzinfo is not None:
            found = (found.astimezone(UTC) + timedelta(minutes=utc_offset_minutes)).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return _stamp(found) if compact or len(text) > len("2026-11-20") else None


def _facts(told: Told, options: VendorOptions, level: Level, code: str) -> dict[str, Fact]:
    dwell = told.get("dwell_ms")
    fits = isinstance(dwell, int) and not isinstance(dwell, bool) and 0 <= dwell <= DWELL_MAX
    return {
        "level": level,
        "stars": STARS[level],
        "scale": options.scale,
        "channel": "hall_tablet",
        "raw_code": code,
        "tags": _tags(told.get("tags"), options, STARS[level]),
        "comment": comment_of(told.get("comment")),
        "dwell_ms": dwell if fits else None,
    }


def _tags(value: object, options: VendorOptions, stars: int) -> tuple[str, ...]:
    """Those of the dictionary that fit the stars; a device's own codes mean nothing without its map."""
    given = SPLIT.split(value) if isinstance(value, str) else value if isinstance(value, list) else []
    own = [text for each in given[: 4 * TAGS_MAX] if (text := word(each))]
    mapped = [options.tag_codes.get(each, each if options.tags == "national" else "") for each in own]
    fitting = [each for each in mapped if TAG.fullmatch(each) and each[0] == str(stars)]
    return tuple(dict.fromkeys(fitting))[:TAGS_MAX]


def _short(value: object) -> str | None:
    text = word(value)
    return text if text and WORD.fullmatch(text) else None


def _stamp(found: datetime) -> str | None:
    return found.replace(microsecond=0).isoformat() if 1970 <= found.year <= 9998 else None


def _text(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, ensure_ascii=True).encode()

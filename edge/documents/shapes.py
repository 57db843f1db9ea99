"""The documents as frozen shapes, each of which becomes a JSON Schema in `config/contract/documents/`. Pure.

What is not named here may not stand in them: no ID number, phone, birth date or political status of anybody.
"""

from typing import Annotated, Literal

import msgspec

from drivers.evaluation.levels import Channel, Page

DAY = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
MOMENT = DAY.removesuffix("$") + r"(T([01]\d|2[0-3]):[0-5]\d)?$"
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
WORD = r"^\S(.{0,62}\S)?$"
TAG = r"^[1-5][0-9]{2}$"

Word = Annotated[str, msgspec.Meta(pattern=WORD)]
Text = Annotated[str, msgspec.Meta(max_length=200)]
Day = Annotated[str, msgspec.Meta(pattern=DAY)]
Moment = Annotated[str, msgspec.Meta(pattern=MOMENT)]
Clock = Annotated[str, msgspec.Meta(pattern=CLOCK)]
Version = Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of documents have in common."""


class Document(Shape, frozen=True, kw_only=True):
    """version: rises with every change; a lower one is refused, and the same one with other content too."""

    version: Version


class Staff(Shape, frozen=True, kw_only=True):
    """One member of staff. devices: device id -> the number of this person on that terminal.

    display_photo_ref: a PNG or JPEG file beside this document, for the card at the window; no other use.
    """

    staff_no: Word
    name: Word
    dept_code: Text = ""
    post: Text = ""
    chief_rep: bool = False
    active: bool = True
    display_photo_ref: Word | None = None
    devices: dict[str, str] = {}


class Roster(Document, frozen=True, kw_only=True):
    """`roster`: everybody who works in the hall. Replaced whole."""

    staff: tuple[Staff, ...]


class Band(Shape, frozen=True, kw_only=True):
    """How many of the staff must be at the windows of a group, from one time of day to another."""

    start: Clock = msgspec.field(name="from")
    end: Clock = msgspec.field(name="to")
    min_staff: Annotated[int, msgspec.Meta(ge=0, le=1000)]


class WindowGroup(Shape, frozen=True, kw_only=True):
    """The windows of one unit; ab_pairs: staff who stand in for each other."""

    group_id: Word
    name: Text = ""
    windows: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]
    bands: tuple[Band, ...] = ()
    ab_pairs: tuple[tuple[Word, Word], ...] = ()


class WindowGroups(Document, frozen=True, kw_only=True):
    """`window_groups`: the windows of the hall. Replaced whole."""

    groups: tuple[WindowGroup, ...]


class Covers(Shape, frozen=True, kw_only=True):
    """The days a document speaks of, both included; what it does not cover stays as it was."""

    start: Day = msgspec.field(name="from")
    end: Day = msgspec.field(name="to")


class Assignment(Shape, frozen=True, kw_only=True):
    """Who stands at which window. from, to: days, both included, or moments, of which `to` is the end."""

    staff_no: Word
    window_no: Word
    role: Literal["A", "B"] = "A"
    start: Moment = msgspec.field(name="from")
    end: Moment = msgspec.field(name="to")


class Assignments(Document, frozen=True, kw_only=True):
    """`assignments`: takes the place of what was known of the days it covers, and of no other day.

    removes: it may take away what stood on a day that is over.
    """

    covers: Covers
    entries: tuple[Assignment, ...]
    removes: bool = False


class Tag(Shape, frozen=True, kw_only=True):
    """One tag of the dictionary; the first digit of the code is the stars. first: shown, not folded."""

    code: Annotated[str, msgspec.Meta(pattern=TAG)]
    zh: Word
    en: Text = ""
    first: bool = False


class TagDictionary(Shape, frozen=True, kw_only=True):
    """The tags of one version; one comes with the release (`config/evaluation/tags.json`)."""

    version: Word
    tags: tuple[Tag, ...]


class Provincial(Shape, frozen=True, kw_only=True):
    """The province's page. hosts: the only ones that may be opened. urls: window -> fixed address.

    images: window -> the code the province issued, a PNG or JPEG file beside this document, shown as it is.
    A page that a business system sends is opened by https alone, unless a host says `http://HOST[:PORT]`.
    """

    hosts: tuple[Word, ...] = ()
    urls: dict[str, str] = {}
    images: dict[str, Word] = {}


class Oddities(Shape, frozen=True, kw_only=True):
    """When a rating looks odd; it counts all the same.

    It was answered faster than too_fast_ms; a window had more than burst_count in burst_s; it came unasked
    within repeat_s of another one there; it came more than off_hours_grace_min outside the opening hours.
    """

    too_fast_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 1000
    burst_count: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    burst_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60
    repeat_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 60
    off_hours_grace_min: Annotated[int, msgspec.Meta(ge=0, le=240)] = 30


class Hours(Shape, frozen=True, kw_only=True):
    """When the hall is open: on these weekdays (1 = Monday) from one time of day to another."""

    days: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...], msgspec.Meta(min_length=1, max_length=7)
    ]
    start: Clock = msgspec.field(name="from")
    end: Clock = msgspec.field(name="to")


class EvaluationProfile(Document, frozen=True, kw_only=True):
    """`evaluation_profile`: how this hall has its services rated. Replaced whole.

    page: whose rating counts. timeout_s: how long a page waits for an answer. scheme, channels: the codes of
    upstream, for who must speak them. tag_dictionary: in place of the one that comes with the release.
    opening_hours: several a day where it closes at noon; none = not known, and no rating is off hours.
    """

    page: Page = "local"
    timeout_s: Annotated[int, msgspec.Meta(ge=3, le=600)] = 60
    scheme: Literal["gbt39046", "stars", "from_zero"] = "stars"
    channels: dict[Channel, str] = {}
    provincial: Provincial = Provincial()
    tag_dictionary: TagDictionary | None = None
    oddities: Oddities = Oddities()
    opening_hours: Annotated[tuple[Hours, ...], msgspec.Meta(max_length=40)] = ()


KINDS: dict[str, type[Document]] = {
    "roster": Roster,
    "window_groups": WindowGroups,
    "assignments": Assignments,
    "evaluation_profile": EvaluationProfile,
}
NAMES = tuple(KINDS)
LISTS: dict[str, tuple[str, type[Shape]]] = {
    "roster": ("staff", Staff),
    "window_groups": ("groups", WindowGroup),
    "assignments": ("entries", Assignment),
}
"""Where the entries of a document stand, so that every wrong one is named, not the first alone."""

"""The `data` of evaluations: invited, and then exactly one of submitted, unrated, handed over. Pure.

Level and stars must agree, and a tag's first digit is its stars: what contradicts itself is no event.
"""

from typing import Annotated, Literal

import msgspec

from drivers.evaluation.levels import STARS, Channel, Level, Page, Scale, Trigger, Unrated
from edge.catalogue.carried import FromDevice

COMMENT_MAX = 500
TAGS_MAX = 20
QualityFlag = Literal[
    "too_fast",
    "burst",
    "off_hours",
    "no_staff_on_post",
    "repeat_session",
    "clock_suspect",
    "uninvited",
]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Tag = Annotated[str, msgspec.Meta(pattern=r"^[1-5][0-9]{2}$")]


class OfSession(FromDevice, frozen=True, kw_only=True, omit_defaults=True):
    """What all four have: session_id is of the edge's making and names one service at one window.

    staff_no: who had signed on at the window, else the only one assigned to it, else absent: nobody knows.
    """

    session_id: Text
    window_no: Text
    staff_no: str | None = None


class Invited(OfSession, frozen=True, kw_only=True, omit_defaults=True):
    """`evaluation.invited`: somebody was asked to rate a service. trigger: who asked.

    `citizen`: nobody did; the rating came by itself, and this is written with it. page: `provincial` = the
    province's page is opened, `local` = the hall's own. timeout_s: so long the answer is waited for.
    """

    trigger: Trigger
    page: Page
    timeout_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)]
    project_no: Text | None = None
    item_code: Text | None = None


class Submitted(OfSession, frozen=True, kw_only=True, omit_defaults=True):
    """`evaluation.submitted`: a person rated a service.

    stars: 5 = best, whatever digit the device sent (raw_code). scale: how many levels it offers.
    tags: of the dictionary tag_dict_version. assess_number: 1 = the service's first rating, 2 = its second.
    dwell_ms: from the invitation to the answer. quality_flags: what looks odd; it counts all the same.
    contact_ref: there are contact details, at the supervision office of the hall alone.
    """

    level: Level
    stars: Annotated[int, msgspec.Meta(ge=1, le=5)]
    scale: Scale
    channel: Channel
    raw_code: Annotated[str, msgspec.Meta(max_length=64)]
    assess_number: Literal[1, 2] = msgspec.field(default=1)
    anonymous: bool = True
    tags: Annotated[tuple[Tag, ...], msgspec.Meta(max_length=TAGS_MAX)] = ()
    tag_dict_version: str | None = None
    comment: Annotated[str, msgspec.Meta(max_length=COMMENT_MAX)] | None = None
    dept_code: str | None = None
    project_no: Text | None = None
    item_code: Text | None = None
    dwell_ms: Annotated[int, msgspec.Meta(ge=0)] | None = None
    quality_flags: tuple[QualityFlag, ...] = ()
    contact_ref: str | None = None

    def __post_init__(self) -> None:
        """ValueError where it contradicts itself."""
        if STARS[self.level] != self.stars:
            raise ValueError(f"level {self.level} is not {self.stars} stars")
        if wrong := [tag for tag in self.tags if int(tag[0]) != self.stars]:
            raise ValueError(f"tags {', '.join(wrong)} do not fit {self.stars} stars")


class Unanswered(OfSession, frozen=True, kw_only=True, omit_defaults=True):
    """`evaluation.unrated`: nobody answered an invitation. It is no rating, and no level follows from it.

    Said once it is sure: after a tablet that had shown the invitation was heard again, maybe a day later.
    """

    reason: Unrated


class HandedOver(OfSession, frozen=True, kw_only=True, omit_defaults=True):
    """`evaluation.handed_over`: the province's page took over; what came of it is not known here.

    It counts in no rate.
    """

    trigger: Trigger

"""The `data` of what the supervision office writes down: guestbook, complaints, inspections. Pure.

Contact details never stand here: `contact_ref` says that the office holds some.
"""

from typing import Annotated, Literal

import msgspec

from edge.catalogue.carried import FromDevice

CODES = (
    *(f"B{number:02}" for number in range(1, 11)),
    *("S1", "S2", "S3", "Y1", "Y2", "Y3", "Y4", "F1", "F2", "F3", "E1", "E2", "E3", "I1", "I2"),
)
"""The checklist of inspections (domain §6.4)."""
Number = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Content = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class GuestbookEntry(FromDevice, frozen=True, kw_only=True, omit_defaults=True):
    """`guestbook.entry`: one entry of the paper guestbook, typed by the office (transcribed_by)."""

    entry_no: Number
    written_on: Day
    category: Literal["praise", "suggestion", "complaint", "inquiry"]
    content: Content
    transcribed_by: Number
    window_no: Number | None = None
    staff_no: Number | None = None
    stars: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    contact_ref: str | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom a complaint concerns, as far as is known."""

    dept: str | None = None
    window: str | None = None
    staff: str | None = None


class ComplaintFiled(FromDevice, frozen=True, kw_only=True, omit_defaults=True):
    """`complaint.filed`: a complaint was taken in, on `received_on`; handling it is upstream's."""

    complaint_no: Number
    via: Literal["onsite", "phone", "guestbook", "tablet"]
    content: Content
    real_name: bool
    received_on: Day | None = None
    target: Target | None = None
    contact_ref: str | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the checklist. target: the window, person or place looked at."""

    code: str
    target: Annotated[str, msgspec.Meta(max_length=64)]
    result: Literal["pass", "fail", "na"]
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None

    def __post_init__(self) -> None:
        """ValueError for a code that is not on the checklist."""
        if self.code not in CODES:
            raise ValueError(f"{self.code!r} is not on the checklist")


class InspectionRecorded(FromDevice, frozen=True, kw_only=True, omit_defaults=True):
    """`inspection.recorded`: what an inspection found, on the day `inspected_on`.

    `covert` ones never show on a screen of the hall.
    """

    inspection_no: Number
    inspector: Literal["supervision_office", "social_supervisor", "leader", "third_party"]
    mode: Literal["open", "covert"]
    items: Annotated[tuple[Item, ...], msgspec.Meta(min_length=1, max_length=200)]
    recorded_by: Number
    inspected_on: Day | None = None

"""An example of each payload of this room, for the contract: services at windows, and supervision."""

from collections.abc import Mapping

import msgspec

from edge.catalogue.documents import ConfigApplied
from edge.catalogue.evaluation import HandedOver, Invited, Submitted, Unanswered
from edge.catalogue.supervision import ComplaintFiled, GuestbookEntry, InspectionRecorded

_PADS = {"device_id": "pads-1f", "device_serial": "FT232R-A50285BI", "driver": "keypad"}
_OFFICE = {"device_id": "office", "device_serial": "office-1", "driver": "forms"}


def _heard(device: Mapping[str, str], time: str) -> dict[str, object]:
    return {
        **device,
        "device_time": time,
        "time_quality": "synced",
        "replayed": False,
        "clock_offset_ms": 500,
    }


EXAMPLES: Mapping[str, msgspec.Struct] = {
    "config.applied": ConfigApplied(
        doc="assignments",
        version=12,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ok=True,
        added=3,
        changed=1,
    ),
    "evaluation.invited": msgspec.convert(
        _heard(_PADS, "2026-11-23T09:14:05")
        | {
            "session_id": "3d1c6b1e-7a52-4c9e-8a37-0f5b2c9d4e10",
            "window_no": "A03",
            "staff_no": "1007",
            "trigger": "staff",
            "page": "local",
            "timeout_s": 10,
            "project_no": "410421202611230017",
        },
        Invited,
    ),
    "evaluation.submitted": msgspec.convert(
        _heard(_PADS, "2026-11-23T09:14:05")
        | {
            "session_id": "3d1c6b1e-7a52-4c9e-8a37-0f5b2c9d4e10",
            "window_no": "A03",
            "staff_no": "1007",
            "dept_code": "11410421005432109X",
            "level": "dissatisfied",
            "stars": 2,
            "scale": 5,
            "channel": "hall_terminal",
            "raw_code": "4",
            "assess_number": 1,
            "project_no": "410421202611230017",
            "dwell_ms": 850,
            "quality_flags": ("too_fast",),
        },
        Submitted,
    ),
    "evaluation.unrated": msgspec.convert(
        _heard(_PADS, "2026-11-23T09:20:41")
        | {
            "session_id": "8c0f7d52-1d52-4b0c-9a77-5f0f6f1b2c11",
            "window_no": "A03",
            "staff_no": "1007",
            "reason": "timeout",
        },
        Unanswered,
    ),
    "evaluation.handed_over": msgspec.convert(
        _heard(_PADS, "2026-11-23T09:31:12")
        | {"session_id": "b7b0a8f4-6f0a-4a63-9a2c-2f1d7e0c5a12", "window_no": "A04", "trigger": "queue"},
        HandedOver,
    ),
    "guestbook.entry": msgspec.convert(
        _heard(_OFFICE, "2026-11-23T10:02:00")
        | {
            "entry_no": "2026-0147",
            "written_on": "2026-11-20",
            "category": "suggestion",
            "content": "希望增加轮椅",
            "transcribed_by": "2001",
        },
        GuestbookEntry,
    ),
    "complaint.filed": msgspec.convert(
        _heard(_OFFICE, "2026-11-23T10:05:00")
        | {
            "complaint_no": "T2026-0031",
            "via": "onsite",
            "content": "等候一小时无人受理",
            "real_name": True,
            "received_on": "2026-11-23",
            "target": {"window": "A03"},
            "contact_ref": "c-0031",
        },
        ComplaintFiled,
    ),
    "inspection.recorded": msgspec.convert(
        _heard(_OFFICE, "2026-11-23T10:30:00")
        | {
            "inspection_no": "D2026-0009",
            "inspector": "social_supervisor",
            "mode": "open",
            "items": [
                {"code": "B05", "target": "A03", "result": "fail", "note": "三人扎堆聊天"},
                {"code": "F2", "target": "A04", "result": "pass"},
            ],
            "recorded_by": "2001",
            "inspected_on": "2026-11-22",
        },
        InspectionRecorded,
    ),
}

"""The `data` of every event: one struct for each type of the catalogue (domain §6). Pure.

Some domains have a file of their own in `edge/catalogue/`; `PAYLOADS` lists all types. New optional fields
only; a new meaning is a new version of the type. The envelope is `edge/contract.py`.
"""

from typing import Literal

import msgspec

from edge.catalogue.carried import FromDevice as FromDevice
from edge.catalogue.carried import FromEdge as FromEdge
from edge.catalogue.carried import TimeQuality as TimeQuality
from edge.catalogue.documents import ConfigApplied
from edge.catalogue.evaluation import HandedOver, Invited, Submitted, Unanswered
from edge.catalogue.supervision import ComplaintFiled, GuestbookEntry, InspectionRecorded

VerifyMethod = Literal["fingerprint", "face", "card", "pin", "palm", "manual", "other"]
PunchState = Literal["check_in", "check_out", "break_out", "break_in", "ot_in", "ot_out", "unspecified"]
HashAlg = Literal["sha256", "sm3"]
EpochReason = Literal["new_database", "restored", "older_copy", "salvaged"]
WithheldReason = Literal["parked", "purged", "erased"]
ReconciledAs = Literal["equal", "more_here", "unproved", "missing", "unconfirmed", "pending", "unknown"]
GapReason = Literal["log_cleared", "overwritten", "corrupt", "replaced"]
AlarmCode = Literal[
    "clock_drift",
    "log_nearly_full",
    "tamper",
    "auth_failed",
    "serial_replaced",
    "clock_set",
    "log_deleted",
    "factory_reset",
    "unconfirmed_push",
    "foreign_address",
]


class Punch(FromDevice, frozen=True, kw_only=True, omit_defaults=True):
    """`attendance.punch`: a person identified at a terminal. `native_key` names the record there.

    unconfirmed: it was pushed, and anybody in the hall's network can push; it counts once an
    `attendance.confirmed` names it.
    """

    device_user_id: str
    verify_method: VerifyMethod
    punch_state: PunchState
    native_key: str
    verify_raw: int | None = None
    staff_no: str | None = None
    unconfirmed: bool | None = None


class Confirmed(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`attendance.confirmed`: an `unconfirmed` punch stands in the terminal's own log.

    event_id: of the punch. device_id: where that was read. how: what showed it.
    """

    event_id: str
    device_id: str
    device_serial: str
    how: Literal["terminal_log"]


class DeviceStatus(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`device.status`: a device changed state; `reason` is a word of `edge/causes/`."""

    device_id: str
    kind: str
    state: Literal["online", "degraded", "offline", "unknown", "disabled"]
    since: str
    reason: str
    firmware: str | None = None
    clock_offset_ms: int | None = None


class TimeCorrected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`time.corrected`: what was learned later of an event stored while the edge did not know the time.

    event_id: of that event, whose bytes stay as they are. time, time_quality, clock_offset_ms, recordedtime:
    in place of its own. edge_shift_ms: the edge's clock was behind by this. how: what links the wrong time to
    the right one: the clock that runs since the boot.
    """

    event_id: str
    time: str
    time_quality: TimeQuality
    recordedtime: str
    edge_shift_ms: int
    how: Literal["same_boot"]
    clock_offset_ms: int | None = None


class DeviceAlarm(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`device.alarm`: something at a device that a person should see at once, or (not `active`) its end.

    The others: where it stands in the device's own log; operation: its code there; operator: who did it, by
    the device's user id. Such an entry (clock_set, log_deleted, factory_reset, tamper) has no end.
    """

    device_id: str
    code: AlarmCode
    active: bool
    device_serial: str | None = None
    device_time: str | None = None
    time_quality: TimeQuality | None = None
    clock_offset_ms: int | None = None
    native_key: str | None = None
    operation: int | None = None
    operator: str | None = None


class Enrollment(FromDevice, frozen=True, kw_only=True, omit_defaults=True):
    """`enrollment.changed`: how a person is enrolled on a device, where that is no longer as told before.

    device_time: when it was seen. Booleans alone; absent = the device does not tell without handing out a
    template, which nobody asks it for.
    """

    device_user_id: str
    native_key: str
    has_fingerprint: bool | None = None
    has_face: bool | None = None
    has_card: bool | None = None
    staff_no: str | None = None


class DeviceService(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`device.service`: a person took a device out of service, or put it back; out, it holds no watermark."""

    device_id: str
    state: Literal["in", "out"]
    since: str
    reason: str = ""
    actor: str = ""


class DataGap(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`device.data_gap`: what a terminal recorded from `from` to `to` may be lost; nobody is absent then."""

    device_id: str
    device_serial: str
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    reason: GapReason


class DeviceReconciled(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`device.reconciled`: the account of one terminal and day, by the terminal's own clock.

    result: `equal` = every record on the terminal is stored and confirmed upstream; `more_here` = so are all,
    and the terminal no longer holds some that were stored; `unproved` = so are all, and some are stored only
    because they were pushed: the terminal's own log does not show them; `missing` = it holds some that are
    not stored; `unconfirmed` = all are stored, some not confirmed; `pending` = records that made no sense may
    belong to that day; `unknown` = nothing can be said, `reason` (a word of `edge/causes/`) says why.
    on_terminal: records, identical ones each by itself; distinct: different ones. stored: of those kept as
    events, confirmed: of these upstream; before_service: kept as keys and not sent. missing, more_here: facts
    on one side alone; unproved: of those here, pushed and not shown by its log. late: stored only by the
    reading again that belongs to this account. counted_at: the terminal's clock when the look at everything
    began. Absent numbers are not known. After a swap a day has an account for each serial number that stood
    there; the terminal that left cannot be counted any more.
    """

    device_id: str
    device_serial: str
    day: str
    result: ReconciledAs
    reason: str = ""
    on_terminal: int | None = None
    distinct: int | None = None
    stored: int = 0
    confirmed: int = 0
    before_service: int = 0
    missing: int | None = None
    more_here: int | None = None
    unproved: int = 0
    late: int = 0
    quarantined: int = 0
    counted_at: str = ""


class EpochOpened(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`edge.epoch_opened`: number 1 of its epoch; `hash_alg` is the chain's algorithm.

    Under another number it is the opening of an epoch before, which upstream had not confirmed.

    previous, last_sequence, head: the epoch before it, its newest number and chain hash in this database.
    missing: numbers of it that are not here; they may be upstream, or come from the terminals again.
    moved: how many of its events are sent again under this epoch. set_aside: the file put aside, if any.
    """

    reason: EpochReason
    hash_alg: HashAlg
    previous: str | None = None
    last_sequence: int | None = None
    head: str | None = None
    missing: tuple[tuple[int, int], ...] = ()
    moved: int = 0
    set_aside: str | None = None


class EventWithheld(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`edge.event_withheld`: settles the number of an event that is not sent, under that same number.

    event_id, event_type: of the event. size: bytes of its body, 0 where that is no longer known.
    hash, chain: hex, of that body and up to it, so that the chain goes on without it.
    """

    event_id: str
    event_type: str
    size: int
    hash: str
    chain: str
    reason: WithheldReason
    detail: str = ""


class Audit(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`edge.audit`: a person or a duty of the edge changed something; the log's own chain seals it.

    role: of the actor's account; `unknown` = nobody who could be told (a login that failed).
    """

    actor: str
    role: Literal["window", "technician", "supervisor", "auditor", "upstream", "edge", "unknown"]
    action: str
    target: str
    result: Literal["done", "failed", "refused"]
    detail: str = ""


class CommandResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`command.result`: what became of a command, told once; one for each terminal that it concerned.

    state: `duplicate` = its id was given before, and nothing was done again; each repetition is told.
    issued_by: who ordered or repeated it. detail: a word of `edge/causes/` (of a duplicate: how it stands),
    after a colon what the terminal said. device_user_id: whom it is about.
    """

    command_id: str
    command: str
    state: Literal["done", "failed", "expired", "duplicate"]
    issued_by: str
    detail: str = ""
    device_id: str | None = None
    device_serial: str | None = None
    device_user_id: str | None = None


PAYLOADS: dict[str, type[msgspec.Struct]] = {
    "attendance.punch": Punch,
    "attendance.confirmed": Confirmed,
    "device.status": DeviceStatus,
    "time.corrected": TimeCorrected,
    "device.alarm": DeviceAlarm,
    "enrollment.changed": Enrollment,
    "device.service": DeviceService,
    "device.data_gap": DataGap,
    "device.reconciled": DeviceReconciled,
    "edge.epoch_opened": EpochOpened,
    "edge.event_withheld": EventWithheld,
    "edge.audit": Audit,
    "command.result": CommandResult,
    "config.applied": ConfigApplied,
    "evaluation.invited": Invited,
    "evaluation.submitted": Submitted,
    "evaluation.unrated": Unanswered,
    "evaluation.handed_over": HandedOver,
    "guestbook.entry": GuestbookEntry,
    "complaint.filed": ComplaintFiled,
    "inspection.recorded": InspectionRecorded,
}

"""One example of every message of the contract: a short morning of a hall, sealed by the edge's own code.

The events form one chain, numbers 1, 2, …, whose hashes stand in the receipt (of which number 2 got lost) and
in the state, so that a reader can recompute them. A payload without an example here stops the generator.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import msgspec

from edge import contract, events, payloads
from edge.catalogue.examples import EXAMPLES
from edge.contract import Description, DeviceDescription, HostState, Problem, Receipt, State
from edge.events import Draft, Place, Sealed
from edge.payloads import (
    Audit,
    CommandResult,
    Confirmed,
    DataGap,
    DeviceAlarm,
    DeviceReconciled,
    DeviceService,
    DeviceStatus,
    Enrollment,
    EpochOpened,
    Punch,
    TimeCorrected,
)
from edge.store import Stub, position
from edge.uplink.withheld import KIND as WITHHELD
from edge.uplink.withheld import withhold

PLACE = Place("330100", "h1", contract.source("330100", "h1"))
EPOCH = "0f6e2f0c-6a55-4f0e-9f6b-3f1f6a0c7d11"
_ZONE = timezone(timedelta(hours=8))
_START = datetime(2026, 11, 23, 8, 0, tzinfo=_ZONE)

PAYLOADS: Mapping[str, msgspec.Struct] = {
    "edge.epoch_opened": EpochOpened(reason="new_database", hash_alg="sha256"),
    "device.status": DeviceStatus(
        device_id="east-door",
        kind="zk",
        state="online",
        since="2026-11-23T08:01:00+08:00",
        reason="ok",
        firmware="Ver 6.60",
        clock_offset_ms=-1200,
    ),
    "device.alarm": DeviceAlarm(device_id="west-door", code="clock_drift", active=True),
    "edge.audit": Audit(
        actor="li.wei", role="technician", action="clock.confirm", target="edge", result="done"
    ),
    "time.corrected": TimeCorrected(
        event_id="5d9c8f60-2f0e-5c53-9d0e-7d4a3f1b2c5e",
        time="2026-11-23T07:58:12+08:00",
        time_quality="corrected",
        recordedtime="2026-11-23T07:58:13.250+08:00",
        edge_shift_ms=1795391850000,
        how="same_boot",
        clock_offset_ms=-96500,
    ),
    "attendance.punch": Punch(
        device_id="east-door",
        device_serial="CKJN204260001",
        driver="zk",
        device_time="2026-11-23T08:02:00",
        time_quality="synced",
        replayed=False,
        clock_offset_ms=-1200,
        device_user_id="1007",
        verify_method="face",
        verify_raw=15,
        punch_state="check_in",
        native_key="2026-11-23T08:02:00|1007|0",
    ),
    "attendance.confirmed": Confirmed(
        event_id="0d8a3a51-8a0f-5f5e-8b39-6c0f8f0f2f11",
        device_id="north-door",
        device_serial="CQZ7231360296",
        how="terminal_log",
    ),
    "device.service": DeviceService(
        device_id="west-door",
        state="out",
        since="2026-11-23T08:01:30+08:00",
        reason="sent in for repair",
        actor="li.wei",
    ),
    "enrollment.changed": Enrollment(
        device_id="east-door",
        device_serial="CKJN204260001",
        driver="zk",
        device_time="2026-11-23T02:31:10",
        time_quality="synced",
        replayed=False,
        clock_offset_ms=-1200,
        device_user_id="1001",
        native_key="2026-11-23T02:31:10|1001|?-+",
        has_face=False,
        has_card=True,
    ),
    "device.data_gap": DataGap(
        device_id="west-door",
        device_serial="CKJN204260002",
        start="2026-11-22T17:41:07+08:00",
        end="2026-11-23T07:52:30+08:00",
        reason="log_cleared",
    ),
    "device.reconciled": DeviceReconciled(
        device_id="east-door",
        device_serial="CKJN204260001",
        day="2026-11-22",
        result="equal",
        on_terminal=213,
        distinct=212,
        stored=212,
        confirmed=212,
        missing=0,
        more_here=0,
        late=2,
        counted_at="2026-11-23T02:30:04",
    ),
    "command.result": CommandResult(
        command_id="7c1f0e5ad2b9",
        command="staff.revoke",
        state="done",
        issued_by="li.wei",
        detail="staff_done",
        device_id="east-door",
        device_serial="CKJN204260001",
        device_user_id="1007",
    ),
    **EXAMPLES,
}


def sealed_events() -> dict[str, Sealed]:
    """An event per kind, in the order of their numbers; last, word of one that is withheld."""
    digest = events.digest_of("sha256")
    chain = events.genesis(EPOCH, digest)
    found: dict[str, Sealed] = {}
    for number, kind in enumerate([*PAYLOADS, WITHHELD], 1):
        time = (_START + timedelta(minutes=number - 1)).isoformat(timespec="seconds")
        of = "attendance.punch" if kind == WITHHELD else kind
        draft = Draft(of, f"example|{kind}|{of}", time, msgspec.json.encode(PAYLOADS[of]))
        sealed = events.seal(draft, PLACE, EPOCH, number, time, chain, digest)
        found[kind] = _withheld(draft, number, time, sealed) if kind == WITHHELD else sealed
        chain = sealed.chain
    return found


def _withheld(draft: Draft, number: int, time: str, sealed: Sealed) -> Sealed:
    """What goes in place of a sealed event; hash and chain stay those of the event."""
    size = len(sealed.body.encode())
    stub = Stub(position(1, number), EPOCH, draft.fact, sealed.hash, sealed.chain, size, "")
    word = withhold(stub, PLACE, "parked", "more bytes than the broker takes", time).decode()
    return Sealed(word, sealed.hash, sealed.chain)


def messages(sent: Mapping[str, Sealed]) -> dict[str, msgspec.Struct]:
    """The other messages, as they would be after these events."""
    first, *_, last = sent.values()
    problem = Problem(
        subject="west-door",
        cause="no_answer",
        since="2026-11-23T07:58:00+08:00",
        text={"zh": "没有应答", "en": "does not answer"},
        next_step={"zh": "检查电源和网线", "en": "check its power and network cable"},
    )
    return {
        "receipt": Receipt(
            n=7,
            epoch=EPOCH,
            upto=1,
            head=first.chain.hex(),
            also=((3, len(sent)),),
            want=((2, 2),),
            withheld=((len(sent), len(sent)),),
        ),
        "state": State(
            state="ready",
            epoch=EPOCH,
            version="0.1.0",
            at="2026-11-23T08:05:00+08:00",
            seq_head=len(sent),
            head=last.chain.hex(),
            sent_to=len(sent),
            n={"count": 7},
            instance="5b2c7e10",
            problems=(problem,),
        ),
        "description": Description(
            version="0.1.0",
            devices=(DeviceDescription("east-door", "zk"), DeviceDescription("west-door", "zk")),
            types=tuple(events.event_type(kind) for kind in payloads.PAYLOADS),
        ),
        "host_state": HostState("online", ("batch", "gzip")),
    }

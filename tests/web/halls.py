"""Snapshots of a small hall, well and in trouble."""

import msgspec

from edge.contract import Problem
from edge.snapshot import AppHealth, DeviceHealth, Snapshot, StoreHealth, UplinkHealth
from edge.words import both

GATE = DeviceHealth(
    device_id="zk-gate",
    name="大门指纹机 (1F)",
    driver="zk",
    state="online",
    cause="ok",
    since="2025-11-20T08:00:11+08:00",
    serial="CGXH201360029",
    model="K40/ID",
    firmware="Ver 6.60 Apr 9 2010",
    last_contact="2025-11-22T08:12:03+08:00",
    last_data="2025-11-22T08:11:40+08:00",
    complete_until="2025-11-22T08:12:02+08:00",
    clock_offset_ms=1040,
    counts={"logs": 412, "log_max": 100_000, "users": 61},
    stored=412,
)
FACE = msgspec.structs.replace(
    GATE,
    device_id="face-2f",
    name="人脸机 2 (2F)",
    serial="OIN7030067050800133",
    model="SpeedFace-V5L",
    last_data="2025-11-21T17:41:12+08:00",
    counts={"logs": 83_120, "log_max": 100_000},
    clock_offset_ms=-400,
    stored=83_120,
)
EVALUATOR = DeviceHealth(
    device_id="eval-7",
    name="评价器 7 号窗",
    driver="serial",
    state="disabled",
    cause="disabled",
    since="2025-11-22T07:00:00+08:00",
)
UPLINK = UplinkHealth(
    state="connected",
    cause="ok",
    since="2025-11-22T07:00:04+08:00",
    broker="mqtts://up.example.gov:8883",
    sent_to=83_532,
    unconfirmed=3,
    apps={"province": AppHealth(upto=83_529, n=412, last_receipt="2025-11-22T08:12:01+08:00")},
)
STORE = StoreHealth(
    path="/var/lib/hall-edge/hall.db",
    epoch="01JD8XW3",
    seq_head=83_532,
    head="5b" * 32,
    db_bytes=38_000_000,
    wal_bytes=1_200_000,
    disk_free_bytes=71_400_000_000,
    quarantined=0,
    sqlite_version="3.53.0",
)
WELL = Snapshot(
    at="2025-11-22T08:12:05+08:00",
    started="2025-11-22T07:00:00+08:00",
    version="0.1.0",
    county="330100",
    hall="hall-1",
    hall_name="青山县政务服务中心",
    clock_trusted=True,
    devices=(GATE, FACE, EVALUATOR),
    uplink=UPLINK,
    store=STORE,
)


def problem(subject: str, cause: str, since: str) -> Problem:
    return Problem(subject, cause, since, *both(cause))


DEAD_GATE = msgspec.structs.replace(
    GATE,
    state="offline",
    cause="no_answer",
    since="2025-11-22T07:46:10+08:00",
    detail="10.20.1.31:4370: timed out after 5 s",
    last_contact="2025-11-22T07:46:05+08:00",
)
SLOW_FACE = msgspec.structs.replace(
    FACE, state="degraded", cause="clock_off", since="2025-11-21T22:10:00+08:00", clock_offset_ms=-96_000
)
STARTING = msgspec.structs.replace(
    EVALUATOR, state="unknown", cause="starting", since="2025-11-22T08:12:00+08:00"
)
TROUBLE = msgspec.structs.replace(
    WELL,
    devices=(DEAD_GATE, SLOW_FACE, STARTING),
    uplink=msgspec.structs.replace(
        UPLINK,
        state="offline",
        cause="broker_unreachable",
        since="2025-11-22T05:02:00+08:00",
        detail="timed out",
        unconfirmed=1_204,
    ),
    problems=(
        problem("zk-gate", "no_answer", DEAD_GATE.since),
        problem("face-2f", "clock_off", SLOW_FACE.since),
        problem("uplink", "broker_unreachable", "2025-11-22T05:02:00+08:00"),
    ),
)

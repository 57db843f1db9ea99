"""Reading a ZK log: every layout, transport, pacing and read protocol; what is wrong stays alone."""

import json
import struct
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

import pytest

from drivers.base import DeviceOffline, DeviceRefused, IntakeClosed, Observation, StoreBusy
from drivers.zk.dataset import DataSet
from drivers.zk.log import find_all
from drivers.zk.options import ZkOptions
from drivers.zk.reader import Reader
from drivers.zk.wire import Wire
from tests.drivers.memory_link import MemoryLink, copies, running
from tests.drivers.zk_site import DAY_ONE, driver, history, key, keys, uid_keys
from tests.sim.zk import Faults, Punch, Terminal

SIZES = [8, "ma300", 16, 40, 49]
FEB_31 = (24 * 372 + 31 + 30) * 86400


@pytest.fixture(autouse=True)
def _quick_to_leave(monkeypatch):
    monkeypatch.setattr("drivers.zk.wire.FAREWELL_S", 0.1)
    monkeypatch.setattr("drivers.zk.contact.SLICE_S", 0.05)


def read(terminal: Terminal, link: MemoryLink | None = None, **options: object) -> MemoryLink:
    """One contact, up to the first complete read."""
    link = link or MemoryLink()
    before = len(link.completes)
    with running(driver(terminal, **options), link) as work:
        work.until(lambda: len(link.completes) > before)
    return link


def wanted(size: object, punches: list[Punch]) -> set[str]:
    return uid_keys(punches) if size in (8, "ma300") else keys(punches)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "how",
    [
        {"pacing": "paced"},
        {"pacing": "coalesced", "packet": 65472},
        {"pacing": "coalesced"},
        {"transport": "udp", "pacing": "coalesced"},
        {"read": "direct"},
        {"read": "direct", "transport": "udp", "packet": 1024},
        {"offset_reads": False},
    ],
    ids=lambda how: "-".join(map(str, how.values())),
)
def test_every_layout_over_every_line(size, how):
    with Terminal(record_size=size, user_size=28 if size in (8, "ma300", 16) else 72, **how) as terminal:
        terminal.load(history(450))
        link = read(terminal)
    assert copies(link.readings) == dict.fromkeys(wanted(size, history(450)), 1)
    assert not link.rejects
    assert not link.notes


@pytest.mark.parametrize("size", SIZES)
def test_one_byte_at_a_time(size):
    with Terminal(record_size=size, pacing="bytes") as terminal:
        terminal.load(history(120))
        link = read(terminal)
    assert link.facts == wanted(size, history(120))


@pytest.mark.parametrize("read_by", ["prepared", "direct"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_an_empty_log_is_complete(read_by, transport):
    with Terminal(read=read_by, transport=transport) as terminal:
        link = read(terminal)
    assert link.readings == []
    assert link.completes


@pytest.mark.parametrize("count", [1, 8, 9, 24, 25, 26, 1568, 1569])
def test_logs_around_the_edges_of_a_packet_and_a_piece(count):
    with Terminal(pacing="coalesced") as terminal:
        terminal.load(history(count))
        link = read(terminal)
    assert copies(link.readings) == dict.fromkeys(keys(history(count)), 1)


def test_what_a_punch_says():
    punch = Punch("0042", DAY_ONE, state=1, verify=15, uid=3)
    with Terminal(serial="SN1") as terminal:
        terminal.load([punch])
        (reading,) = read(terminal).readings
    assert (reading.kind, reading.serial, reading.device_time) == (
        "attendance.punch",
        "SN1",
        "2024-03-01T08:00:00",
    )
    assert reading.key == "2024-03-01T08:00:00|0042|1"
    assert reading.facts == {
        "device_user_id": "0042",
        "verify_method": "face",
        "verify_raw": 15,
        "punch_state": "check_out",
    }


@pytest.mark.parametrize(
    ("verify", "method"),
    [(0, "other"), (1, "fingerprint"), (2, "card"), (3, "pin"), (4, "card"), (15, "face"), (25, "palm")],
)
def test_verify_methods(verify, method):
    with Terminal() as terminal:
        terminal.load([Punch("1", DAY_ONE, verify=verify)])
        (reading,) = read(terminal).readings
    assert (reading.facts["verify_method"], reading.facts["verify_raw"]) == (method, verify)


def test_punch_states():
    states = {
        0: "check_in",
        1: "check_out",
        2: "break_out",
        3: "break_in",
        4: "ot_in",
        5: "ot_out",
        255: "unspecified",
    }
    with Terminal() as terminal:
        terminal.load(Punch("1", DAY_ONE, state=state) for state in states)
        link = read(terminal)
    assert [reading.facts["punch_state"] for reading in link.readings] == list(states.values())


@pytest.mark.parametrize("size", [8, "ma300"])
def test_a_terminal_that_names_nobody_is_asked_for_its_users(size):
    with Terminal(record_size=size, user_size=28) as terminal:
        terminal.add_user(7, "123456", "李四".encode("gbk"))
        terminal.load([Punch("123456", DAY_ONE), Punch("", DAY_ONE, state=1, uid=8)])
        link = read(terminal)
    named = {reading.key: reading.facts["device_user_id"] for reading in link.readings}
    assert named == {"2024-03-01T08:00:00|uid:7|0": "123456", "2024-03-01T08:00:00|uid:8|1": "uid:8"}


def test_a_reused_uid_is_named_by_the_users_of_each_read():
    with Terminal(record_size=8, user_size=28) as terminal:
        terminal.add_user(7, "111")
        terminal.load(history(20))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: link.completes)
            terminal.remove_user(7)
            terminal.add_user(7, "222")
            terminal.punch("222", at=DAY_ONE + timedelta(days=1))
            work.until(lambda: len(link.completes) > 1)
        last = link.readings[-1]
    assert (last.key, last.facts["device_user_id"]) == ("2024-03-02T08:00:00|uid:7|0", "222")


def test_identical_records_are_one_punch_with_copies():
    twice = Punch("5", DAY_ONE, uid=5)
    with Terminal() as terminal:
        terminal.load([twice, Punch("6", DAY_ONE, uid=6), twice])
        link = read(terminal)
    assert copies(link.readings) == {key(twice): 2, key(Punch("6", DAY_ONE)): 1}
    assert len(link.readings) == 2


def test_bad_records_go_aside_one_by_one():
    impossible = struct.pack("<H24sBIB8s", 1, b"7", 1, FEB_31, 0, b"")
    with Terminal() as terminal:
        terminal.load(history(500))
        terminal.add_raw(impossible)
        terminal.add_raw(bytes(40))
        terminal.load(history(500, 500))
        link = read(terminal)
    assert link.facts == keys(history(1000))
    assert [(reject.reason, reject.raw) for reject in link.rejects] == [
        ("impossible_date", impossible),
        ("no_user", bytes(40)),
    ]


def test_a_clock_in_the_year_2000_loses_nothing():
    reset = [Punch("1", DAY_ONE.replace(year=2000) + timedelta(minutes=n)) for n in range(30)]
    with Terminal() as terminal:
        terminal.load([*history(10), *reset])
        link = read(terminal)
    assert link.facts == keys([*history(10), *reset])


def known(link: MemoryLink) -> int:
    """How many records the cursor says are stored."""
    return json.loads(link.cursor)["count"] if link.cursor else 0


def test_a_log_of_no_known_layout_imports_nothing():
    with Terminal() as terminal:
        for n in range(100):
            terminal.add_raw(bytes((n * 41 + i * i * 7 + 3) % 251 for i in range(40)))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            error = work.ended()
        assert isinstance(error, DeviceRefused)
        assert error.cause == "layout_unknown"
        assert link.readings == []
        assert [reject.raw for reject in link.rejects] == [None]
        assert link.cursor is None
        assert terminal.commands[-2:] == [1502, 1001]


def test_a_layout_set_by_hand_is_obeyed():
    odd = [Punch(str(n + 1), DAY_ONE + timedelta(seconds=n), state=200, verify=99) for n in range(10)]
    with Terminal(faults=Faults(counter=5)) as terminal:
        terminal.load(odd)
        with running(driver(terminal), MemoryLink()) as work:
            assert work.ended().cause == "layout_unknown"
        terminal.faults.counter = 0
        link = read(terminal, layout=40)
        assert link.facts == keys(odd)
        with running(driver(terminal, layout="49"), MemoryLink()) as work:
            assert work.ended().cause == "layout_unknown"


def test_a_changed_layout_is_refused_until_it_is_set_by_hand():
    with Terminal(record_size=40) as terminal:
        terminal.load(history(50))
        link = read(terminal)
    cursor = link.cursor
    with Terminal(record_size=49) as updated:
        updated.load(history(40))
        link = MemoryLink(cursor)
        with running(driver(updated), link) as work:
            error = work.ended()
        assert isinstance(error, DeviceRefused)
        assert error.cause == "layout_changed"
        assert link.readings == []
        assert link.cursor == cursor
        assert read(updated, MemoryLink(cursor), layout=49).facts == keys(history(40))


@pytest.mark.parametrize("failure", [IntakeClosed("full"), StoreBusy("busy")])
@pytest.mark.parametrize("at", [0, 2])
def test_what_the_store_did_not_take_comes_again(failure, at):
    with Terminal() as terminal:
        terminal.load(history(3600))
        link = MemoryLink()

        def fail_once(_readings: object) -> None:
            if link.emits == at:
                link.failures = [failure]

        link.on_emit = fail_once
        with running(driver(terminal), link) as work:
            assert work.ended() is failure
        assert known(link) == len(link.readings), "no record more than is stored"
        assert not link.completes
        link.on_emit = lambda _readings: None
        read(terminal, link)
        assert link.facts == keys(history(3600))
        assert terminal.commands.count(1502) == 2  # freed also after the failure


@pytest.mark.parametrize("read_by", ["prepared", "direct"])
def test_a_slow_store_is_no_silent_terminal(read_by, monkeypatch):
    monkeypatch.setattr("drivers.zk.wire.REPLY_S", 0.8)
    with Terminal(read=read_by) as terminal:
        terminal.load(history(2000))
        link = MemoryLink()
        link.on_emit = lambda readings: time.sleep(0.85) if readings and link.emits < 1 else None
        read(terminal, link)
    assert link.facts == keys(history(2000))


class Counting(list):
    """Counts what it is given and keeps nothing."""

    count = 0

    def __iadd__(self, more):
        self.count += len(more)
        return self


def test_records_flow_while_they_stream():
    with Terminal(pacing="coalesced", packet=65472) as terminal:
        terminal.load(history(20_000))
        link = MemoryLink()
        sent: list[int] = []
        link.on_emit = lambda _readings: sent.append(terminal.bytes_out)
        read(terminal, link)
    assert sent[0] < 20_000 * 40 / 4
    assert len(link.readings) == 20_000


def held_at_most(count: int) -> int:
    """Bytes the driver held at most while it took a log of `count` records, piece by piece."""
    raw = b"".join(
        struct.pack("<H24sBIB8x", 1, b"%d" % (n % 300), 1, 750_000_000 + n, 0) for n in range(count)
    )

    def pieces(_at: int) -> Iterator[bytes]:
        yield len(raw).to_bytes(4, "little")
        yield from (raw[at : at + 62_720] for at in range(0, len(raw), 62_720))

    link = MemoryLink()
    link.readings = Counting()
    link.observations = [Observation("SN")]
    reader = Reader(
        Wire("192.0.2.1", 1, "tcp", lambda: False), link, "SN", ZkOptions("192.0.2.1"), lambda: None
    )
    tracemalloc.start()
    try:
        reader.take(find_all(DataSet(0, True, pieces), reader.known, None, count), {})
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert link.readings.count == count
    return held


def test_memory_is_bounded_by_pieces_and_not_by_the_log():
    small, big = held_at_most(4_000), held_at_most(16_000)
    assert big < small * 1.5


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_peer_hangs_in_the_middle_and_the_rest_comes_later(transport, monkeypatch):
    monkeypatch.setattr("drivers.zk.wire.REPLY_S", 1.0)
    monkeypatch.setattr("drivers.zk.wire.SLICE_S", 0.1)
    with Terminal(transport=transport, pacing="coalesced") as terminal:
        terminal.load(history(5000))
        terminal.faults.hang_after_bytes = 150_000
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            error = work.ended()
        assert isinstance(error, DeviceOffline)
        assert error.cause == "no_answer"
        assert 0 < (came := len(link.readings)) < 5000
        assert not link.completes
        assert known(link) == came
        terminal.faults.hang_after_bytes = None
        read(terminal, link)
        assert link.facts == keys(history(5000))
        assert len(link.readings) == 5000, "it went on where it broke off"


@pytest.mark.parametrize("read_by", ["prepared", "direct"])
def test_udp_loses_doubles_and_reorders(read_by, monkeypatch):
    monkeypatch.setattr("drivers.zk.wire.SLICE_S", 0.1)
    faults = Faults(
        udp_lose=lambda n: n % 17 == 11, udp_duplicate=lambda n: n % 5 == 2, udp_reorder=lambda n: n % 7 == 3
    )
    with Terminal(transport="udp", read=read_by, faults=faults, pacing="coalesced") as terminal:
        terminal.load(history(2000))
        link = read(terminal)
    assert copies(link.readings) == dict.fromkeys(keys(history(2000)), 1)


def test_a_chunk_that_comes_short_is_asked_again(monkeypatch):
    from tests.sim.zk.session import Session

    whole, cut = Session._stream, [1]

    def short(self, ask, data):
        return whole(self, ask, data[:-80] if cut and cut.pop() else data)

    monkeypatch.setattr(Session, "_stream", short)
    with Terminal() as terminal:
        terminal.load(history(100))
        link = read(terminal)
    assert copies(link.readings) == dict.fromkeys(keys(history(100)), 1)
    assert terminal.commands.count(1504) == 2


def test_a_bare_answer_to_a_chunk_is_understood(monkeypatch):
    from tests.sim.zk.session import Session
    from tests.sim.zk.wire import Cmd

    monkeypatch.setattr(Session, "_stream", lambda self, ask, data: self._say(ask, Cmd.DATA, data))
    with Terminal() as terminal:
        terminal.load(history(3000))
        link = read(terminal)
    assert link.facts == keys(history(3000))


def test_zeros_behind_the_announced_total_are_no_records(monkeypatch):
    real = Terminal.attlog
    monkeypatch.setattr(Terminal, "attlog", lambda self: real(self) + bytes(400))
    with Terminal() as terminal:
        terminal.load(history(100))
        link = read(terminal)
    assert link.facts == keys(history(100))
    assert link.rejects == []
    assert '"count": 100' in link.cursor


def test_a_set_shorter_than_it_says_is_not_complete(monkeypatch):
    real = Terminal.attlog
    monkeypatch.setattr(Terminal, "attlog", lambda self: (5000).to_bytes(4, "little") + real(self)[4:4004])
    with Terminal(faults=Faults(counter=-25)) as terminal:  # the counter alone would not tell
        terminal.load(history(125))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: "counter_disagrees" in link.notes)
        assert not link.completes
        assert link.facts == keys(history(100))

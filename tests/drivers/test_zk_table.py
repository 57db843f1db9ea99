"""Every situation in which pyzk was measured to hang, drop or invent (protocols §1.3), done right."""

import os
import struct
from datetime import timedelta

import pytest

from drivers.base import DeviceOffline
from drivers.zk.records import LAYOUTS, decode
from tests.drivers.memory_link import MemoryLink, copies, running
from tests.drivers.test_zk_records import log_of
from tests.drivers.zk_site import DAY_ONE, driver, history, key, keys, uid_keys
from tests.sim.zk import Faults, Punch, Terminal


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("drivers.zk.contact.SLICE_S", 0.05)
    monkeypatch.setattr("drivers.zk.wire.FAREWELL_S", 0.1)


def read(terminal: Terminal) -> MemoryLink:
    link = MemoryLink()
    with running(driver(terminal), link) as work:
        work.until(lambda: link.completes)
    return link


def exactly(link: MemoryLink, wanted: set[str]) -> bool:
    """Each wanted fact once, and nothing else."""
    return copies(link.readings) == dict.fromkeys(wanted, 1)


def live_body(user: bytes, clock: bytes, length: int = 32) -> bytes:
    return struct.pack("<24sBB6s", user, 1, 0, clock).ljust(length, b"\0")


def announced(terminal: Terminal, *bodies: bytes) -> None:
    """Send these live bodies, whatever they are."""
    terminal.live_bodies = lambda _punches: list(bodies)
    terminal.announce([])


def test_10000_records_of_40():
    with Terminal(pacing="coalesced", packet=65472) as terminal:
        terminal.load(history(10_000))
        assert exactly(read(terminal), keys(history(10_000)))


@pytest.mark.parametrize("layout", ["40", "16", "8"])
def test_100000_records_500_users(layout):
    raw = log_of(layout, 100_000)
    records, bad = decode(LAYOUTS[layout], raw)
    assert not bad
    assert len(set(records)) == len(records) == 100_000
    assert {record.user for record in records} == {
        f"uid:{n}" if layout == "8" else str(n) for n in range(1, 501)
    }


def test_a_chunk_streamed_as_many_packets_in_one_segment():
    with Terminal(pacing="coalesced", packet=1008) as terminal:
        terminal.load(history(1000))
        assert exactly(read(terminal), keys(history(1000)))


def test_the_same_stream_in_writes_of_1024_bytes():
    with Terminal(pacing="paced", packet=1008) as terminal:
        terminal.load(history(1000))
        assert exactly(read(terminal), keys(history(1000)))


def test_49_byte_records():
    with Terminal(record_size=49) as terminal:
        terminal.load(history(1000))
        assert exactly(read(terminal), keys(history(1000)))


def test_counter_1001_and_1000_records():
    with Terminal(faults=Faults(counter=1)) as terminal:
        terminal.load(history(1000))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: "counter_disagrees" in link.notes)
    assert link.facts == keys(history(1000))
    assert not link.rejects
    assert not link.completes


def test_a_punch_between_the_counter_and_the_read():
    late = history(1, 1000)
    with Terminal(faults=Faults(punch_during_read=late.copy())) as terminal:
        terminal.load(history(1000))
        link = read(terminal)
    assert exactly(link, keys(history(1001)))


def test_counter_900_and_1000_records_of_16():
    with Terminal(record_size=16, faults=Faults(counter=-100)) as terminal:
        terminal.load(history(1000))
        assert exactly(read(terminal), keys(history(1000)))


@pytest.mark.parametrize("size", [8, 16, 40, 49])
def test_one_impossible_date_in_1000(size):
    feb_31 = (24 * 372 + 31 + 30) * 86400
    bad = {
        8: struct.pack("<HBIB", 1, 1, feb_31, 0),
        16: struct.pack("<IIBB2xI", 1, feb_31, 1, 0, 0),
        40: struct.pack("<H24sBIB8x", 1, b"1", 1, feb_31, 0),
        49: struct.pack("<H24sBIB17x", 1, b"1", 1, feb_31, 0),
    }[size]
    with Terminal(record_size=size, user_size=28) as terminal:
        terminal.load(history(600))
        terminal.add_raw(bad)
        terminal.load(history(399, 600))
        link = read(terminal)
    assert exactly(link, uid_keys(history(999)) if size == 8 else keys(history(999)))
    assert [(reject.reason, reject.raw) for reject in link.rejects] == [("impossible_date", bad)]


def test_counter_0_and_50_records_present():
    with Terminal(faults=Faults(counter_zero=True)) as terminal:
        terminal.load(history(50))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.completes)
            assert exactly(link, keys(history(50)))
            terminal.load(history(1, 50))  # and what comes later is not missed either
            work.until(lambda: exactly(link, keys(history(51))))


@pytest.mark.parametrize("how", ["prepared", "direct"])
def test_the_peer_closes_in_mid_transfer(how):
    with Terminal(read=how, faults=Faults(close_after_bytes=50_000)) as terminal:
        terminal.load(history(2000))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            error = work.ended()
        assert isinstance(error, DeviceOffline)
        assert error.cause == "connection_lost"
        assert not link.completes
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
        assert link.facts == keys(history(2000))


def test_two_live_events_in_one_segment():
    with Terminal() as terminal:
        terminal.load(history(5))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            two = [Punch("8", DAY_ONE - timedelta(days=1)), Punch("9", DAY_ONE - timedelta(days=1))]
            terminal.burst(two)
            work.until(lambda: exactly(link, keys([*history(5), *two])))
            assert work.error is None


@pytest.mark.parametrize("length", [10, 14, 37, 40])
def test_live_events_of_any_length(length):
    with Terminal(live_size=length) as terminal:
        terminal.load(history(5))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            punch = terminal.punch("7")
            work.until(lambda: exactly(link, {*keys(history(5)), key(punch)}))


def test_live_event_of_a_user_with_letters():
    with Terminal() as terminal:
        terminal.load(history(5))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            punch = terminal.punch("A1001")
            work.until(lambda: exactly(link, {*keys(history(5)), key(punch)}))
    assert link.readings[-1].facts["device_user_id"] == "A1001"


def test_live_event_with_an_impossible_date():
    with Terminal() as terminal:
        terminal.load(history(5))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            rounds = terminal.commands.count(50)
            announced(terminal, live_body(b"7", bytes([24, 2, 31, 8, 0, 0])))
            work.until(lambda: terminal.commands.count(50) > rounds)
            assert work.error is None
    assert exactly(link, keys(history(5)))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_terminal_that_hangs_while_we_listen(transport, monkeypatch):
    with Terminal(transport=transport) as terminal:
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: link.completes)
            monkeypatch.setattr("drivers.zk.wire.REPLY_S", 0.5)
            terminal.faults.silent = True
            error = work.ended()
    assert isinstance(error, DeviceOffline)
    assert error.cause == "no_answer"


@pytest.mark.parametrize("number", range(12))
def test_one_doubled_datagram(number):
    with Terminal(transport="udp", faults=Faults(udp_duplicate={number})) as terminal:
        terminal.add_user(1, "1")
        terminal.load(history(60))
        link = read(terminal)
        assert exactly(link, keys(history(60)))
    assert link.observations[-1].serial == "SIM0000001"
    assert link.observations[-1].model == "SimuZK"
    assert link.observations[-1].counts["logs"] == 60


def test_40_failed_connects_leave_no_socket_open():
    with Terminal() as terminal:
        work = driver(terminal)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(40):
        with pytest.raises(DeviceOffline, match="no_answer"):
            work.run(MemoryLink())
    assert len(os.listdir("/proc/self/fd")) == before


def test_two_threads_at_one_terminal():
    with Terminal(clients=2, pacing="coalesced") as terminal:
        terminal.load(history(3000))
        links = [MemoryLink(), MemoryLink()]
        with running(driver(terminal), links[0]) as one, running(driver(terminal), links[1]) as two:
            one.until(lambda: links[0].completes)
            two.until(lambda: links[1].completes)
    for link in links:
        assert exactly(link, keys(history(3000)))
        assert link.observations[-1].counts["logs"] == 3000


def test_chinese_names_in_gbk():
    with Terminal(record_size=8, user_size=28) as terminal:
        terminal.add_user(1, "1001", "王小明".encode("gbk"))
        terminal.load([Punch("1001", DAY_ONE)])
        (reading,) = read(terminal).readings
    assert reading.facts["device_user_id"] == "1001"
    assert "王小明" not in str(reading)  # a driver carries no names

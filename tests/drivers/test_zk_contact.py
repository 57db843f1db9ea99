"""Meeting a ZK terminal: who it is, what it is not, and how each failure is told."""

import socket
import threading

import pytest

from drivers.base import DeviceError, DeviceOffline, DeviceRefused, Order
from drivers.zk import Zk
from tests.drivers.memory_link import MemoryLink, Running, running
from tests.drivers.zk_site import DAY_ONE, captures, driver, history, keys
from tests.hall import until
from tests.sim.zk import Faults, Terminal

TRANSPORTS = ["tcp", "udp"]
ALLOWED = {9, 11, 13, 34, 50, 201, 500, 1000, 1001, 1100, 1102, 1502, 1503, 1504, 2000}
READ_SETS = {9, 13, 34}
"""What may be asked by 1503: users, the log and the operations. 7 would be the fingerprint templates."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Silence is told after two seconds instead of ten."""
    monkeypatch.setattr("drivers.zk.wire.REPLY_S", 2.0)
    monkeypatch.setattr("drivers.zk.wire.SLICE_S", 0.1)
    monkeypatch.setattr("drivers.zk.wire.FAREWELL_S", 0.1)
    monkeypatch.setattr("drivers.zk.contact.SLICE_S", 0.05)


def failure(work: Zk, link: MemoryLink | None = None) -> DeviceError:
    """How a driver ends that cannot work."""
    link = link or MemoryLink()
    with pytest.raises(DeviceError) as caught:
        work.run(link)
    assert not link.readings
    return caught.value


class Peer:
    """A TCP listener that answers whatever it hears with fixed bytes."""

    def __init__(self, answer: bytes, close: bool = False) -> None:
        self._answer, self._close = answer, close
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Peer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client:
            client.recv(1000)
            client.sendall(self._answer)
            while not self._close and client.recv(1000):
                pass


def peer_driver(peer: Peer) -> Zk:
    return Zk(Zk.Options("127.0.0.1", peer.port))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_terminal_says_who_it_is_before_anything_is_read(transport):
    with Terminal(
        transport=transport, serial="CKUH2040", model="F18", firmware="Ver 6.60 Apr 26"
    ) as terminal:
        terminal.add_user(1, "1")
        terminal.load(history(5))
        link = MemoryLink()
        seen: list[set[int]] = []
        link.observed = lambda told, add=link.observed: (seen.append(set(terminal.commands)), add(told))
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
        first = link.observations[0]
        assert (first.serial, first.model, first.firmware) == ("CKUH2040", "F18", "Ver 6.60 Apr 26")
        assert first.counts == {"logs": 5, "log_max": 100_000, "users": 1, "users_max": 10_000}
        assert abs((terminal.clock() - DAY_ONE.fromisoformat(first.device_clock)).total_seconds()) < 60
        assert not seen[0] & {13, 1503, 1504}


def test_the_terminals_own_clock_is_told_as_it_shows():
    with Terminal(clock_offset_s=-86_400 * 365 * 20) as terminal:
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
        assert link.observations[0].device_clock[:4] == str(terminal.clock().year)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("key", [12, 45, 0xFFFFF])
def test_the_comm_key_opens(transport, key, tmp_path):
    (tmp_path / "key").write_text(f"{key}\n")
    with Terminal(transport=transport, comm_key=key) as terminal:
        terminal.load(history(3))
        link = MemoryLink()
        with running(driver(terminal, comm_key_file=str(tmp_path / "key")), link) as work:
            work.until(lambda: link.completes)
        assert link.facts == keys(history(3))


def slow_to_connect(terminal: Terminal, work: Running) -> None:
    """The first CONNECT is answered late; what was sent again meanwhile is answered after it, at once."""
    work.until(lambda: 1000 in terminal.commands)
    terminal.faults.slow_s = 0.0


@pytest.mark.parametrize("key", [0, 12])
def test_a_late_answer_to_a_connect_that_was_sent_again_is_no_refusal(key, tmp_path):
    """Over UDP each CONNECT begins a session: what is said in the one before is not heard any more."""
    (tmp_path / "key").write_text(f"{key}\n")
    with Terminal(transport="udp", comm_key=key, faults=Faults(slow_s=0.6)) as terminal:
        link = MemoryLink()
        with running(driver(terminal, comm_key_file=str(tmp_path / "key") if key else ""), link) as work:
            slow_to_connect(terminal, work)
            work.until(lambda: link.observations)
        assert terminal.commands.count(1000) > 1, "it was sent again"


def test_where_not_every_connect_was_answered_a_refusal_is_none():
    faults = Faults(slow_s=0.6, udp_lose=lambda number: 1 <= number <= 3)
    with Terminal(transport="udp", comm_key=12, faults=faults) as terminal:
        with running(driver(terminal), MemoryLink()) as work:
            slow_to_connect(terminal, work)
            error = work.ended()
        assert isinstance(error, DeviceOffline)
        assert error.cause == "connection_lost"


def test_a_wrong_key_is_refused_and_never_told(tmp_path):
    (tmp_path / "key").write_text("777123")
    with Terminal(comm_key=12) as terminal:
        for options in ({}, {"comm_key_file": str(tmp_path / "key")}):
            error = failure(driver(terminal, **options))
            assert isinstance(error, DeviceRefused)
            assert error.cause == "wrong_key"
            assert "777123" not in str(error)


@pytest.mark.parametrize("content", [None, "", "no number", "12 34", "-1", "99999999999"])
def test_an_unreadable_key_is_told_without_its_content(content, tmp_path):
    if content is not None:
        (tmp_path / "key").write_text(content)
    with Terminal() as terminal:
        error = failure(driver(terminal, comm_key_file=str(tmp_path / "key")))
        assert isinstance(error, DeviceRefused)
        assert error.cause == "comm_key_unreadable"
        assert not content or content not in error.detail.removeprefix(str(tmp_path))
        assert not terminal.commands


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("code", [6001, 2032])
def test_encrypting_firmware_is_recognized_by_its_answer(transport, code):
    with Terminal(transport=transport, faults=Faults(refuse_session=code)) as terminal:
        error = failure(driver(terminal))
    assert isinstance(error, DeviceRefused)
    assert error.cause == "encrypted_firmware"


def test_encrypting_firmware_is_recognized_by_its_frame():
    with Peer(bytes.fromhex("5050837c1000000000112233445566778899aabbccddeeff")) as peer:
        error = failure(peer_driver(peer))
    assert (type(error), error.cause) == (DeviceRefused, "encrypted_firmware")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes.fromhex("aa01c8100000c82cd55"[:18])]
)
def test_another_protocol_is_a_foreign_device(transport, answer):
    with Terminal(transport=transport, faults=Faults(foreign=answer)) as terminal:
        error = failure(driver(terminal))
    assert (type(error), error.cause) == (DeviceRefused, "foreign_device")


def test_the_recorded_answer_of_another_protocol_is_a_foreign_device():
    (entry,) = [e for e in captures() if e["id"] == "zk068"]
    with Peer(bytes.fromhex(entry["hex"])) as peer:
        error = failure(peer_driver(peer))
    assert (type(error), error.cause) == (DeviceRefused, "foreign_device")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_answer(transport, monkeypatch):
    monkeypatch.setattr("drivers.zk.wire.REPLY_S", 0.4)
    with Terminal(transport=transport, faults=Faults(silent=True)) as terminal:
        error = failure(driver(terminal))
    assert (type(error), error.cause) == (DeviceOffline, "no_answer")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nobody_there(transport):
    with Terminal(transport=transport) as terminal:
        work = driver(terminal)
    error = failure(work)
    assert (type(error), error.cause) == (DeviceOffline, "no_answer")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_way_there(transport):
    error = failure(Zk(Zk.Options("255.255.255.255", transport=transport)))
    assert (type(error), error.cause) == (DeviceOffline, "no_answer")


def test_a_peer_that_hangs_up():
    with Peer(b"", close=True) as peer:
        error = failure(peer_driver(peer))
    assert (type(error), error.cause) == (DeviceOffline, "connection_lost")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_damaged_packets_are_garbled(transport, monkeypatch):
    monkeypatch.setattr("drivers.zk.wire.REPLY_S", 1.0)
    with Terminal(transport=transport, faults=Faults(bad_checksum=1000)) as terminal:
        error = failure(driver(terminal))
    assert (type(error), error.cause) == (DeviceOffline, "garbled")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nonsense_on_an_established_session_is_garbled(transport, monkeypatch):
    with Terminal(transport=transport) as terminal:
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: link.completes)
            monkeypatch.setattr("drivers.zk.wire.REPLY_S", 1.0)
            terminal.faults.foreign = b"\1" * 300
            error = work.ended()
    assert isinstance(error, DeviceOffline)
    assert error.cause == "garbled"


def test_one_damaged_datagram_is_asked_for_again():
    with Terminal(transport="udp") as terminal:
        terminal.load(history(200))
        link = MemoryLink()

        def spoil(_readings: object) -> None:
            terminal.faults.bad_checksum = 1

        link.on_emit = spoil
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
        assert link.facts == keys(history(200))


@pytest.mark.parametrize(
    "faults", [Faults(unsupported={11}), Faults(unsupported={11}, unsupported_reply=2001)]
)
def test_no_serial_number_no_work(faults):
    with Terminal(faults=faults) as terminal:
        error = failure(driver(terminal))
    assert (type(error), error.cause) == (DeviceRefused, "no_serial")


def test_an_empty_serial_number_is_none():
    with Terminal(serial="") as terminal:
        error = failure(driver(terminal))
    assert (type(error), error.cause) == (DeviceRefused, "no_serial")


def test_firmware_that_knows_only_what_is_needed_is_read():
    with Terminal(faults=Faults(unsupported={50, 201, 500, 1100, 1502})) as terminal:
        terminal.load(history(100))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.cursor)
        assert link.facts == keys(history(100))
        assert link.observations[0].device_clock is None
        assert link.observations[0].counts == {}
        assert link.cursor is not None


def test_a_terminal_named_in_chinese():
    with Terminal() as terminal:
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            terminal.options["~DeviceName"] = "考勤机"
            work.until(lambda: link.completes)
        terminal.options["~DeviceName"] = "考勤机"
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
        assert link.observations[0].model == "考勤机"


@pytest.mark.parametrize(
    ("terminal", "options"),
    [
        (Terminal(), {}),
        (Terminal(comm_key=12), {"comm_key_file": "key"}),
        (Terminal(read="direct"), {}),
        (Terminal(record_size=8, user_size=28), {}),
        (Terminal(transport="udp"), {}),
    ],
    ids=["tcp", "key", "direct", "8 bytes", "udp"],
)
def test_a_whole_session_never_sends_what_changes_a_terminal(terminal, options, tmp_path):
    (tmp_path / "key").write_text("12")
    if options:
        options = {"comm_key_file": str(tmp_path / "key")}
    with terminal:
        terminal.load(history(400))
        link = MemoryLink()
        done: list[str] = []
        with running(driver(terminal, poll_s=0.1, **options), link) as work:
            work.until(lambda: link.completes)
            terminal.punch("9")
            work.until(lambda: len(link.completes) > 1)
            link.waiting += [Order("reread", done.append), Order("restart", done.append)]
            work.until(lambda: len(done) == 2)
        assert sorted(done) == ["ok", "unsupported"]
        assert set(terminal.commands) <= ALLOWED
        assert set(terminal.prepared) <= READ_SETS
        assert terminal.commands[0] == 1000
        assert until(lambda: terminal.commands[-1] == 1001, 20), "it is heard a moment later"
        assert terminal.enabled
        assert terminal.bad_requests == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("when", ["connect", "read", "pause"])
def test_it_stops_at_once(transport, when, monkeypatch):
    monkeypatch.setattr("drivers.zk.wire.REPLY_S", 60.0)
    with Terminal(transport=transport) as terminal:
        terminal.load(history(5000))
        terminal.faults.silent = when == "connect"
        terminal.faults.hang_after_bytes = 50_000 if when == "read" else None
        link = MemoryLink()
        reached = {
            "connect": lambda: terminal.bytes_in,
            "read": lambda: terminal.bytes_out > 20_000,
            "pause": lambda: link.completes,
        }[when]
        with running(driver(terminal), link) as work:
            work.until(reached)
        assert work.error is None


def test_the_constructor_touches_nothing(tmp_path):
    with Terminal() as terminal:
        driver(terminal, comm_key_file=str(tmp_path / "absent"))
        assert terminal.connections == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("host", ""),
        ("host", "terminal.example"),
        ("port", 0),
        ("port", 65536),
        ("transport", "serial"),
        ("poll_seconds", 0),
        ("poll_seconds", 3601),
        ("layout", 41),
        ("layout", "x"),
        ("encoding", "klingon"),
    ],
)
def test_a_bad_option_is_named(key, value):
    with pytest.raises(ValueError, match=f"^{key}: "):
        Zk.Options(**{"host": "192.0.2.1", key: value})


@pytest.mark.parametrize("layout", [8, 16, 40, 49, "8", "16", "40", "49", "ma300", None])
def test_layouts_may_be_pinned(layout):
    assert Zk.Options("192.0.2.1", layout=layout).layout == layout

"""The simulated ZK terminal says what real ones say: recorded bytes, hand-made vectors, pyzk as reader."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from zk import ZK

from tests.sim.zk import Punch, Terminal, User, layouts, wire
from tests.sim.zk.wire import Cmd, Packet
from tests.sim.zk_client import MORNING, RawClient, morning

ROOT = Path(__file__).parents[1]
CAPTURES = ROOT.parent / "shared" / "captures" / "zk_captures.json"

recorded = pytest.mark.skipif(not CAPTURES.exists(), reason="needs ../shared/captures, not in this checkout")
pyzk_leaks_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def capture(number: int) -> bytes:
    """The bytes of one recorded entry."""
    entries = {entry["id"]: entry for entry in json.loads(CAPTURES.read_text())}
    return bytes.fromhex(entries[f"zk{number:03d}"]["hex"])


def staff(terminal: Terminal) -> None:
    """Enrol the people of `morning`."""
    for uid in range(1, 51):
        terminal.add_user(uid, str(1000 + uid), f"王{uid}".encode("gbk"))


# recorded bytes


@recorded
def test_every_recorded_packet_with_a_good_checksum_is_encoded_alike() -> None:
    seen = 0
    for entry in json.loads(CAPTURES.read_text()):
        if not entry["decoded"].get("checksum_ok"):
            continue
        data = bytes.fromhex(entry["hex"])
        datagram = data[8:] if entry["transport"] == "tcp" else data
        packet, right = wire.decode(datagram)
        assert right, entry["id"]
        coded = wire.encode(packet)
        assert (wire.frame(coded) if entry["transport"] == "tcp" else coded) == data, entry["id"]
        seen += 1
    assert seen >= 55


@recorded
def test_recorded_records() -> None:
    finger = Punch("999111333", datetime.fromisoformat("2018-06-25 17:50:35"), 0, 1, 13)
    assert layouts.RECORD[40](finger, 13)[:32] == capture(30)[:32]  # its last 8 bytes are reserved
    face = Punch("10036", datetime.fromisoformat("2021-10-24 13:42:16"), 0, 15, 1)
    assert layouts.RECORD[40](face, 1) == capture(66)
    assert layouts.pack_time(datetime.fromisoformat("2018-04-11 09:35:20")).to_bytes(4, "little") == capture(
        56
    )


@recorded
def test_recorded_users() -> None:
    ned = User(13, "555", b"Ned", 0, b"444", 222, 2, (1, 1, 2, 0))
    mask = capture(32)  # the recorded name and password fields hold old bytes behind their zero
    assert layouts.parse_user(mask) == ned
    assert layouts.user_72(ned)[:2] == mask[:2]
    assert layouts.user_72(ned)[35:] == mask[35:]
    pair = layouts.user_72(User(1, "100001lp", b"cfulano")) + layouts.user_72(
        User(2, "222222cb", b"rmengano")
    )
    assert len(pair).to_bytes(4, "little") + pair == capture(23)[16:]


@recorded
def test_recorded_live_events() -> None:
    text = Punch("999111333", datetime.fromisoformat("2018-06-25 17:41:05"), 0, 1)
    event = Packet(Cmd.EVENT, 1, 0, layouts.live_event(text, 0, 32))
    assert wire.frame(wire.encode(event)) == capture(36)
    number = Punch("4822257", datetime.fromisoformat("2018-12-07 19:09:06"), 0, 0)
    assert wire.encode(Packet(Cmd.EVENT, 1, 0, layouts.live_event(number, 0, 12))) == capture(24)[8:]


@recorded
def test_recorded_counters_have_their_places() -> None:
    ours = layouts.free_sizes(3, 58, 100_000)
    for place in (16, 32, 64, 76):
        assert ours[place : place + 4] == capture(65)[place : place + 4]
    assert len(ours) == len(capture(65))


@recorded
def test_a_direct_read_looks_like_the_recorded_one() -> None:
    with Terminal(read="direct") as terminal, RawClient(terminal) as client:
        terminal.load(morning(3))
        begin, data, end = client.stream(Cmd.ATTLOG)
    for ours, number in ((begin, 60), (data, 61), (end, 63)):
        told, _ = wire.decode(capture(number)[8:])
        assert (ours.command, len(ours.data)) == (told.command, len(told.data))
    assert begin.data == capture(60)[16:]
    assert (data.session, end.session) == (0, 124)


# vectors by hand


@pytest.mark.parametrize(("key", "scrambled"), [(12, "614d323c"), (45, "61c9323c")])
def test_session_key(key: int, scrambled: str) -> None:
    assert wire.session_key(key, 0x45CF, 50).hex() == scrambled


def test_checksum_of_a_full_sum_is_zero() -> None:
    assert wire.encode(Packet(0xFFFF, 0, 0)).hex() == "ffff000000000000"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (8, "0700" "01" "807d4c2e" "04"),
        ("ma300", "0700" "01" "04" "807d4c2e"),
        (16, "e9030000" "807d4c2e" "01" "04" "0000" "09000000"),
        (40, "0700" "31303031" + "00" * 20 + "01" "807d4c2e" "04" + "00" * 8),
        (49, "0700" "31303031" + "00" * 20 + "01" "807d4c2e" "04" + "00" * 8 + "ff323535" + "00" * 5),
    ],
)  # fmt: skip
def test_records_by_hand(size: layouts.RecordSize, expected: str) -> None:
    # 2024-03-01 08:00:00 is ((24*12 + 2)*31 + 0)*86400 + 8*3600 = 0x2e4c7d80
    assert layouts.RECORD[size](Punch("1001", MORNING, 4, 1, 7, 9), 7).hex() == expected


def test_user_row_of_28_by_hand() -> None:
    row = layouts.user_28(User(7, "1001", "王芳".encode("gbk"), 14, b"12", 5, 1, (2, 0, 0, 0)))
    assert row.hex() == "07000e3132000000cdf5b7bc000000000500000000010200e9030000"
    assert layouts.parse_user(row).user_id == "1001"


def test_impossible_times_are_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        layouts.unpack_time((31 + 30) * 86_400)  # 31 February 2000


# pyzk


@contextmanager
def pyzk(terminal: Terminal, password: int = 0) -> Iterator[ZK]:
    """A connection of pyzk's to the terminal."""
    udp = terminal.transport == "udp"
    reader = ZK(
        terminal.host,
        terminal.port,
        timeout=10,
        password=password,
        force_udp=udp,
        ommit_ping=True,
        encoding="gbk",
    ).connect()
    try:
        yield reader
    finally:
        reader.disconnect()


@pyzk_leaks_sockets
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("record_size", "user_size"), [(8, 28), (16, 28), (16, 72), (40, 72)])
def test_pyzk_reads_everything(transport: str, record_size: int, user_size: int) -> None:
    # one data packet per chunk: pyzk times out when two packets happen to arrive together
    packet = 65_472 if transport == "tcp" else 1024
    terminal = Terminal(
        transport=transport, record_size=record_size, user_size=user_size, comm_key=4711, packet=packet
    )
    staff(terminal)
    terminal.load(morning(1200))
    with terminal, pyzk(terminal, 4711) as reader:
        assert reader.get_serialnumber() == "SIM0000001"
        assert reader.get_firmware_version() == "Ver 6.60 Sim"
        assert reader.get_platform() == "ZMM220_TFT"
        assert reader.get_device_name() == "SimuZK"
        assert abs(reader.get_time() - terminal.clock()) <= timedelta(seconds=2)
        users = reader.get_users()
        log = reader.get_attendance()
    assert [(user.uid, user.user_id, user.name) for user in users[:2]] == [
        (1, "1001", "王1"),
        (2, "1002", "王2"),
    ]
    assert len(users) == 50
    assert [(row.user_id, row.timestamp, row.punch, row.status) for row in log] == [
        (punch.user_id, punch.time, punch.state, punch.verify) for punch in morning(1200)
    ]
    assert terminal.bad_requests == 0


@pyzk_leaks_sockets
def test_pyzk_reads_packets_of_1008_when_paced() -> None:
    with Terminal() as terminal, pyzk(terminal) as reader:
        terminal.load(morning(60))
        log = reader.get_attendance()
    assert [row.user_id for row in log] == [punch.user_id for punch in morning(60)]


@pyzk_leaks_sockets
def test_pyzk_without_the_key_is_refused() -> None:
    with Terminal(comm_key=12) as terminal, pytest.raises(Exception, match="Unauthenticated"):
        ZK(terminal.host, terminal.port, timeout=5, password=13, ommit_ping=True).connect()


@pyzk_leaks_sockets
def test_what_pyzk_writes_takes_effect() -> None:
    with Terminal() as terminal, pyzk(terminal) as reader:
        reader.set_user(uid=5, name="李", user_id="A7", password="1", card=99)
        assert terminal.users == [User(5, "A7", "李".encode("gbk"), 0, b"1", 99)]
        reader.delete_user(5)
        assert terminal.users == []
        reader.set_time(terminal.true_time() + timedelta(hours=1))
        assert 3590 < terminal.clock_offset_s < 3601
        terminal.load(morning(3))
        reader.disable_device()
        terminal.punch("1001")
        assert terminal.emitted == 3
        reader.enable_device()
        terminal.punch("1001")
        assert terminal.emitted == 4
        reader.clear_attendance()
        assert terminal.log == []
    assert {Cmd.DISABLE, Cmd.CLEAR_ATTLOG} <= set(terminal.commands)


@pyzk_leaks_sockets
def test_pyzk_hears_live_events() -> None:
    with Terminal() as terminal, pyzk(terminal) as reader:
        events = reader.live_capture(new_timeout=1)
        terminal.add_user(7, "1007")
        assert next(events) is None
        punch = terminal.punch("1007", state=1, verify=15)
        event = next(events)
        assert (event.user_id, event.timestamp, event.punch, event.status) == ("1007", punch.time, 1, 15)
        events.close()
    assert terminal.acks == 1


# the terminal's own life


def test_nothing_stays_behind() -> None:
    before = set(threading.enumerate())
    for transport in ("tcp", "udp"):
        terminal = Terminal(transport=transport)
        with terminal, RawClient(terminal) as client:
            client.ask(Cmd.GET_TIME)
            assert set(threading.enumerate()) > before
        assert set(threading.enumerate()) == before
        with terminal, RawClient(terminal) as client:  # the same port again
            assert client.ask(Cmd.GET_TIME).command == Cmd.OK


def test_a_hundred_thousand_records_are_one_dataset() -> None:
    with Terminal(pacing="coalesced") as terminal, RawClient(terminal) as client:
        terminal.load(morning(100_000))
        dataset = client.read(Cmd.ATTLOG)
        assert dataset == terminal.attlog()
        assert len(dataset) == 4_000_004
        assert terminal.bytes_out > len(dataset)


def test_what_happens_to_it_when_it_runs_alone() -> None:
    steps = ["0.3:bad-date", "0.1:burst=3", "0.4:clock=3600", "0.5:reboot", "0.6:counter=2", "0.7:clear"]
    command = [sys.executable, "-m", "tests.sim.zk", "--port", "0", *(f"--at={each}" for each in steps)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        done = [process.stdout.readline().split()[-1] for _ in steps]
        process.send_signal(signal.SIGTERM)
        last = json.loads(process.stdout.read())
    assert done == ["burst=3", "bad-date", "clock=3600", "reboot", "counter=2", "clear"]
    assert last["emitted"] == 4


@pytest.mark.parametrize("wrong", ["x:reboot", "3:dance", "3:burst=many", "3"])
def test_what_cannot_happen_is_refused_at_once(wrong: str) -> None:
    command = [sys.executable, "-m", "tests.sim.zk", "--port", "0", "--at", wrong]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=20, check=False).returncode == 2


def test_alone() -> None:
    command = [sys.executable, "-m", "tests.sim.zk", "--port", "0", "--log", "30", "--punch-every", "0.1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["port"] > 0
        assert process.stdout.readline().startswith("SIM0000001 ")
        process.send_signal(signal.SIGTERM)
        *punches, last = process.stdout.read().splitlines()
    assert json.loads(last) == {"serial": "SIM0000001", "emitted": 31 + len(punches)}
    assert process.returncode == 0

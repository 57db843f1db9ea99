"""What a technician mails to support holds no secret and no person, and says the same to a driver again."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import DeviceOffline, DeviceRefused
from drivers.http.taping import shown
from drivers.tape import Direction, Entry
from drivers.zk.frames import Packet, encode
from drivers.zk.nameless import nameless
from drivers.zk.records import LAYOUTS, decode
from drivers.zk.taping import Taping, shape
from edge.commission.recording import Recording
from edge.probe import ProbeLink, ask_device
from edge.settings.config import load
from tests.commission.conftest import Net
from tests.drivers import hikvision_site
from tests.drivers.memory_link import MemoryLink, running
from tests.drivers.zk_site import driver as zk_driver
from tests.path.inside import hall_edge
from tests.sim.replay import Replay
from tests.sim.web import HttpFaults
from tests.sim.zk import Faults, Punch, Terminal
from tests.sim.zk.layouts import RECORD, RecordSize

CHINA = ZoneInfo("Asia/Shanghai")
NAMES = ("王芳芳", "欧阳修", "Zhang San")
CARD, PIN_CODE, KEY, PASSWORD = 314_159_265, b"99887766", 271_828_182, "Geheim-2026!"
DAY = datetime.fromisoformat("2026-03-01T08:00:00")
IDS = [str(731_946_251 + n) for n in range(3)]


@pytest.fixture
def peopled(net: Net) -> Iterator[Net]:
    """Everybody has a name, a card and a password, and has punched."""
    old = Terminal(serial="SN8", host="127.0.9.6", port=net.zk, record_size=8, user_size=28, comm_key=KEY)
    for terminal in (net.fp, net.udp, old):
        for n, name in enumerate(NAMES):
            terminal.add_user(n + 1, IDS[n], name.encode("gbk"), password=PIN_CODE, card=CARD + n)
        terminal.load(Punch(IDS[n % 3], DAY + timedelta(minutes=n), 0, 1, n % 3 + 1) for n in range(40))
    net.face.load((IDS[n % 3], DAY + timedelta(minutes=n), 0) for n in range(40))
    net.gate.load((IDS[n % 3], DAY + timedelta(minutes=n), 0) for n in range(40))
    net.face.log = [event._replace(name=NAMES[0], card=str(CARD)) for event in net.face.log]
    net.gate.log = [record._replace(name=NAMES[0]) for record in net.gate.log]
    for web in (net.face, net.gate):
        web.login._password = PASSWORD
    secret, key = net.config.with_name("secret"), net.config.with_name("key")
    secret.write_text(PASSWORD)
    key.write_text(str(KEY))
    web = f'port = {net.web}\nusername = "admin"\npassword_file = "{secret}"\n'
    net.config.write_text(
        net.config.read_text()
        + f'[device.old]\ndriver = "zk"\nhost = "127.0.9.6"\nport = {net.zk}\ncomm_key_file = "{key}"\n'
        + f'[device.udp]\ndriver = "zk"\nhost = "127.0.9.2"\nport = {net.zk}\ntransport = "udp"\n'
        + f'[device.face]\ndriver = "hikvision"\nhost = "127.0.9.4"\n{web}'
        + f'[device.gate]\ndriver = "dahua"\nhost = "127.0.9.5"\n{web}'
    )
    with old:
        yield net


def recorded(net: Net, device: str) -> Path:
    file = net.config.with_name(f"{device}.jsonl")
    done = hall_edge("probe", device, "--record", str(file), config=net.config)
    assert done.returncode == 0, done.stderr
    assert str(file) in done.stderr
    return file


def hunted(text: str) -> list[str]:
    """What of the people and secrets stands in a text, as text, hex or base64, in any encoding."""
    plain = {word for name in NAMES for word in (name, *name.split())}
    raw = {word.encode(code) for word in plain for code in ("utf-8", "gbk", "utf-16-le")}
    raw |= {word.encode() for word in (*IDS, PIN_CODE.decode(), PASSWORD, str(CARD), str(KEY))}
    raw |= {number.to_bytes(4, "little") for number in (CARD, CARD + 1, CARD + 2, KEY, *map(int, IDS))}
    found = [each.hex() for each in (*raw, PIN_CODE[:5]) if each.hex() in text.lower()]
    found += [each.decode() for each in raw if each.isascii() and each.isalnum() and each.decode() in text]
    found += [word for word in plain if word in text or json.dumps(word).strip('"') in text]
    return found + [PASSWORD for each in (PASSWORD, b64encode(PASSWORD.encode()).decode()) if each in text]


def test_the_hunter_finds_what_it_looks_for() -> None:
    for text in (NAMES[0], NAMES[1].encode("gbk").hex(), IDS[0], (CARD + 1).to_bytes(4, "little").hex()):
        assert hunted(f"x{text}y"), text
    assert not hunted("nothing at all")


def test_no_recording_holds_a_secret_or_a_person(peopled: Net) -> None:
    shapes = []
    for device in ("fp-1", "old", "udp", "face", "gate"):
        file = recorded(peopled, device)
        text = file.read_text()
        assert hunted(text) == [], device
        assert file.stat().st_mode & 0o777 == 0o600
        assert not re.search(r"response=|cnonce|nc=", text)
        assert not re.search(r'nonce=\\"[^0]', text)
        entries = [json.loads(line) for line in text.splitlines()]
        assert (entries[0]["recording"], len(entries) > 6) == (1, True)
        assert {entry["dir"] for entry in entries[1:]} == {">", "<"}
        assert [entry["t"] for entry in entries[1:]] == sorted(entry["t"] for entry in entries[1:])
        told = [set(entry) for entry in entries[1:] if "nameless" in entry]
        assert told == [{"t", "dir", "packet", "nameless"}] * len(told)
        assert bool(told) == (device in ("fp-1", "old"))
        shapes += [entry["shape"] for entry in entries[1:] if "shape" in entry]
        secret = [entry for entry in entries[1:] if entry.get("withheld", {}).get("why") == "secret"]
        assert [set(entry["withheld"]) for entry in secret] == [{"why", "length"}] * (device == "old")
    assert any("ddddddddd0000" in each for each in shapes), "of a log that cannot be put together the shape"
    again = hall_edge("probe", "fp-1", "--record", str(peopled.config), config=peopled.config)
    assert again.returncode == 2, "no file is written over"


def test_a_terminal_played_back_says_the_same(peopled: Net) -> None:
    settings = load(peopled.config)
    for name, key in (("fp-1", ""), ("old", str(peopled.config.with_name("key")))):
        (device,) = (each for each in settings.devices if each.device_id == name)
        assert device.driver is not None
        direct = ask_device(device.driver, CHINA).observation
        with Replay(recorded(peopled, name)) as replay:
            played = Terminal(host="127.0.0.1", port=replay.port)
            again = ask_device(partial(zk_driver, played, comm_key_file=key), CHINA).observation
        assert replace(again, device_clock=None) == replace(direct, device_clock=None)
        assert again.device_clock
        assert (again.counts["logs"], again.counts["users"]) == (40, 3)


def connects(tape: Recording) -> int:
    """How often a recording connects."""
    entries = [json.loads(line) for line in tape.text().splitlines()[1:]]
    sent = [bytes.fromhex(entry["packet"]) for entry in entries if entry["dir"] == ">" and "packet" in entry]
    return sum(packet[:2] == (1000).to_bytes(2, "little") for packet in sent)


def test_a_recording_goes_on_where_the_connection_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.probe.AGAIN_S", 0.05)
    tape, broke = Recording("zk", "0", ""), list[str]()
    with Terminal(faults=Faults(close_after_bytes=3000)) as terminal:
        terminal.load(Punch(IDS[n % 3], DAY + timedelta(minutes=n)) for n in range(200))
        probed = ask_device(
            partial(zk_driver, terminal), CHINA, tape, lambda error: broke.append(error.cause)
        )
    assert probed.observation.counts["logs"] == 200
    assert (connects(tape), broke) == (2, ["connection_lost"])
    log = [json.loads(line).get("packet", "") for line in tape.text().splitlines() if '"nameless"' in line]
    assert sum(len(bytes.fromhex(packet)) - 8 for packet in log) >= 3000 // 1008 * 1008 + 200 * 40


def test_a_recording_of_a_terminal_that_always_breaks_ends_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.probe.AGAIN_S", 0.02)
    monkeypatch.setattr("edge.probe.RECORD_S", 2.5)
    tape = Recording("zk", "0", "")
    with Terminal(faults=Faults(deaf_to={1503})) as terminal:
        monkeypatch.setattr("drivers.zk.wire.REPLY_S", 0.8)
        monkeypatch.setattr("drivers.zk.wire.SLICE_S", 0.05)
        probed = ask_device(partial(zk_driver, terminal), CHINA, tape)
    assert probed.observation.serial == terminal.serial
    assert connects(tape) > 1


def test_nothing_to_record_is_no_recording_and_a_refusal_is_not_tried_again() -> None:
    tape = Recording("zk", "0", "")
    with Terminal() as gone:
        pass
    with pytest.raises(DeviceOffline):
        ask_device(partial(zk_driver, gone), CHINA, tape)
    with Terminal(comm_key=KEY) as locked, pytest.raises(DeviceRefused, match="wrong_key"):
        ask_device(partial(zk_driver, locked), CHINA, tape)
    assert connects(tape) == 1


def test_a_log_played_back_has_the_same_punches_of_nobody(peopled: Net) -> None:
    with Replay(recorded(peopled, "fp-1")) as replay:
        link, played = MemoryLink(), Terminal(host="127.0.0.1", port=replay.port)
        with running(zk_driver(played), link) as work:
            work.until(lambda: len(link.readings) == 40)
    told = [(reading.device_time, reading.facts["device_user_id"]) for reading in link.readings]
    assert [time for time, _ in told] == [(DAY + timedelta(minutes=n)).isoformat() for n in range(40)]
    assert [user for _, user in told] == [f"00000000{n % 3 + 1}" for n in range(40)]


@pytest.mark.parametrize("size", [8, 16, 40, 49, "ma300"])
def test_a_log_in_any_layout_keeps_its_times_and_loses_its_people(size: RecordSize) -> None:
    punches = [Punch(IDS[n % 3], DAY + timedelta(minutes=n), n % 2, 1, n % 3 + 7000, 5) for n in range(60)]
    records = b"".join(RECORD[size](punch, punch.uid) for punch in punches)
    told = nameless(len(records).to_bytes(4, "little") + records, 60)
    assert told is not None
    layout = LAYOUTS[str(size)]
    before, after = decode(layout, records)[0], decode(layout, told[4:])[0]
    assert [record._replace(user="") for record in after] == [record._replace(user="") for record in before]
    assert [int(record.user.removeprefix("uid:")) for record in after] == [n % 3 + 1 for n in range(60)]
    assert hunted(told.hex()) == []
    assert nameless(b"\x28\0\0\0" + b"\xff" * 40, 1) is None


def test_the_events_of_a_recording_can_be_read_again(peopled: Net) -> None:
    with Replay(recorded(peopled, "face")) as replay:
        peopled.face.port, peopled.face.host = replay.port, "127.0.0.1"
        link = MemoryLink()
        with running(hikvision_site.driver(peopled.face, poll_s=60), link) as work:
            work.until(lambda: len(link.readings) >= 25)
    assert link.observations[0].serial == peopled.face.serial
    assert {reading.facts["device_user_id"] for reading in link.readings} == {"000000000"}
    assert link.readings[0].device_time == "2026-03-01T08:00:00"
    assert any("AcsEvent" in path for path in replay.asked)


def test_a_visit_that_fails_is_recorded_too(peopled: Net) -> None:
    peopled.face.http = HttpFaults(locked=True)
    peopled.fp.add_raw(b"\xff" * 40)
    file = peopled.config.with_name("locked.jsonl")
    done = hall_edge("probe", "face", "--record", str(file), config=peopled.config)
    assert (done.returncode, "锁定" in done.stderr) == (1, True)
    assert "unlockTime" in file.read_text()
    assert peopled.face.seen["refused"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xd8\xff\xe0 a picture",
        "<a><!-- 王芳芳 --><b>1</b></a>".encode(),
        "<a><![CDATA[王芳芳]]></a>".encode(),
        "<a x='王芳芳'/>".encode(),
        '{"王芳芳": 1}'.encode(),
        b"[" * 100_000,
        "王芳芳".encode(),
        "姓名=王芳芳\r\n".encode(),
    ],
)
def test_a_body_of_unknown_kind_is_withheld_whole(body: bytes) -> None:
    told = shown(body)
    assert list(told) == ["withheld"]
    assert "王芳芳" not in json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        ('{"name":"王芳芳 7","serialNo":12,"cardNo":77}', '{"name": "xxx 0", "serialNo": 12, "cardNo": 0}'),
        ('<a xmlns="http://x/y" owner="王"><name>王</name><time>08</time>王</a>', None),
        ("records[0].UserID=1007\r\nfound=2", "records[0].UserID=0000\r\nfound=2\r\n"),
        ('{"time":"' + "9" * 200 + '"}', '{"time": "' + "0" * 200 + '"}'),
    ],
)
def test_what_is_not_known_to_be_harmless_is_masked(body: str, masked: str | None) -> None:
    told = shown(body.encode())["body"]
    assert told == (masked or '<a xmlns="http://x/y"><name>x</name><time>08</time></a>')


class Kept:
    """A tape that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def keep(self, _direction: Direction, entry: Entry) -> None:
        self.entries.append(entry)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("王芳芳 731946251") | st.just(731946251),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["name", "cardNo", "a", "InfoList"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=50)
@given(JSON | st.dictionaries(st.text(), JSON))
def test_no_value_of_an_unknown_key_passes(document: object) -> None:
    told = json.dumps(shown(json.dumps(document, ensure_ascii=False).encode(errors="replace")))
    assert json.dumps("王芳芳").strip('"') not in told
    assert "731946251" not in told


@settings(max_examples=50)
@given(st.binary())
def test_any_body_is_shown_or_withheld(body: bytes) -> None:
    assert not body or list(shown(body)) in (["withheld"], ["body"])


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 0xFFFF)
            | st.sampled_from([9, 13, 50, 201, 500, 1000, 1100, 1102, 1501, 1503, 1504, 2000]),
            st.integers(0, 3),
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_whatever_a_terminal_sends_no_long_answer_passes(
    turns: list[tuple[bool, int, int]], ordered: bool
) -> None:
    kept, secret = Kept(), b"\xd5\xc5\xc8\xfd" * 40
    taping = Taping(kept, ordered)
    for ours, command, reply in turns:
        if ours:
            taping.sent(encode(command, 1, reply, b"" if command in (1503, 1504) else b"x"))
        else:
            taping.heard([Packet(command, 1, reply, secret)])
    taping.finish()
    assert len(kept.entries) == len(turns)
    assert secret.hex() not in json.dumps(kept.entries)


def test_a_shape_tells_kinds_alone() -> None:
    assert shape(b"\x001a\x80Z") == "0da.a"
    assert ProbeLink().tape is None

"""The uplink against a real mosquitto: each refusal has its word, and none of them retires a row."""

import gzip
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge import consume
from edge.clock.clock import WallClock
from edge.contract import Description, Receipt, State
from edge.events import Draft, own_event
from edge.payloads import DeviceAlarm
from edge.settings.settings import UplinkSettings
from edge.store import Number, Reader, Store
from edge.uplink.uplink import Uplink
from tests.broker import Broker
from tests.consume.upstream import Wire
from tests.contract import validate_event
from tests.faults.proxy import Proxy
from tests.hall import consuming, until
from tests.store.halls import NOW, PLACE, ZONE, intake, open_store

BASE = "zwdt/v1/410421/hall-1"
ACK = f"{BASE}/ack/county"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    opened.take(intake(*range(20)))
    yield opened
    opened.close()


@contextmanager
def sending(store: Store, port: int, **settings: object) -> Iterator[Uplink]:
    values = {"host": "127.0.0.1", "port": port, "tls": False, "confirm": ("county",), **settings}
    uplink = Uplink(
        UplinkSettings(**values),  # type: ignore[arg-type]
        PLACE,
        store,
        WallClock(ZONE, "system"),
        Description("test", (), ()),
        lambda: (),
        lambda: None,
    )
    uplink.start()
    try:
        yield uplink
    finally:
        uplink.stop()
        uplink.join(8)


@contextmanager
def listening(broker: Broker, **login: str) -> Iterator[Wire]:
    wire = Wire(broker, **login)
    try:
        yield wire
    finally:
        wire.close()


@contextmanager
def on_line(store: Store, folder: Path, **settings: object) -> Iterator[tuple[Wire, Uplink]]:
    """An uplink that sends, and everything it says."""
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(folder / "broker"))
        wire = stack.enter_context(listening(broker))
        yield wire, stack.enter_context(sending(store, broker.port, **settings))


def cause(uplink: Uplink) -> Callable[[], str]:
    return lambda: uplink.line.cause


def receipt(store: Store, upto: int, n: int = 1, head: str | None = None) -> tuple[str, bytes]:
    """A receipt of `county` that fits, or with another head."""
    position = (1 << 40) + upto
    with closing(store.reader()) as reader:
        chain = reader.chain(position)
    fitting = chain.hex() if chain else ""
    body = Receipt(n=n, epoch=store.tip.epoch, upto=upto, head=fitting if head is None else head)
    return ACK, msgspec.json.encode(body)


def numbers(wire: Wire) -> list[int]:
    """Sequences of the events seen, in order of arrival."""
    bodies = [payload for topic, payload in wire.seen if "/evt/" in topic]
    return [int(msgspec.json.decode(body)["sequence"]) for body in bodies]


def withheld(wire: Wire) -> list[dict[str, Any]]:
    """Word of events that are not sent, as the published schema allows it."""
    events = [validate_event(payload) for topic, payload in wire.seen if "/evt/" in topic]
    return [event for event in events if event["type"].endswith(".event_withheld.v1")]


def states(wire: Wire) -> list[str]:
    return [msgspec.json.decode(body, type=State).state for body in wire.on(f"{BASE}/state")]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_everything_arrives_in_order_and_fits_the_published_schemas(
    store: Store, tmp_path: Path, protocol: str
) -> None:
    with on_line(store, tmp_path, protocol=protocol) as (wire, uplink):
        assert until(lambda: len(numbers(wire)) == 21, 10)
        wire.send(receipt(store, 21))
        assert until(lambda: uplink.outbox.retired == store.tip.position, 10)
        store.take(intake(100))
        assert until(lambda: len(numbers(wire)) == 22, 10)
        uplink.stop()
        uplink.join(8)
        assert numbers(wire) == list(range(1, 23))
        for topic, payload in wire.seen:
            if "/evt/" in topic:
                validate_event(payload)
        assert until(lambda: states(wire)[-1] == "stopped", 5)
        assert states(wire)[0] == "ready"


@pytest.mark.parametrize(
    "forged", ["head", "above", "garbage", "stranger", "huge n", "deep", "also", "refused"]
)
def test_a_receipt_that_does_not_fit_retires_nothing(store: Store, tmp_path: Path, forged: str) -> None:
    epoch = store.tip.epoch.encode()
    bad = {
        "head": receipt(store, 21, head="00" * 32),
        "above": receipt(store, 999, head="00" * 32),
        "garbage": (ACK, b'{"n": 1, "upto": '),
        "stranger": (f"{BASE}/ack/other", receipt(store, 21)[1]),
        "huge n": (ACK, b'{"n": 9223372036854775808, "epoch": "%s", "upto": 0, "head": ""}' % epoch),
        "deep": (ACK, b"[" * 20_000),
        "also": (ACK, b'{"n": 1, "epoch": "%s", "upto": 0, "head": "", "also": [[12, 999999]]}' % epoch),
        "refused": (
            ACK,
            receipt(store, 0)[1].replace(b'"refused":[]', b'"refused":[{"sequence":999,"reason":""}]'),
        ),
    }[forged]
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(numbers(wire)) == 21, 10)
        wire.send(bad)
        if forged == "stranger":
            wire.send(receipt(store, 5))
            assert until(lambda: uplink.outbox.retired == (1 << 40) + 5, 10)
        else:
            assert until(lambda: uplink.line.cause == "receipt_refused", 10)
            assert uplink.outbox.retired == 0
        wire.send(receipt(store, 21, n=9))
        assert until(lambda: uplink.outbox.retired == store.tip.position and cause(uplink)() == "ok", 10)


def test_a_consumer_restored_from_a_backup_gets_the_rest_again(store: Store, tmp_path: Path) -> None:
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(numbers(wire)) == 21, 10)
        wire.send(receipt(store, 21, n=5))
        assert until(lambda: uplink.outbox.retired == store.tip.position, 10)
        wire.send(receipt(store, 15, n=6))
        assert until(lambda: numbers(wire)[21:] == list(range(16, 22)), 10)


def test_a_hostile_host_state_stops_nothing(store: Store, tmp_path: Path) -> None:
    with on_line(store, tmp_path) as (wire, uplink):
        for payload in (b"[" * 20_000, b"", b"\xff", b'{"state": "online", "takes": [["batch"]]}'):
            wire.send(("zwdt/v1/host/county/state", payload), retain=True)
        store.take(intake(500))
        assert until(lambda: 22 in numbers(wire), 10)
        assert uplink.line.connected


def test_whatever_fails_in_one_life_the_next_begins_anew(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = Reader.numbers, threading.Event()

    def numbers_once(reader: Reader, position: int, limit: int) -> list[Number]:
        if not failed.is_set():
            failed.set()
            raise OSError("disk I/O error")
        return real(reader, position, limit)

    monkeypatch.setattr(Reader, "numbers", numbers_once)
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(set(numbers(wire))) == 21, 20)
        assert failed.is_set()
        assert uplink.line.connected


def test_a_killed_broker_gets_again_what_it_lost(store: Store, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker, sending(store, broker.port) as uplink:
        assert until(
            lambda: uplink.outbox.sent == store.tip.position and not uplink.outbox.window.in_flight, 10
        )
        broker.kill()
        assert until(lambda: uplink.line.cause == "broker_unreachable", 10)
        store.take(intake(100, 101))
        broker.restart()
        with listening(broker) as wire:
            assert until(lambda: {22, 23} <= set(numbers(wire)), 20)
            wire.send(receipt(store, 0))
            assert until(lambda: set(numbers(wire)) >= set(range(1, 24)), 30), (
                "the receipt said: nothing held"
            )


def test_without_confirm_the_broker_s_word_retires_and_status_says_so(store: Store, tmp_path: Path) -> None:
    with on_line(store, tmp_path, confirm=()) as (_wire, uplink):
        assert until(lambda: uplink.outbox.retired == store.tip.position, 10)
        assert uplink.line.cause == "nobody_confirms"


def test_wrong_credentials_are_refused_and_not_tried_in_a_storm(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "secret").write_text("wrong-planted-secret\n")
    with Broker(tmp_path / "broker", passwords={"hall": "right"}) as broker:
        login = {"username": "hall", "password_file": str(tmp_path / "secret")}
        with sending(store, broker.port, **login) as uplink:
            assert until(lambda: uplink.line.cause == "broker_refused", 10)
            assert not until(lambda: broker.log.read_text().count("New connection") > 2, 5)
        assert broker.log.read_text().count("not authorised") == 1
    assert uplink.outbox.retired == 0
    assert "planted-secret" not in caplog.text


def test_an_acl_that_refuses_the_events_is_seen_and_nothing_is_retired(store: Store, tmp_path: Path) -> None:
    acl = f"topic write {BASE}/state\ntopic write {BASE}/desc\ntopic read {ACK}\n"
    with Broker(tmp_path / "broker", acl=acl) as broker, sending(store, broker.port, confirm=()) as uplink:
        assert until(lambda: uplink.line.cause == "publish_refused", 10)
        assert uplink.outbox.retired == 0


def test_a_refused_topic_is_set_aside_and_the_rest_flows(store: Store, tmp_path: Path) -> None:
    acl = "topic readwrite zwdt/#\ntopic deny zwdt/v1/410421/hall-1/evt/edge\n"
    with Broker(tmp_path / "broker", acl=acl) as broker, listening(broker) as wire:  # noqa: SIM117
        with sending(store, broker.port) as uplink:
            assert until(lambda: set(numbers(wire)) == set(range(2, 22)), 10)
            assert until(lambda: uplink.line.cause == "publish_refused", 10)
            assert uplink.outbox.aside.parked.keys() == {(1 << 40) + 1}
            assert uplink.outbox.retired == 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_message_over_the_broker_s_size_is_set_aside_and_the_rest_flows(
    store: Store, tmp_path: Path, protocol: str
) -> None:
    big = msgspec.structs.replace(intake(900).drafts[0], data=b'{"x": "%s"}' % (b"y" * 5000))
    store.take(replace(intake(900), drafts=(big,)))
    store.take(intake(901))
    with Broker(tmp_path / "broker", config=["max_packet_size 3000"]) as broker, listening(broker) as wire:
        with sending(store, broker.port, protocol=protocol, confirm=()) as uplink:
            assert until(lambda: uplink.outbox.retired == store.tip.position, 60)
            assert until(lambda: set(numbers(wire)) == set(range(1, 24)), 10)
            assert until(lambda: uplink.line.cause == "publish_refused", 10)
        assert uplink.outbox.aside.parked.keys() == {(1 << 40) + 22}
        assert "#22" in uplink.line.detail
        assert [event["sequence"][-2:] for event in withheld(wire)] == ["22"]
        assert len(withheld(wire)[0]["data"]["hash"]) == 64
        assert uplink.outbox.retired == store.tip.position


def test_nobody_listening_is_told(store: Store, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker, sending(store, broker.port) as uplink:
        assert until(lambda: uplink.line.cause == "nobody_listens", 10)


def test_silence_of_the_consumer_is_told_and_everything_sent_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.uplink.stall.STALL_S", (1.0, 60.0))
    with on_line(store, tmp_path) as (wire, uplink):
        uplink.outbox._stall.wait_s = 1.0
        assert until(lambda: len(numbers(wire)) >= 42, 20)
        shown = lambda: (uplink.line.cause, uplink.line.detail)  # noqa: E731
        assert until(lambda: shown() == ("no_receipt", "county: -"), 10), "shown a moment after it was sent"


def test_an_unsynchronised_clock_keeps_us_offline(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = threading.Event()
    monkeypatch.setattr(WallClock, "trusted", lambda _self: trusted.is_set())
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: uplink.line.cause == "clock_untrusted", 5)
        assert numbers(wire) == []
        trusted.set()
        assert until(lambda: len(numbers(wire)) == 21, 15)


def alarm(number: int) -> Draft:
    """An urgent event of ours."""
    told = DeviceAlarm(device_id="fp-1", code="tamper", active=True)
    return own_event("device.alarm", "e", f"fp-1 {number}", number, NOW, told)


def test_an_alarm_overtakes_everything_on_a_line_that_is_full(store: Store, tmp_path: Path) -> None:
    """The line is slow and full of fresh rows and backlog; what is urgent goes next, and once."""
    for start in range(100, 2100, 500):
        store.take(intake(*range(start, start + 500)))
    with Broker(tmp_path / "broker") as broker, Proxy(broker.port) as proxy, listening(broker) as wire:
        proxy.bytes_per_s = 20_000
        with sending(store, proxy.port) as uplink:
            assert until(lambda: len(numbers(wire)) > 20, 20)
            store.take(intake(*range(5000, 5195)))
            store.add(alarm(1))
            urgent, before = store.tip.sequence, len(numbers(wire))
            assert until(lambda: urgent in numbers(wire), 20)
            assert numbers(wire).index(urgent) - before < 150, "what was in flight before it, and no more"
            proxy.bytes_per_s = 0
            assert until(lambda: set(numbers(wire)) == set(range(1, urgent + 1)), 60)
            wire.send(receipt(store, urgent))
            assert until(lambda: uplink.outbox.retired == store.tip.position, 10)
            assert numbers(wire).count(urgent) == 1


def test_two_with_one_id_take_turns_and_raise_no_storm(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the database is a second edge with our id: each throws the other out."""
    monkeypatch.setattr("edge.uplink.uplink.TAKEN_OVER_S", (2.0, 10.0))
    (tmp_path / "copy").mkdir()
    for name in ("edge.db", "edge.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / "copy")
    copy = open_store(tmp_path / "copy")
    try:
        with Broker(tmp_path / "broker") as broker, sending(store, broker.port) as one:
            assert until(lambda: one.line.connected, 10)
            with sending(copy, broker.port) as two:
                assert until(lambda: "taken_over" in (one.line.cause, two.line.cause), 10)
                assert until(lambda: one.takeovers and two.takeovers, 30)
                assert one.takeovers + two.takeovers < 10
                assert not one.outbox.aside.parked
                assert not two.outbox.aside.parked
                assert broker.log.read_text().count("New client connected") < 12
            assert until(lambda: one.line.connected, 70)
    finally:
        copy.close()


def test_a_line_that_is_always_refused_is_tried_ever_more_rarely(store: Store, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker, Proxy(broker.port) as proxy:
        proxy.refuse = True
        with sending(store, proxy.port):
            assert not until(lambda: proxy.accepted > 6, 7)
            assert proxy.accepted > 1


def test_the_slower_of_two_applications_decides_and_gets_everything(store: Store, tmp_path: Path) -> None:
    with (
        Broker(tmp_path / "broker") as broker,
        sending(store, broker.port, confirm=("county", "city")) as uplink,
    ):
        fast, slow = (
            consume.Settings(app, tmp_path / f"{app}.db", port=broker.port) for app in ("county", "city")
        )
        held = uplink.outbox.confirmations
        with consuming(fast):
            assert until(lambda: held["county"].upto == store.tip.position, 20)
            assert uplink.outbox.retired == held["city"].upto == 0
            with consuming(slow):
                assert until(lambda: uplink.outbox.retired == store.tip.position, 30)
            store.take(intake(*range(100, 150)))
            assert until(lambda: held["county"].upto == store.tip.position, 20)
            assert uplink.outbox.retired < store.tip.position
            with consuming(slow):
                assert until(lambda: uplink.outbox.retired == store.tip.position, 30)
    assert consume.count(fast.database) == consume.count(slow.database) == store.tip.sequence


def test_a_consumer_whose_books_are_put_back_from_a_backup_gets_the_rest(
    store: Store, tmp_path: Path
) -> None:
    """It says where it is, under a number of receipts that it learns from the hall."""
    county, backup = tmp_path / "county.db", tmp_path / "backup.db"
    with Broker(tmp_path / "broker") as broker, sending(store, broker.port) as uplink:
        told = consume.Settings("county", county, port=broker.port)
        with consuming(told):
            assert until(lambda: uplink.outbox.retired == store.tip.position, 20)
        shutil.copy(county, backup)
        with consuming(told):
            for number in range(100, 120):
                store.take(intake(number))
            assert until(lambda: uplink.outbox.retired == store.tip.position, 20)
        for suffix in ("-wal", "-shm"):
            Path(f"{county}{suffix}").unlink(missing_ok=True)
        shutil.copy(backup, county)
        assert consume.count(county) == 21
        with consuming(told) as consumer:
            assert until(lambda: consume.count(county) == 41, 30)
            assert until(lambda: uplink.outbox.retired == store.tip.position, 10)
            assert consumer.counters[PLACE.source].conflicts == 0
    assert uplink.line.cause != "receipt_refused"


def online(wire: Wire, *takes: str, app: str = "county") -> None:
    body = msgspec.json.encode({"state": "online", "takes": takes})
    wire.send((f"zwdt/v1/host/{app}/state", body), retain=True)


def batches(wire: Wire) -> list[bytes]:
    return wire.on(f"{BASE}/evt-batch")


@pytest.mark.parametrize("takes", [("batch",), ("batch", "gzip")])
def test_a_backlog_goes_in_batches_to_a_consumer_that_takes_them(
    store: Store, tmp_path: Path, takes: tuple[str, ...]
) -> None:
    for start in range(100, 1100, 500):
        store.take(intake(*range(start, start + 500)))
    with on_line(store, tmp_path) as (wire, uplink):
        online(wire, *takes)
        assert until(lambda: uplink.outbox.parcel_max > 1, 10)
        wire.send(receipt(store, 0))
        assert until(lambda: uplink.outbox.confirmations["county"].n == 1, 10)
        uplink.outbox.confirmations["county"].n = 0
        wire.seen.clear()
        wire.send(receipt(store, 5, n=1))
        wire.send(receipt(store, 1, n=2))
        assert until(lambda: sum(map(len, map(opened, batches(wire)))) >= 1020, 20)
    for payload in batches(wire):
        assert (payload[:2] == b"\x1f\x8b") == ("gzip" in takes)
        for event in opened(payload):
            validate_event(event)


def opened(payload: bytes) -> list[bytes]:
    """The events of a batch."""
    text = gzip.decompress(payload) if payload[:2] == b"\x1f\x8b" else payload
    return [bytes(event) for event in msgspec.json.decode(text, type=list[msgspec.Raw])]


def test_a_plain_subscriber_gets_no_batches(store: Store, tmp_path: Path) -> None:
    store.take(intake(*range(100, 600)))
    with on_line(store, tmp_path, confirm=()) as (wire, uplink):
        online(wire, "batch", "gzip")
        assert until(lambda: uplink.outbox.retired == store.tip.position, 20)
        assert batches(wire) == []


def test_a_plain_subscriber_gets_again_what_it_wants(store: Store, tmp_path: Path) -> None:
    with on_line(store, tmp_path, confirm=()) as (wire, uplink):
        assert until(lambda: uplink.outbox.retired == store.tip.position and len(numbers(wire)) == 21, 10)
        before = len(numbers(wire))
        asking = Receipt(n=1, epoch=store.tip.epoch, upto=0, head="", want=((3, 5),))
        wire.send((f"{BASE}/ack/somebody", msgspec.json.encode(asking)))
        assert until(lambda: numbers(wire)[before:] == [3, 4, 5], 10)


def test_what_the_consumer_cannot_use_is_shown(store: Store, tmp_path: Path) -> None:
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(numbers(wire)) == 21, 10)
        topic, body = receipt(store, 21)
        unusable = msgspec.json.decode(body) | {"refused": [{"sequence": 7, "reason": "no such field"}]}
        wire.send((topic, msgspec.json.encode(unusable)))
        assert until(lambda: uplink.line.cause == "publish_refused", 10)
        assert "#7: county: no such field" in uplink.line.detail
        assert uplink.outbox.retired == store.tip.position
        wire.send(receipt(store, 21, n=2))
        assert until(lambda: uplink.line.cause == "ok", 10)


def test_a_fresh_event_overtakes_the_backlog(store: Store, tmp_path: Path) -> None:
    for start in range(100, 5100, 500):
        store.take(intake(*range(start, start + 500)))
    backlog = store.tip.sequence
    with Broker(tmp_path / "broker") as broker, Proxy(broker.port) as proxy, listening(broker) as wire:
        proxy.bytes_per_s = 200_000  # it is still on its way when the fresh one is stored
        with sending(store, proxy.port) as uplink:
            assert until(lambda: len(numbers(wire)) > 50, 20)
            store.take(intake(9000))
            proxy.bytes_per_s = 0
            assert until(lambda: backlog + 1 in numbers(wire), 20)
            assert numbers(wire).index(backlog + 1) < backlog
            assert until(lambda: len(set(numbers(wire))) == backlog + 1, 60)
            wire.send(receipt(store, backlog + 1))
            assert until(lambda: uplink.outbox.retired == store.tip.position, 10)

"""The uplink against a real mosquitto: each refusal has its word, and none of them retires a row."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edge.clock import WallClock
from edge.contract import Description, Receipt, State
from edge.settings import UplinkSettings
from edge.store import Reader, Row, Store
from edge.uplink import Uplink
from tests.broker import Broker
from tests.consume.upstream import Wire
from tests.contract import validate_event
from tests.hall import until
from tests.store.halls import PLACE, ZONE, intake, open_store

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


@pytest.mark.parametrize("forged", ["head", "above", "garbage", "stranger", "huge n", "deep", "also"])
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
    real, failed = Reader.after, threading.Event()

    def after(reader: Reader, position: int, limit: int) -> list[Row]:
        if not failed.is_set():
            failed.set()
            raise OSError("disk I/O error")
        return real(reader, position, limit)

    monkeypatch.setattr(Reader, "after", after)
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(set(numbers(wire))) == 21, 20)
        assert failed.is_set()
        assert uplink.line.connected


def test_a_killed_broker_gets_again_what_it_lost(store: Store, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker, sending(store, broker.port) as uplink:
        assert until(lambda: uplink.outbox.sent == store.tip.position and not uplink.outbox.in_flight, 10)
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
        assert (
            broker.log.read_text().count("New client") + broker.log.read_text().count("not authorised") <= 3
        )
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
            assert uplink.line.cause == "publish_refused"
            assert uplink.outbox.parked.keys() == {(1 << 40) + 1}
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
            assert until(lambda: 23 in numbers(wire) and uplink.line.cause == "publish_refused", 60)
        assert uplink.outbox.parked.keys() == {(1 << 40) + 22}
        assert "#22" in uplink.line.detail
        assert sorted(set(numbers(wire))) == [*range(1, 22), 23]


def test_nobody_listening_is_told(store: Store, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker, sending(store, broker.port) as uplink:
        assert until(lambda: uplink.line.cause == "nobody_listens", 10)


def test_silence_of_the_consumer_is_told_and_everything_sent_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.outbox.STALL_S", (1.0, 60.0))
    with on_line(store, tmp_path) as (wire, uplink):
        uplink.outbox._stall_s = 1.0
        assert until(lambda: len(numbers(wire)) >= 42, 20)
        assert uplink.line.cause == "no_receipt"


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
        assert until(lambda: uplink.outbox.retired == store.tip.position, 10)
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
        assert until(lambda: uplink.line.cause == "refused_upstream", 10)
        assert "7: no such field" in uplink.line.detail
        assert uplink.outbox.retired == store.tip.position
        wire.send(receipt(store, 21, n=2))
        assert until(lambda: uplink.line.cause == "ok", 10)


def test_a_fresh_event_overtakes_the_backlog(store: Store, tmp_path: Path) -> None:
    for start in range(100, 5100, 500):
        store.take(intake(*range(start, start + 500)))
    backlog = store.tip.sequence
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(numbers(wire)) > 50, 10)
        store.take(intake(9000))
        assert until(lambda: backlog + 1 in numbers(wire), 10)
        assert len(numbers(wire)) < backlog
        assert until(lambda: len(set(numbers(wire))) == backlog + 1, 30)
        wire.send(receipt(store, backlog + 1))
        assert until(lambda: uplink.outbox.retired == store.tip.position, 10)

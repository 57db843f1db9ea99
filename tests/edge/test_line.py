"""The uplink's line: what is lost with a connection is said again, and a full one is given nothing more."""

import threading
from pathlib import Path

import msgspec
import pytest

from drivers.base import StoreBusy
from edge.contract import Description
from edge.store import Numbers, Reader, Store, sequence_of, sqlite, writer
from edge.uplink.broker import Broker
from tests.broker import Broker as Mosquitto
from tests.consume.upstream import Wire
from tests.edge.test_uplink import BASE, listening, numbers, on_line, receipt, sending, states, store
from tests.faults.proxy import Proxy
from tests.hall import until
from tests.store.halls import intake

__all__ = ["store"]  # the fixture


def test_nothing_is_handed_to_a_line_that_is_full_and_all_of_it_once_it_is_not(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(numbers(wire)) == 21, 10)
        wire.send(receipt(store, 21), retain=True)
        assert until(lambda: uplink.outbox.retired == store.tip.position, 20)
        full = threading.Event()
        full.set()
        monkeypatch.setattr(Broker, "clogged", property(lambda _self: full.is_set()))
        store.take(intake(100))
        assert not until(lambda: 22 in numbers(wire), 1.5)
        assert not uplink.outbox.window.in_flight
        full.clear()
        assert until(lambda: 22 in numbers(wire), 10)


def test_the_last_word_arrives_though_the_line_was_full_of_events(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.uplink.exchange.LAST_WORD_S", 7.0)  # the line is slow, and the machine may be
    store.take(intake(*range(100, 1100)))
    with Mosquitto(tmp_path / "broker") as broker, listening(broker) as wire, Proxy(broker.port) as proxy:
        proxy.bytes_per_s = 500_000
        with sending(store, proxy.port) as uplink:
            uplink.outbox.parcel_max = 50
            assert until(lambda: len(wire.seen) > 8, 30)
            uplink.stop()
            uplink.join(8)
            under_way = len(uplink.outbox.window.in_flight)
        assert until(lambda: "stopped" in states(wire), 20)
        assert not until(lambda: "lost" in states(wire), 1), f"{under_way} were under way"


@pytest.mark.parametrize("confirm", [("county",), ()])
def test_a_read_that_fails_between_two_messages_loses_none(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, confirm: tuple[str, ...]
) -> None:
    for hour in range(3):
        store.take(intake(*range(100 + hour * 100, 200 + hour * 100)))
    real, calls = Reader.numbers, [0]

    def failing(reader: Reader, position: int, limit: int) -> Numbers:
        calls[0] += 1
        if calls[0] in (40, 41, 90):
            raise sqlite.OperationalError("disk I/O error")
        return real(reader, position, limit)

    monkeypatch.setattr(Reader, "numbers", failing)
    with on_line(store, tmp_path, confirm=confirm) as (wire, uplink):
        assert until(lambda: len(set(numbers(wire))) == store.tip.sequence, 30)
        assert confirm or until(lambda: uplink.outbox.retired == store.tip.position, 20)
        assert not uplink.outbox.aside.parked
    assert calls[0] > 90


def test_a_log_that_cannot_be_read_is_tried_ever_more_rarely_and_blames_no_message(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls, isolating = Reader.numbers, [0], list[bool]()

    def failing(reader: Reader, position: int, limit: int) -> Numbers:
        calls[0] += 1
        isolating.append(uplink.outbox.isolating)
        if limit > 1 or sequence_of(position) >= 23:
            raise sqlite.OperationalError("disk I/O error")
        return real(reader, position, limit)

    with on_line(store, tmp_path) as (wire, uplink):
        assert until(lambda: len(numbers(wire)) == 21, 20)
        monkeypatch.setattr(Reader, "numbers", failing)
        for number in range(3):
            store.take(intake(100 + number))
        assert until(lambda: calls[0] > 6, 60)
        monkeypatch.setattr(Reader, "numbers", real)
        assert until(lambda: len(set(numbers(wire))) == 24, 60)
    assert not any(isolating)


def test_state_and_description_are_said_again_to_a_broker_that_forgot_them(
    store: Store, tmp_path: Path
) -> None:
    def described(wire: Wire) -> bool:
        return any(msgspec.json.decode(body, type=Description) for body in wire.on(f"{BASE}/desc"))

    with Mosquitto(tmp_path / "broker") as broker, sending(store, broker.port):
        with listening(broker) as wire:
            assert until(lambda: "ready" in states(wire) and described(wire), 10)
        broker.kill()
        broker.restart()
        with listening(broker) as wire:
            assert until(lambda: "ready" in states(wire) and described(wire), 30)


def test_an_emit_that_meets_a_hung_writer_is_told_in_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert writer.WAIT_S <= 10, "the promise of the driver's door"
    monkeypatch.setattr(writer, "WAIT_S", 0.3)
    begun, release = threading.Event(), threading.Event()
    hang = lambda _ledger: begun.set() or release.wait(30)  # noqa: E731
    hung = threading.Thread(target=lambda: store._writer.write(hang, 60))
    hung.start()
    assert begun.wait(20)
    try:
        with pytest.raises(StoreBusy):
            store._writer.write(lambda _ledger: None, writer.WAIT_S)
    finally:
        release.set()
        hung.join()
    assert store.take(intake(500)) == 1

"""Every number is settled, from the store to the consumer's books: withheld, purged, refused, queued again.

Real mosquitto, real consumer; the uplink is the daemon's own.
"""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edge import consume
from edge.consume import Counts
from edge.consume.read import DATA
from edge.contract import Receipt
from edge.events import TOPIC_KIND, event_type
from edge.payloads import EpochOpened
from edge.store import Store, sqlite
from edge.uplink.confirmations import PASSES_MAX
from edge.uplink.uplink import Uplink
from tests.broker import Broker
from tests.edge.test_uplink import ACK, listening, numbers, receipt, sending, withheld
from tests.edge.test_uplink import store as store  # noqa: PLC0414 - a fixture
from tests.hall import consuming, until
from tests.store.halls import PLACE, intake, open_store
from tests.store.test_epochs import FILES

SMALL = ["max_packet_size 3000"]
LARGE = 22
"""The number of the event that SMALL does not take."""


def settings(broker: Broker, folder: Path, app: str = "county") -> consume.Settings:
    return consume.Settings(app, folder / f"{app}.db", broker.host, broker.port)


@contextmanager
def path_to(
    broker: Broker, folder: Path, store: Store, **uplink: object
) -> Iterator[tuple[consume.Consumer, Uplink]]:
    with consuming(settings(broker, folder)) as consumer, sending(store, broker.port, **uplink) as sender:
        yield consumer, sender


def add_large(store: Store) -> None:
    """Number 22, and one after it."""
    draft = intake(900).drafts[0]
    noise = random.Random(1).randbytes(6000).hex().encode()  # which no gzip makes small
    data = draft.data.replace(b'"driver":"zk"', b'"driver":"%s"' % noise)
    store.take(replace(intake(900), drafts=(msgspec.structs.replace(draft, data=data),)))
    store.take(intake(901))


def counted(consumer: consume.Consumer) -> Counts:
    return consumer.counters.get(PLACE.source, Counts(0, 0, 0, 0, 0))


def parked(store: Store) -> dict[int, str]:
    with closing(store.reader()) as reader:
        return reader.parked()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_the_broker_cannot_take_is_withheld_over_a_restart_and_then_queued_again(
    tmp_path: Path, protocol: str
) -> None:
    store = open_store(tmp_path)
    store.take(intake(*range(20)))
    add_large(store)
    broker = Broker(tmp_path / "broker", config=SMALL)
    with broker, path_to(broker, tmp_path, store, protocol=protocol) as (consumer, uplink):
        assert until(lambda: uplink.outbox.retired == store.tip.position, 30), "nothing is stuck behind it"
        assert counted(consumer).withheld == 1
        assert counted(consumer).events == 22
        assert uplink.line.cause == "publish_refused"
        assert f"#{LARGE}" in uplink.line.detail
    store.close()
    store = open_store(tmp_path)
    try:
        assert list(parked(store)) == [(1 << 40) + LARGE]
        larger = Broker(tmp_path / "larger")
        with larger, path_to(larger, tmp_path, store) as (consumer, uplink):
            store.take(intake(902))
            assert until(lambda: uplink.outbox.retired == store.tip.position, 30)
            assert until(lambda: uplink.line.cause == "publish_refused", 20), "still shown"
            assert uplink.requeue(LARGE + 1) == []
            assert uplink.requeue(None) == [LARGE]
            assert until(lambda: uplink.line.cause == "ok" and counted(consumer).events == 2, 20)
            assert counted(consumer).conflicts == 0
            store.take(intake(903))
            assert until(lambda: uplink.outbox.retired == store.tip.position, 20)
        assert parked(store) == {}
        assert consume.count(tmp_path / "county.db", "attendance.punch") == 24
    finally:
        store.close()


def test_what_is_queued_again_is_remembered_though_we_die_before_it_goes(tmp_path: Path) -> None:
    store = open_store(tmp_path, confirm=("county",))
    store.take(intake(*range(20)))
    add_large(store)
    broker = Broker(tmp_path / "broker", config=SMALL)
    with broker, path_to(broker, tmp_path, store) as (_, uplink):
        assert until(lambda: uplink.outbox.retired == store.tip.position, 30)
    store.flush()
    with sending(store, broker.port) as uplink:
        assert until(lambda: list(uplink.outbox.aside.parked) == [(1 << 40) + LARGE], 10)
        assert uplink.requeue(LARGE) == [LARGE]
        died = tmp_path / "died"
        died.mkdir()
        for name in FILES:
            shutil.copy(tmp_path / name, died / name)
    store.close()
    store = open_store(died, confirm=("county",))
    larger = Broker(tmp_path / "larger")
    with larger, path_to(larger, tmp_path, store) as (consumer, uplink):
        assert until(lambda: counted(consumer).events == 1, 30), "nobody had to say it twice"
        assert until(lambda: uplink.outbox.aside.parked == {}, 20)
        assert until(lambda: (store.flush(), parked(store))[1] == {}, 20), "the uplink says so a moment later"
    store.close()


def test_what_is_refused_again_does_not_go_by_itself_after_a_restart(store: Store) -> None:
    place = (1 << 40) + 5
    store.queue_again({place: "too large"}, "2026-11-20T12:00:00+08:00")
    store.keep_parked({place: "too large"}, (), "2026-11-20T12:00:01+08:00")
    store.flush()
    with closing(store.reader()) as reader:
        assert [(each.position, each.again) for each in reader.set_aside()] == [(place, False)]


def test_what_is_queued_again_and_lost_by_the_broker_goes_until_the_consumer_holds_it(
    store: Store, tmp_path: Path
) -> None:
    """Somebody hears it, the broker acknowledges it and is killed before the consumer comes back."""
    add_large(store)
    broker = Broker(tmp_path / "broker", config=SMALL)
    with broker, sending(store, broker.port) as uplink:
        with consuming(settings(broker, tmp_path)):
            assert until(lambda: uplink.outbox.retired == store.tip.position, 30)
            assert until(lambda: bool(uplink.outbox.aside.lacking.get("county")), 10)
        config = broker.folder / "mosquitto.conf"
        config.write_text(config.read_text().replace(*SMALL, ""))
        broker.restart()
        with listening(broker) as wire:
            assert until(lambda: uplink.line.cause == "publish_refused", 30)
            assert uplink.requeue(None) == [LARGE]
            assert until(lambda: LARGE in numbers(wire), 20)
            assert until(lambda: not uplink.outbox.window.in_flight, 20)
        broker.restart()
        assert list(uplink.outbox.aside.parked) == [(1 << 40) + LARGE], "the broker had it, and lost it"
        with consuming(settings(broker, tmp_path)) as consumer:
            assert until(lambda: counted(consumer).events == 1, 30)
            assert until(lambda: uplink.outbox.aside.parked == {}, 20)
    assert consume.count(tmp_path / "county.db", "attendance.punch") == 22


def test_a_purged_number_is_settled_for_a_consumer_that_begins_late(store: Store, tmp_path: Path) -> None:
    assert store.empty("attendance", 0, (1 << 40) + 11) == ((1 << 40) + 11, 10)
    with Broker(tmp_path / "broker") as broker, path_to(broker, tmp_path, store) as (consumer, uplink):
        assert until(lambda: uplink.outbox.retired == store.tip.position, 20)
        assert (counted(consumer).withheld, counted(consumer).events) == (10, 11)
    with closing(sqlite.connect_reader(tmp_path / "county.db")) as books:
        told = books.execute("SELECT sequence, reason, size > 400 FROM withheld ORDER BY 1").fetchall()
    assert told == [(number, "purged", 1) for number in range(2, 12)]


def test_what_is_set_aside_keeps_its_payload(store: Store) -> None:
    with closing(store.reader()) as reader:
        store.keep_parked({(1 << 40) + 5: "too large"}, (), "2026-11-20T12:00:00+08:00")
        store.take(intake(100))
        assert reader.parked() == {(1 << 40) + 5: "too large"}
        store.empty("attendance", 0, store.tip.position)
        kept = [row.position - (1 << 40) for row in reader.after(0, 100)]
        assert kept == [1, 5]
        store.keep_parked({}, (), "2026-11-20T12:00:00+08:00")
        store.take(intake(101))
        assert reader.parked() == {}


def test_what_the_consumer_s_schema_refuses_is_queued_again_when_it_was_mended(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Broker(tmp_path / "broker") as broker, path_to(broker, tmp_path, store) as (consumer, uplink):
        assert until(lambda: uplink.outbox.retired == store.tip.position, 20)
        with monkeypatch.context() as other:
            other.setitem(DATA, event_type("attendance.punch"), msgspec.json.Decoder(EpochOpened))
            store.take(intake(100))
            assert until(lambda: counted(consumer).refused == 1, 20)
            assert until(lambda: bool(uplink.outbox.aside.parked), 20)
        assert "county: " in uplink.outbox.aside.parked[(1 << 40) + LARGE]
        assert until(lambda: uplink.outbox.retired == store.tip.position, 10), "it counts as received"
        assert uplink.requeue(LARGE) == [LARGE]
        assert until(lambda: counted(consumer).events == 22, 20)
        assert until(lambda: uplink.line.cause == "ok", 20)


def test_a_row_that_the_consumer_passes_over_is_withheld_in_the_end(store: Store, tmp_path: Path) -> None:
    """The broker takes it each time; no receipt ever covers it, while later ones are covered."""
    with (
        Broker(tmp_path / "broker") as broker,
        listening(broker) as wire,
        sending(store, broker.port) as uplink,
    ):
        assert until(lambda: len(numbers(wire)) == 21, 10)
        for n in range(1, PASSES_MAX + 3):
            also, want = ((8, 10 + n),), ((7, 7),)
            before = len(numbers(wire))
            uplink.outbox._asked_at.clear()  # the test does not wait five seconds each time
            _, body = receipt(store, 6, n)
            fitting = msgspec.json.decode(body, type=Receipt)
            wire.send((ACK, msgspec.json.encode(msgspec.structs.replace(fitting, also=also, want=want))))
            assert until(lambda before=before: len(numbers(wire)) > before, 10)
            if withheld(wire):
                break
        assert until(lambda: bool(withheld(wire)), 5)
        assert {event["sequence"][-2:] for event in withheld(wire)} == {"07"}, "again where asked again"
        assert until(lambda: f"{PASSES_MAX} times acknowledged" in uplink.line.detail, 5)
        assert n >= PASSES_MAX


def test_an_event_of_a_kind_that_has_no_topic_is_set_aside_and_the_rest_flows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(TOPIC_KIND, "attendance")
    with Broker(tmp_path / "broker") as broker, listening(broker) as wire:  # noqa: SIM117
        with sending(store, broker.port, confirm=()) as uplink:
            assert until(lambda: uplink.outbox.retired == store.tip.position, 30)
            assert until(lambda: len(withheld(wire)) == 20, 10)
            assert numbers(wire)[0] == 1
            assert "#2: no topic" in uplink.line.detail


def test_a_stub_tells_what_it_stands_for(store: Store) -> None:
    place = (1 << 40) + 3
    with closing(store.reader()) as reader:
        before = reader.stub(place)
        assert before.emptied == ""
        store.empty("attendance", 0, store.tip.position)
        after = reader.stub(place)
        assert (after.size, after.emptied) == (before.size, "purged")
        assert (after.fact, after.hash, after.chain) == (before.fact, before.hash, before.chain)
        assert [row.body is None for row in reader.numbers(0, 3)] == [False, True, True]
        with pytest.raises(KeyError):
            reader.stub(place + 1000)

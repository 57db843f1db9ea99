"""The consumer on a real mosquitto, which forgets when killed: nothing lost, nothing counted twice."""

import itertools
import logging
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.consume import Ledger, Settings, count
from edge.store import sqlite
from tests.broker import Broker
from tests.consume.hall import Hall, altered
from tests.consume.upstream import Wire, consuming, run_until_killed, settings, until, wire

HALL = Hall()
ACK = HALL.topic("ack", "count")
HOST = "zwdt/v1/host/count/state"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_events_arrive_and_a_retained_receipt_goes_back(broker, tmp_path, protocol):
    bodies, heads = HALL.log(range(40))
    with wire(broker) as hall, consuming(settings(broker, tmp_path, protocol=protocol)) as (consumer, events):
        until(lambda: hall.on(HOST), "host state")
        hall.send(*map(HALL.one, bodies[:20]), HALL.batch(bodies[20:], packed=True))
        until(lambda: [r.upto for r in hall.receipts(ACK)][-1:] == [41], "receipt")
        assert len(events) == 41
        assert consumer.counters[HALL.source].events == 41
        assert hall.on(HOST) == [b'{"state":"online","takes":["batch","gzip"]}']
    with wire(broker) as late:
        until(lambda: late.on(ACK) and late.on(HOST), "retained receipt and state")
        assert late.receipts(ACK)[0].head == heads[-1]
        assert late.on(HOST) == [b'{"state":"offline","takes":[]}']


def test_gap_is_asked_for(broker, tmp_path):
    bodies, _ = HALL.log(range(5))
    with wire(broker) as hall, consuming(settings(broker, tmp_path)):
        until(lambda: hall.on(HOST))
        hall.send(*[HALL.one(bodies[n - 1]) for n in (1, 2, 5)])
        until(lambda: any(r.want for r in hall.receipts(ACK)), "want")
        asked = [r for r in hall.receipts(ACK) if r.want]
        assert (asked[0].upto, asked[0].also, asked[0].want) == (2, ((5, 5),), ((3, 4),))
        hall.send(*[HALL.one(bodies[n - 1]) for n in (3, 4)])
        until(lambda: hall.receipts(ACK)[-1].upto == 5)


def test_broker_that_forgets_loses_nothing_for_a_hall_that_waits_for_receipts(broker, tmp_path):
    bodies, heads = HALL.log(range(600))
    told = settings(broker, tmp_path)
    with wire(broker) as hall:
        with consuming(told):
            until(lambda: hall.on(HOST))
            for body in bodies[:200]:
                hall.client.publish(*HALL.one(body), qos=1)
            broker.restart()
            until(hall.client.is_connected, "reconnect")
        hall.send(*map(HALL.one, bodies[200:400]))  # acknowledged, for the consumer's session
        broker.restart()
        until(hall.client.is_connected, "reconnect")
        with consuming(told):
            hall.send(HALL.state("e1", sent_to=601), retain=True)
            hall.send(*map(HALL.one, bodies[400:]))
            assert count(told.database) <= 401
            _serve(hall, bodies)
        assert hall.receipts(ACK)[-1].head == heads[-1]
    assert count(told.database) == 601


def _serve(hall: Wire, bodies: list[bytes]) -> None:
    """Answer what receipts want until one confirms everything."""
    for served in itertools.count():
        until(lambda served=served: len(hall.receipts(ACK)) > served, "another receipt")
        receipt = hall.receipts(ACK)[served]
        if receipt.upto == len(bodies):
            return
        for first, last in receipt.want:
            hall.send(HALL.batch(bodies[first - 1 : last]))


@pytest.mark.parametrize("at", ["commit", "ack"])
def test_killed_around_the_commit_loses_and_doubles_nothing(broker, tmp_path, at):
    bodies, heads = HALL.log(range(30))
    told = settings(broker, tmp_path)
    with wire(broker) as hall:
        with consuming(told):  # leaves a session at the broker
            until(lambda: hall.on(HOST))
        hall.send(*map(HALL.one, bodies))
        run_until_killed(told, at)
        assert (count(told.database) > 0) is (at == "ack")
        assert hall.receipts(ACK) == []
        with consuming(told) as (consumer, _):
            until(lambda: hall.receipts(ACK)[-1:] and hall.receipts(ACK)[-1].upto == 31, "receipt")
            if at == "ack":
                again = lambda: (counts := consumer.counters.get(HALL.source)) and counts.duplicates > 0  # noqa: E731
                until(again, "what came again")
        assert hall.receipts(ACK)[-1].head == heads[-1]
    assert count(told.database) == 31


def test_receipt_that_a_kill_prevented_goes_out_at_the_next_start(broker, tmp_path):
    told = settings(broker, tmp_path)
    with wire(broker) as hall:
        hall.send(HALL.one(HALL.log([])[0][0]), retain=True)
        run_until_killed(told, "receipt")
        assert (count(told.database), hall.on(ACK)) == (1, [])
        broker.restart()
        until(hall.client.is_connected, "reconnect")
        with consuming(told):
            until(lambda: hall.on(ACK), "receipt")
        assert hall.receipts(ACK)[0].upto == 1


def test_will_tells_the_halls_that_a_killed_consumer_is_gone(broker, tmp_path):
    with wire(broker) as hall:
        hall.send(HALL.one(HALL.log([])[0][0]), retain=True)
        run_until_killed(settings(broker, tmp_path), "ack")
        until(lambda: hall.on(HOST)[-1:] == [b'{"state":"offline","takes":[]}'], "will")


def test_two_applications_hold_and_confirm_everything_each(broker, tmp_path):
    bodies, heads = HALL.log(range(20))
    one, two = settings(broker, tmp_path, "one"), settings(broker, tmp_path, "two")
    with wire(broker) as hall, consuming(one), consuming(two):
        until(lambda: all(hall.on(f"zwdt/v1/host/{app}/state") for app in ("one", "two")))
        hall.send(HALL.batch(bodies))
        for app in ("one", "two"):
            heard = lambda app=app: hall.receipts(HALL.topic("ack", app))  # noqa: E731
            until(lambda heard=heard: heard() and heard()[-1].head == heads[-1], app)
    assert (count(one.database), count(two.database)) == (21, 21)


def test_lost_consumer_database_goes_on_under_higher_numbers(broker, tmp_path):
    bodies, heads = HALL.log(range(20))
    told = settings(broker, tmp_path)
    with wire(broker) as hall:
        with consuming(told):
            until(lambda: hall.on(HOST))
            hall.send(*map(HALL.one, bodies))
            until(lambda: hall.receipts(ACK) and hall.receipts(ACK)[-1].upto == 21)
        last = hall.receipts(ACK)[-1]
        hall.send(HALL.state("e1", sent_to=21, count=last.n), retain=True)
        for file in tmp_path.glob("count.db*"):
            file.unlink()
        with consuming(told):
            until(lambda: hall.receipts(ACK)[-1].want == ((1, 21),), "want")
            rewind = hall.receipts(ACK)[-1]
            assert (rewind.upto, rewind.head) == (0, "")
            hall.send(HALL.batch(bodies))
            until(lambda: hall.receipts(ACK)[-1].upto == 21)
        told_numbers = [r.n for r in hall.receipts(ACK)]
        assert min(told_numbers[told_numbers.index(last.n) + 1 :]) > last.n
        assert told_numbers == sorted(set(told_numbers))
        assert hall.receipts(ACK)[-1].head == heads[-1]
    assert count(told.database) == 21


def test_garbage_and_refusals_stop_nothing(broker, tmp_path, caplog):
    bodies, heads = HALL.log(range(3))
    with wire(broker) as hall, consuming(settings(broker, tmp_path)) as (consumer, events):
        until(lambda: hall.on(HOST))
        hall.send(HALL.one(b"\x00"), HALL.one(b"\x01"), Hall("h2").one(bodies[0]), HALL.batch(bodies))
        until(lambda: len(events) == 4)
        until(lambda: hall.receipts(ACK))
        assert consumer.counters[""].refused == 3
    assert len([r for r in caplog.records if r.message.startswith("garbage on")]) == 2


def test_every_refusal_is_told_though_a_receipt_is_bounded(broker, tmp_path):
    opening = HALL.log([])[0][0]
    bad = [altered(opening, sequence=f"{n:020d}", id="") for n in range(2, 152)]
    with wire(broker) as hall, consuming(settings(broker, tmp_path)):
        until(lambda: hall.on(HOST))
        hall.send(HALL.one(opening), HALL.batch(bad))
        told = lambda: {one.sequence for receipt in hall.receipts(ACK) for one in receipt.refused}  # noqa: E731
        until(lambda: told() == set(range(2, 152)), "all refusals")


def test_failing_database_leaves_messages_at_the_broker(broker, tmp_path, caplog):
    bodies, heads = HALL.log(range(3))
    told = settings(broker, tmp_path)
    Ledger(told.database).close()
    with closing(sqlite.connect_writer(told.database)) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END")
        with wire(broker) as hall, consuming(told):
            until(lambda: hall.on(HOST))
            hall.send(*map(HALL.one, bodies))
            until(lambda: "the database fails" in caplog.text)
            db.execute("DROP TRIGGER full")
            until(lambda: hall.receipts(ACK)[-1:] and hall.receipts(ACK)[-1].head == heads[-1])
    assert count(told.database) == 4


def test_stops_while_the_broker_is_away(broker, tmp_path):
    told = settings(broker, tmp_path)
    broker.stop()
    with consuming(told):
        pass
    broker.start()
    with wire(broker) as hall, consuming(told):
        until(lambda: hall.on(HOST))
        broker.stop()


ACL = """
user count
topic read zwdt/v1/+/+/evt/#
topic read zwdt/v1/+/+/evt-batch
topic read zwdt/v1/+/+/state
topic write zwdt/v1/+/+/ack/count
topic write zwdt/v1/host/count/state
pattern write zwdt/v1/%u/evt/#
pattern read zwdt/v1/%u/ack/#
"""


def test_password_and_narrow_rights_are_enough(tmp_path):
    bodies, heads = HALL.log(range(3))
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    words = {"count": "s3cret", "330100/h1": "hall"}
    with Broker(tmp_path / "b", passwords=words, acl=ACL) as broker:
        told = settings(broker, tmp_path, user="count", password_file=secret)
        with (
            wire(broker, user="330100/h1", password="hall", topic=ACK) as hall,
            consuming(told) as (_, events),
        ):
            hall.send(HALL.one(bodies[0]))
            while not events:  # until the consumer has subscribed, the broker drops what nobody wants
                hall.send(HALL.one(bodies[0]))
            hall.send(*map(HALL.one, bodies[1:]))
            until(lambda: hall.receipts(ACK)[-1:] and hall.receipts(ACK)[-1].head == heads[-1])


def _certificate(folder: Path, name: str, address: str) -> None:
    words = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=b",
    ]
    files = ["-addext", f"subjectAltName={address}", "-keyout", f"{name}.key", "-out", f"{name}.pem"]
    subprocess.run(["openssl", *words, *files], cwd=folder, check=True, capture_output=True)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # paho drops its socket when TLS fails
@pytest.mark.parametrize(
    ("address", "trusted", "expected"),
    [
        ("IP:127.0.0.1", "broker", "connected"),
        ("IP:127.0.0.1", "other", "self-signed certificate"),
        ("DNS:elsewhere", "broker", "IP address mismatch"),
    ],
)
def test_tls_verifies_chain_and_name(tmp_path, caplog, address, trusted, expected):
    caplog.set_level(logging.INFO)
    _certificate(tmp_path, "broker", address)
    _certificate(tmp_path, "other", address)
    files = [f"certfile {tmp_path}/broker.pem", f"keyfile {tmp_path}/broker.key"]
    with Broker(tmp_path / "b", config=files) as broker:
        with consuming(settings(broker, tmp_path, ca_file=tmp_path / f"{trusted}.pem")):
            until(lambda: expected in caplog.text, expected)
        assert ("connected" in caplog.text) is (expected == "connected")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"app": "a/b"}, "a/b"),
        ({"county": "+"}, "'\\+'"),
        ({"protocol": "4"}, "protocol"),
        ({"password_file": Path("x")}, "user"),
        ({"key_file": Path("x")}, "certificate"),
    ],
)
def test_wrong_settings_are_named(wrong, named):
    with pytest.raises(ValueError, match=named):
        Settings(**{"app": "count", "database": Path("x.db"), **wrong})


def test_client_id_and_filter_follow_the_settings(tmp_path):
    one = Settings("count", tmp_path / "a.db")
    assert one.client_id == Settings("count", tmp_path / "x" / ".." / "a.db").client_id
    assert one.client_id != Settings("count", tmp_path / "b.db").client_id
    narrow = Settings("count", tmp_path / "a.db", county="330100", hall="h1")
    assert narrow.topics[-1] == "zwdt/v1/330100/h1/evt-batch"

"""Pushed, polled, asked for, in any order and however often: one event, one word that it is confirmed."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from drivers.adms.attlog import decode as decode_push
from drivers.base import Reading
from drivers.zk.punches import readings
from drivers.zk.records import LAYOUTS
from drivers.zk.records import decode as decode_pull
from edge.contract import Event
from edge.events import Origin, event_id, normalize
from edge.store import Intake, Store
from tests.contract import validate_event
from tests.sim.adms.shapes import SHAPES, body
from tests.sim.zk.layouts import RECORD, Punch
from tests.store.halls import NOW, SERIAL, ZONE, open_store

PUNCH, CONFIRMED = "attendance.punch", "attendance.confirmed"
MORNING = datetime.fromisoformat("2026-11-20T07:30:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def punches(count: int) -> list[Punch]:
    """Two people, or two states, in one second now and then; one has letters, one leading zeros."""
    people = ["1001", "007", "A7", *(str(2000 + number) for number in range(40))]
    return [
        Punch(people[number % len(people)], MORNING + timedelta(seconds=number // 3), number // 3 % 2, 15)
        for number in range(count)
    ]


def pulled(found: Sequence[Punch]) -> list[Reading]:
    records, _ = decode_pull(LAYOUTS["40"], b"".join(RECORD[40](punch, 1) for punch in found))
    return readings(SERIAL, records, {})


def asked_for(found: Sequence[Punch], shape: str = "7") -> list[Reading]:
    return readings(SERIAL, decode_push(body([*found], shape)).records, {})


def pushed(found: Sequence[Punch], shape: str = "10") -> list[Reading]:
    return [each._replace(facts={**each.facts, "unconfirmed": True}) for each in asked_for(found, shape)]


def take(store: Store, found: Sequence[Reading], device: str = "face-1", confirms: bool = True) -> None:
    origin = Origin(device, "adms", ZONE, 0, True)
    drafts = tuple(normalize(reading, origin, NOW) for reading in found)
    store.take(Intake(device, SERIAL, drafts, "x", confirms=confirms))


def kept(store: Store, kind: str) -> list[Event]:
    with closing(store.reader()) as reader:
        found = [msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 1_000_000) if row.body]
    return [event for event in found if f".{kind}." in event.type]


def test_a_push_is_confirmed_once_by_whatever_reads_the_log(store: Store) -> None:
    (one, *_) = found = punches(3)
    take(store, pushed(found))
    assert kept(store, CONFIRMED) == []
    take(store, pushed(found)), take(store, pushed([one], "blanks"))
    assert kept(store, CONFIRMED) == [], "a push repeated confirms nothing"
    take(store, pulled([one]), "fp-1")
    take(store, asked_for(found)), take(store, asked_for(found)), take(store, pulled(found))
    said = [json.loads(bytes(event.data)) for event in kept(store, CONFIRMED)]
    facts = [f"{SERIAL}|{reading.key}|{PUNCH}" for reading in pulled(found)]
    assert [each["event_id"] for each in said] == [event_id(fact) for fact in facts]
    assert [each["device_id"] for each in said] == ["fp-1", "face-1", "face-1"]
    punched = kept(store, PUNCH)
    assert {event.id for event in punched} == {each["event_id"] for each in said}
    assert all(b'"unconfirmed":true' in bytes(event.data) for event in punched), "its bytes stay as they are"
    for event in (*kept(store, CONFIRMED), *punched):
        validate_event(msgspec.json.encode(event))


def test_what_the_log_showed_first_needs_no_word(store: Store) -> None:
    take(store, asked_for(punches(3)))
    take(store, pushed(punches(3))), take(store, pulled(punches(3)))
    assert kept(store, CONFIRMED) == []
    assert not any(b"unconfirmed" in bytes(event.data) for event in kept(store, PUNCH))


def test_a_terminal_that_does_not_push_costs_no_look(store: Store) -> None:
    take(store, pushed(punches(3)), confirms=False), take(store, pulled(punches(3)), confirms=False)
    assert kept(store, CONFIRMED) == []


def over_three_paths(store: Store, count: int) -> None:
    """Each punch five times, over paths and in pieces at random."""
    chance, found = random.Random(20261125), punches(count)
    ways = [pulled, asked_for, pushed, lambda some: pushed(some, chance.choice(sorted(SHAPES)))]
    crowd = found * 5
    chance.shuffle(crowd)
    while crowd:
        size = chance.randint(1, 400)
        take(store, chance.choice(ways)(crowd[:size]))
        del crowd[:size]
    take(store, asked_for(found))
    counted = Counter(event.id for event in kept(store, PUNCH))
    assert (len(counted), set(counted.values())) == (count, {1})
    words = Counter(json.loads(bytes(event.data))["event_id"] for event in kept(store, CONFIRMED))
    waited = {event.id for event in kept(store, PUNCH) if b'"unconfirmed":true' in bytes(event.data)}
    assert words == dict.fromkeys(waited, 1), "each that was pushed first, once"
    assert 0 < len(waited) < count


def test_two_thousand_punches_over_three_paths_five_times_each(store: Store) -> None:
    over_three_paths(store, 2000)


@pytest.mark.slow
def test_the_long_form_ten_thousand_punches(store: Store) -> None:
    over_three_paths(store, 10_000)

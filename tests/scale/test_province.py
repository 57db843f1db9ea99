"""Many halls through a NATS cluster and several workers into one PostgreSQL: nothing lost, nothing double."""

import pytest

from tests import nats, postgres
from tests.gate import say
from tests.scale.province import Shape, built, run

pytestmark = pytest.mark.skipif(
    postgres.programs() is None or nats.program() is None, reason="PostgreSQL or nats-server is missing"
)


def assert_whole(told: dict[str, object], shape: Shape) -> None:
    assert (told["lost"], told["double"], told["misfits"]) == (0, 0, 0), told
    assert (told["held"], told["done"], told["killed"]) == (shape.total, shape.halls, 2), told


def test_a_node_and_a_worker_die_and_nothing_is_lost_or_double() -> None:
    shape = Shape(halls=20, events=200, batch=20, processes=1, limit=100.0)
    with built(shape) as province:
        assert_whole(run(province, shape), shape)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_long_form_a_thousand_halls() -> None:
    shape = Shape(halls=1000, events=5000, limit=3400.0)
    with built(shape) as province:
        told = run(province, shape)
    say("province", **told)
    assert_whole(told, shape)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_long_form_rate_from_one_hall_to_a_thousand() -> None:
    rates = {}
    for halls in (1, 10, 100, 1000):
        shape = Shape(halls=halls, events=200_000 // halls, processes=1, limit=600.0, kill=False)
        with built(shape) as province:
            told = run(province, shape)
        assert (told["lost"], told["double"]) == (0, 0), told
        rates[halls] = int(str(told["events_per_s"]))
    say("province_growth", events_per_s=rates)
    assert rates[1000] >= 0.7 * rates[1]

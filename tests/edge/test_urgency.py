"""Which events overtake: what the table names, by what their data says, and nothing else."""

import msgspec
import pytest

from edge.contract import topic_part
from edge.events import event_type, topic_kind
from edge.payloads import PAYLOADS, DeviceAlarm
from edge.urgency import URGENT, urgent


@pytest.mark.parametrize("active", [True, False])
def test_an_alarm_is_urgent_and_its_end_is_not(active: bool) -> None:
    data = msgspec.json.encode(DeviceAlarm(device_id="fp-1", code="tamper", active=active))
    assert urgent("device.alarm", data) is active


@pytest.mark.parametrize("kind", sorted(PAYLOADS.keys() - URGENT.keys()))
def test_what_is_not_in_the_table_never_is(kind: str) -> None:
    assert not urgent(kind, b'{"active": true}')


def test_the_table_names_kinds_of_the_catalogue_only() -> None:
    assert URGENT.keys() <= PAYLOADS.keys()


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_kind_has_a_topic_before_an_event_of_it_is_stored(kind: str) -> None:
    assert topic_part(topic_kind(event_type(kind)))

"""What waits for its PUBACK is held without its body, and little is read at once."""

from edge.store import Number
from edge.store.schema import position
from edge.uplink.confirmations import Confirmation
from edge.uplink.outbox import Outbox
from edge.uplink.window import READ_MAX, WINDOW_MAX, unloaded


def test_what_is_in_flight_is_held_without_its_body() -> None:
    light = unloaded([Number(1, b"x" * 1000), Number(2, None)])
    assert [(row.position, bool(row.body)) for row in light] == [(1, True), (2, False)]
    assert (light[-1], light[1:], len(light)) == (Number(2, None), [Number(2, None)], 2)
    assert sum(len(row.body or b"") for row in light) < 10


def test_little_is_read_at_once_and_all_of_it_in_turn() -> None:
    outbox, first = Outbox({"county": Confirmation()}), position(1, 1)
    outbox.parcel_max, outbox.window.size = 50, float(WINDOW_MAX)
    rows = [Number(first + n, b"x") for n in range(1000)]
    outbox.fall_behind(rows[-1].position)
    asked: list[int] = []

    def read(after: int, limit: int) -> list[Number]:
        asked.append(limit)
        return [row for row in rows if row.position > after][:limit]

    sent: list[int] = []
    while parcels := outbox.next(read, rows[-1].position, READ_MAX):
        assert len(parcels) <= READ_MAX
        for parcel in parcels:
            outbox.published(unloaded(parcel), 1.0)
            sent += [row.position for row in parcel]
    assert sent == [row.position for row in rows]

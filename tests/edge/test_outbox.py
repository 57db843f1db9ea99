"""The outbox: nothing unretired is forgotten, whatever the broker and the consumers do."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.store import Number
from edge.uplink.ahead import AHEAD_FIRST
from edge.uplink.confirmations import BROKER, PASSES_MAX, Confirmation, Fitting
from edge.uplink.outbox import Outbox
from edge.uplink.stall import STALL_S

LOG = 30


def read(after: int, limit: int) -> list[Number]:
    return [Number(number, str(number).encode()) for number in range(after + 1, LOG + 1)][:limit]


def outbox(*apps: str) -> Outbox:
    return Outbox({app: Confirmation() for app in apps or ("county",)})


def drain(box: Outbox, now: float = 0.0) -> list[int]:
    """Publish and acknowledge until nothing is left to send."""
    sent: list[int] = []
    while parcels := box.next(read, LOG):
        for parcel in parcels:
            box.published(parcel, now)
            box.acknowledged(parcel[0].position, now)
            sent += [row.position for row in parcel]
    return sent


def receipt(
    n: int, upto: int, also: tuple[tuple[int, int], ...] = (), want: tuple[tuple[int, int], ...] = ()
) -> Fitting:
    return Fitting(n, upto, also, want)


def test_the_window_bounds_what_is_in_flight_and_grows_with_pubacks() -> None:
    box = outbox()
    first = box.next(read, LOG)
    for parcel in first:
        box.published(parcel, 0.0)
    assert [row.position for (row,) in first] == [1, 2, 3, 4]
    assert box.next(read, LOG) == []
    box.acknowledged(1, 0.1)
    assert [row.position for (row,) in box.next(read, LOG)] == [5, 6]


def test_a_slow_line_halves_the_window_and_never_below_one() -> None:
    box = outbox()
    for position in range(1, 9):
        box.published([Number(position, None)], 0.0)
        box.acknowledged(position, 10.0 + position * 3)
    assert box.window.size == 1.0


def test_puback_alone_retires_nothing_where_an_application_must_confirm() -> None:
    box = outbox()
    assert drain(box) == list(range(1, LOG + 1))
    assert box.retired == 0
    assert box.confirmed("county", receipt(1, LOG), 1.0)
    assert box.retired == LOG


def test_without_applications_the_contiguous_puback_retires() -> None:
    box = outbox(BROKER)
    for parcel in box.next(read, LOG):
        box.published(parcel, 0.0)
    box.acknowledged(2, 0.0)
    assert box.retired == 0
    box.acknowledged(1, 0.0)
    assert box.retired == 2


def test_the_slowest_application_decides() -> None:
    box = outbox("county", "city")
    drain(box)
    box.confirmed("county", receipt(1, 20), 0.0)
    assert box.retired == 0
    box.confirmed("city", receipt(1, 5), 0.0)
    assert box.retired == 5


def test_after_a_disconnect_what_was_in_flight_goes_again() -> None:
    box = outbox()
    for parcel in box.next(read, LOG):
        box.published(parcel, 0.0)
    box.acknowledged(1, 0.0)
    box.disconnected()
    assert sorted(drain(box)) == list(range(2, LOG + 1))


def test_an_old_receipt_is_not_obeyed_and_a_rewind_is() -> None:
    box = outbox()
    drain(box)
    assert box.confirmed("county", receipt(5, 20), 0.0)
    assert not box.confirmed("county", receipt(5, 25), 0.0)
    assert not box.confirmed("stranger", receipt(9, 25), 0.0)
    assert box.confirmed("county", receipt(6, 10), 0.0)
    assert drain(box) == list(range(11, LOG + 1))


def refused_once(box: Outbox, place: int = 1) -> Outbox:
    """A row that the broker refused; word of it was sent in its place, and was not refused."""
    for parcel in box.next(read, LOG):
        box.published(parcel, 0.0)
        if parcel[0].position != place:
            box.acknowledged(parcel[0].position, 0.0)
    box.refused(read(place - 1, 1), "PUBACK 0x87")
    return box


def test_a_refused_row_is_withheld_and_the_rest_flows() -> None:
    box = refused_once(outbox(), 3)
    assert box.aside.parked == {3: "PUBACK 0x87"}
    assert sorted(drain(box)) == [3, *range(5, LOG + 1)]
    assert box.aside.withholds(3)
    box.confirmed("county", receipt(1, LOG), 0.0)
    assert not box.resend_if_stalled(STALL_S[0] + 1, LOG)
    assert box.aside.withholds(3), "a confirmed number says nothing of the event"


def test_what_is_queued_again_goes_as_it_is_though_its_number_is_confirmed() -> None:
    box = refused_once(outbox(), 3)
    drain(box)
    box.confirmed("county", receipt(1, LOG), 0.0)
    box.requeue([3, 4])
    (parcel,) = box.next(read, LOG)
    assert [row.position for row in parcel] == [3]
    assert not box.aside.withholds(3)
    box.published(parcel, 1.0)
    box.disconnected()
    assert 3 in box.aside.parked, "whether it arrived is not known"
    assert drain(box) == [3]
    assert box.aside.parked == {}
    assert box.aside.changed


def test_what_was_queued_again_stays_parked_until_the_application_holds_it() -> None:
    """A broker may acknowledge and lose; who told that it has word alone tells when that has ended."""
    box = refused_once(outbox(), 3)
    drain(box)
    word = ((3, 3),)
    box.confirmed("county", Fitting(1, LOG, withheld=word), 0.0)
    box.requeue([3])
    assert drain(box) == [3]
    assert list(box.aside.parked) == [3], "the broker's word is not enough"
    assert drain(box) == []
    box.confirmed("county", Fitting(2, LOG, withheld=word), 1.0)
    box.receipts_due_soon()
    assert drain(box) == [3], "somebody is there: it goes again"
    box.unmute()
    assert drain(box) == [3], "and every hour"
    box.confirmed("county", Fitting(3, LOG), 2.0)
    assert box.aside.parked == {}
    box.receipts_due_soon()
    assert drain(box) == []


def test_what_is_queued_again_before_any_receipt_waits_for_one() -> None:
    """Word of it and the event itself are both under way, and either may be lost."""
    box = refused_once(outbox(), 3)
    drain(box)
    box.requeue([3])
    assert drain(box) == [3]
    box.confirmed("county", Fitting(1, LOG, withheld=((3, 3),)), 0.0)
    assert list(box.aside.parked) == [3]
    box.receipts_due_soon()
    assert drain(box) == [3]
    box.confirmed("county", Fitting(2, LOG), 0.0)
    assert box.aside.parked == {}


def test_each_application_must_hold_what_was_queued_again() -> None:
    box = refused_once(Outbox({"county": Confirmation(), "city": Confirmation()}), 3)
    drain(box)
    for app in ("county", "city"):
        box.confirmed(app, Fitting(1, LOG, withheld=((3, 3),)), 0.0)
    box.requeue([3])
    drain(box)
    box.confirmed("county", Fitting(2, LOG), 1.0)
    assert list(box.aside.parked) == [3]
    box.confirmed("city", Fitting(2, LOG), 1.0)
    assert box.aside.parked == {}


def test_what_is_parked_and_not_queued_again_is_let_go_by_no_receipt() -> None:
    box = refused_once(outbox(), 3)
    drain(box)
    box.confirmed("county", Fitting(1, LOG, withheld=((3, 3),)), 0.0)
    box.confirmed("county", Fitting(2, LOG), 0.0)
    assert list(box.aside.parked) == [3]


def test_what_an_application_has_word_of_alone_is_known_as_set_aside_again() -> None:
    """A crash or a salvage forgot it: without this it counts as delivered, for ever."""
    box = outbox()
    box.confirmed("county", Fitting(1, LOG, withheld=((3, 4),)), 0.0)
    assert sorted(box.aside.parked) == [3, 4]
    box.requeue([4])
    assert drain(box) == [4]
    box.confirmed("county", Fitting(2, LOG, withheld=((3, 3),)), 1.0)
    assert list(box.aside.parked) == [3]
    assert drain(box) == []


def test_what_was_known_by_that_alone_is_let_go_when_it_has_come_by_itself() -> None:
    box = outbox()
    box.confirmed("county", Fitting(1, LOG, withheld=((3, 3),)), 0.0)
    later = outbox()
    later.aside.parked.update(box.aside.parked)
    later.confirmed("county", Fitting(2, LOG), 1.0)
    assert later.aside.parked == {}


def test_what_is_refused_again_is_withheld_again() -> None:
    box = refused_once(outbox(), 3)
    drain(box)
    box.confirmed("county", receipt(1, LOG), 0.0)
    box.requeue([3])
    (parcel,) = box.next(read, LOG)
    box.refused(parcel, "PUBACK 0x95")
    assert box.aside.parked == {3: "PUBACK 0x95"}
    assert box.aside.withholds(3)


def test_where_even_word_of_a_row_is_refused_it_is_tried_again_as_it_is() -> None:
    box = refused_once(outbox(), 3)
    box.refused(read(2, 1), "PUBACK 0x87")
    assert 3 not in drain(box)
    box.disconnected()
    box.confirmed("county", receipt(1, 2, ((4, LOG),)), 0.0)
    assert not box.resend_if_stalled(STALL_S[0] + 1, LOG)
    box.unmute()
    assert not box.aside.withholds(3)
    assert drain(box) == [3]


def test_what_an_application_cannot_use_is_parked_until_it_can() -> None:
    box = outbox()
    drain(box)
    box.confirmed("county", Fitting(1, LOG, refused=((7, "no such field"),)), 0.0)
    assert box.aside.parked == {7: "county: no such field"}
    assert drain(box) == []
    box.requeue([7])
    assert drain(box) == [7]
    box.confirmed("county", Fitting(2, LOG, refused=((7, "no such field"),)), 1.0)
    assert 7 in box.aside.parked
    box.confirmed("county", receipt(3, LOG), 2.0)
    assert box.aside.parked == {}


def test_a_row_that_is_passed_over_again_and_again_counts_as_refused() -> None:
    box = outbox()
    drain(box)
    for n in range(1, 20):
        box.confirmed("county", receipt(n, 3, ((5, 5 + n),), want=((4, 4),)), n * 9.0)
        assert 4 in drain(box)
        if box.aside.parked:
            break
    assert n == PASSES_MAX
    assert list(box.aside.parked) == [4]
    assert box.aside.withholds(4)


def test_a_consumer_that_is_merely_away_refuses_nothing() -> None:
    box, now = outbox(), 0.0
    drain(box)
    box.confirmed("county", receipt(1, 3, ((5, 9),)), 0.0)
    for _ in range(20):
        now += 2 * STALL_S[1]
        assert box.resend_if_stalled(now, LOG)
        assert 4 in drain(box, now)
    assert box.aside.parked == {}


def test_an_urgent_row_goes_before_everything_and_once() -> None:
    box = outbox()
    box.parcel_max = 10
    box.fall_behind(20)
    for parcel in box.next(read, 20):
        box.published(parcel, 0.0)
    assert box.window.room == 2, "the whole backlog is in flight in two parcels"
    box.window.size = 2.0
    box.hurry([25, 20, 24])
    assert [row.position for (row,) in box.next(read, LOG)] == [25, 24], (
        "where the line is full; 20 is under way"
    )
    for place in (25, 24):
        box.published(read(place - 1, 1), 0.0)
    box.acknowledged(25, 0.0)
    box.acknowledged(1, 0.0)
    box.acknowledged(11, 0.0)
    assert drain(box) == [21, 22, 23, 26, 27, 28, 29, 30]


def test_an_urgent_row_of_the_backlog_overtakes_it() -> None:
    box = outbox()
    box.fall_behind(LOG)
    box.hurry([17])
    assert [row.position for (row,) in box.next(read, LOG)] == [17, 1, 2, 3]


def test_an_urgent_row_that_got_lost_is_sent_again() -> None:
    box = outbox()
    box.hurry([25])
    for parcel in box.next(read, 22):
        box.published(parcel, 0.0)
    box.disconnected()
    assert [row.position for (row,) in box.next(read, LOG)] == [25]
    for parcel in ([*read(24, 1)],):
        box.published(parcel, 0.0)
        box.acknowledged(25, 0.0)
    assert 25 not in drain(box)
    box.confirmed("county", receipt(1, 24, ((26, LOG),)), 1.0)
    assert box.resend_if_stalled(STALL_S[0] + 2, LOG)
    assert drain(box) == [25], "the broker lost it"


def test_a_takeover_blames_no_message() -> None:
    box = outbox()
    for _ in range(9):
        for parcel in box.next(read, 1):
            box.published(parcel, 0.0)
        box.disconnected(blameless=True)
    assert not box.isolating
    assert box.aside.parked == {}
    assert sorted(drain(box)) == list(range(1, LOG + 1))


def test_what_a_consumer_holds_and_wants_all_the_same_is_replayed() -> None:
    box = outbox()
    drain(box)
    box.confirmed("county", receipt(1, LOG, want=((3, 5),)), 0.0)
    assert drain(box) == [3, 4, 5]


def test_what_is_queued_again_and_heard_by_nobody_goes_once_more_when_somebody_comes() -> None:
    box = outbox()
    box.aside.park(3, "PUBACK 0x87")
    assert box.confirmed("county", Fitting(1, LOG), 0.0), "its number is settled: nobody asks for it"
    box.requeue([3])
    assert drain_once(box, heard=False) == [3]
    assert (box.aside.parked, box.next(read, LOG)) == ({3: "PUBACK 0x87"}, [])
    box.receipts_due_soon()
    assert drain_once(box, heard=True) == [3]
    assert box.aside.parked == {}
    box.receipts_due_soon()
    assert drain_once(box, heard=True) == []


def drain_once(box: Outbox, heard: bool) -> list[int]:
    parcels = box.next(read, LOG)
    for parcel in parcels:
        box.published(parcel, 0.0)
        box.acknowledged(parcel[0].position, 0.0, heard)
    return [row.position for parcel in parcels for row in parcel]


def test_a_stub_goes_as_any_other_number_and_is_mute_when_refused() -> None:
    box = outbox()
    stub = Number(1, None)
    box.published([stub], 0.0)
    box.refused([stub], "PUBACK 0x87")
    assert box.aside.parked == {}
    assert box.aside.mute == {1}


@settings(max_examples=200)
@given(
    poison=st.sets(st.integers(1, LOG), max_size=4),
    parcel_max=st.sampled_from([1, 3, 10, 200]),
    answers_lost=st.integers(0, 3),
)
def test_poison_is_set_aside_after_a_few_connections_and_never_its_neighbour(
    poison: set[int], parcel_max: int, answers_lost: int
) -> None:
    """The broker dies of poison; of the rows before it, the last answers may be lost with the connection."""
    box, arrived, ended = outbox(), set[int](), 0
    box.parcel_max = parcel_max
    box.fall_behind(LOG)

    def kills(row: Number) -> bool:
        return row.position in poison and not box.aside.withholds(row.position)

    while parcels := box.next(read, LOG):
        for parcel in parcels:
            box.published(parcel, 0.0)
        deadly = [any(map(kills, parcel)) for parcel in parcels]
        taken = parcels[: deadly.index(True)] if any(deadly) else parcels
        arrived.update(row.position for parcel in taken for row in parcel if row.position not in poison)
        for parcel in taken[: -answers_lost or None] if any(deadly) else taken:
            box.acknowledged(parcel[0].position, 0.0)
        if any(deadly):
            box.disconnected()
            ended += 1
    assert arrived == set(range(1, LOG + 1)) - poison
    assert set(box.aside.parked) == poison
    assert ended <= 5 * len(poison)
    assert not box.isolating
    assert not box.window.in_flight


def test_one_message_at_a_time_only_until_the_culprit_is_known() -> None:
    box = outbox()
    box.fall_behind(LOG)
    for parcel in box.next(read, LOG):
        box.published(parcel, 0.0)
    box.disconnected()
    for first in (1, 2, 3, 4):
        assert box.isolating
        (parcel,) = box.next(read, LOG)
        box.published(parcel, 0.0)
        box.acknowledged(first, 0.0)
    assert not box.isolating
    assert len(box.next(read, LOG)) > 1


def test_where_row_after_row_ends_the_connection_it_is_no_longer_hurried() -> None:
    box, hurried = outbox(), 0
    box.fall_behind(LOG)
    while parcels := box.next(read, LOG):
        for parcel in parcels:
            box.published(parcel, 0.0)
        box.disconnected()
        hurried += box.isolating
    assert hurried < 24
    assert set(box.aside.parked) == box.aside.mute == set(range(1, LOG + 1))


def test_a_gap_that_shrinks_is_not_replayed_again_and_again() -> None:
    """One row of a gap of 20 arrives at a time, each with a receipt that tells what is still missing."""
    box, published = outbox(), 0
    drain(box)
    for step in range(20):
        box.confirmed("county", receipt(step + 1, 1 + step, want=((2 + step, 21),)), step * 2.5)
        published += len(drain(box))
    assert published < 120
    box.confirmed("county", receipt(99, LOG), 60.0)
    assert drain(box) == []
    assert not any(box._missing.values())


def test_what_a_consumer_wants_is_replayed_once_and_not_twice_at_once() -> None:
    box = outbox()
    drain(box)
    box.confirmed("county", receipt(1, 3, want=((4, 6),)), 0.0)
    box.confirmed("county", receipt(2, 3, want=((4, 6),)), 1.0)
    assert drain(box) == [4, 5, 6]
    box.confirmed("county", receipt(3, 3, want=((4, 6),)), 9.0)
    assert drain(box) == [4, 5, 6]


def test_stalled_receipts_send_everything_again_ever_more_rarely() -> None:
    box = outbox()
    drain(box)
    assert not box.resend_if_stalled(1.0, LOG)
    assert box.resend_if_stalled(STALL_S[0] + 1, LOG)
    box.confirmed("county", receipt(1, 10, also=((12, 20),)), 12.0)
    again = drain(box)
    assert again == [11, *range(21, LOG + 1)], "what overtook is not sent again"
    assert not box.resend_if_stalled(13.0, LOG)
    waits = []
    now, last = 13.0, 12.0
    while len(waits) < 4:
        now += 1
        if box.resend_if_stalled(now, LOG):
            waits.append(now - last)
            last = now
            drain(box, now)
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_a_receipt_that_only_repeats_itself_does_not_put_off_the_last_row_that_the_broker_lost() -> None:
    box = outbox()
    drain(box)
    box.confirmed("county", receipt(1, LOG - 1), 0.0)
    for n in range(2, 8):
        box.confirmed("county", receipt(n, LOG - 1), n * 2.0)
    assert box.resend_if_stalled(15.0, LOG)
    assert drain(box) == [LOG]


def test_fresh_rows_go_before_the_backlog_and_alone() -> None:
    box = outbox()
    box.parcel_max = 10
    box.fall_behind(20)
    parcels = box.next(read, 22)
    assert [[row.position for row in parcel] for parcel in parcels] == [
        [21],
        [22],
        list(range(1, 11)),
        list(range(11, 21)),
    ]


def test_a_burst_is_backlog_and_goes_in_parcels() -> None:
    box = outbox()
    box.parcel_max = 200

    def long_log(after: int, limit: int) -> list[Number]:
        return [Number(number, None) for number in range(after + 1, 1001)][:limit]

    assert [len(parcel) for parcel in box.next(long_log, 1000)] == [200, 200, 200, 200]
    assert box.sent == 1000


def test_the_backlog_waits_for_receipts_and_a_stall_still_ends_the_wait() -> None:
    box = outbox()
    box.parcel_max = 200
    box.fall_behind(100_000)

    def long_log(after: int, limit: int) -> list[Number]:
        return [Number(number, None) for number in range(after + 1, min(after + limit, 100_000) + 1)]

    def all_sent() -> int:
        highest = 0
        while parcels := box.next(long_log, 100_000):
            for parcel in parcels:
                box.published(parcel, 0.0)
                box.acknowledged(parcel[0].position, 0.0)
                highest = parcel[-1].position
        return highest

    assert AHEAD_FIRST <= all_sent() <= AHEAD_FIRST + 200
    assert box.resend_if_stalled(STALL_S[0] + 1, 100_000)
    assert box.behind[0][0] == 1
    box.confirmed("county", receipt(1, 50_000), 20.0)
    slow = AHEAD_FIRST // 2
    assert 50_000 + slow <= all_sent() <= 50_000 + slow + 200


def test_a_fresh_row_is_confirmed_out_of_turn_and_does_not_tell_the_backlogs_pace() -> None:
    box = outbox()
    box.fall_behind(LOG - 2)
    for parcel in box.next(read, LOG):
        box.published(parcel, 0.0)
        box.acknowledged(parcel[0].position, 0.0)
    box.confirmed("county", receipt(1, 1), 0.1)
    assert box.ahead.limit == AHEAD_FIRST * 3 // 2


def test_a_parcel_that_is_refused_or_cut_off_goes_again_whole() -> None:
    box = outbox()
    box.parcel_max = 10
    box.fall_behind(LOG)
    for parcel in box.next(read, LOG):
        box.published(parcel, 0.0)
    box.refused(read(10, 10), "PUBACK 0x87")
    box.acknowledged(1, 0.0)
    box.disconnected()
    assert sorted(set(drain(box))) == list(range(11, LOG + 1))


def test_the_broker_s_word_retires_only_below_what_is_still_to_be_sent() -> None:
    box = outbox(BROKER)
    box.fall_behind(10)
    parcels = box.next(read, 12)
    assert parcels[0][0].position == 11
    for parcel in parcels:
        box.published(parcel, 0.0)
    box.acknowledged(11, 0.0)
    box.acknowledged(12, 0.0)
    assert box.retired == 0
    for parcel in parcels[2:]:
        box.acknowledged(parcel[0].position, 0.0)
    assert box.retired == 2
    drain(box)
    assert box.retired == LOG


@settings(max_examples=400)
@given(seed=st.integers(0, 10**9))
def test_whatever_happens_the_consumer_ends_with_everything(seed: int) -> None:
    """Random loss, disconnects and receipts; then a quiet phase: nothing may be missing, nothing stuck."""
    chance = random.Random(seed)
    box, held, n, now = outbox(), set[int](), 0, 0.0

    def contiguous() -> int:
        upto = 0
        while upto + 1 in held:
            upto += 1
        return upto

    for step in range(400):
        quiet = step > 250
        newest = min(LOG, 5 + step // 4)
        box.parcel_max = chance.choice([1, 3, 7])
        if chance.random() < 0.1:
            box.fall_behind(newest)
        now += 600.0 if quiet else chance.choice([0.1, 5.0, 60.0])
        if chance.random() < 0.05:
            box.hurry([chance.randint(max(1, newest - 3), newest)])
        if quiet and step % 6 == 0:
            box.unmute()  # as the uplink does each hour
            box.requeue(list(box.aside.parked))  # as a person does
        for parcel in box.next(read, newest):
            first = parcel[0].position
            box.published(parcel, now)
            if quiet or chance.random() < 0.6:
                held.update(row.position for row in parcel)
            if quiet or chance.random() < 0.8:
                box.acknowledged(first, now)
        if not quiet and chance.random() < 0.1:
            box.disconnected()
        if quiet and box.window.in_flight:
            box.disconnected()
        if quiet or chance.random() < 0.3:
            n += 1
            gaps = tuple((p, p) for p in range(contiguous() + 1, max(held, default=0)) if p not in held)
            box.confirmed("county", receipt(n, contiguous(), want=gaps), now)
        assert box.retired <= contiguous(), "retired what nobody holds"
        box.resend_if_stalled(now, newest)
    assert held == set(range(1, LOG + 1))
    assert box.retired == LOG
    assert not box.isolating


@settings(max_examples=200)
@given(seed=st.integers(0, 10**9))
def test_what_was_taken_from_a_lane_and_never_published_is_sent_again(seed: int) -> None:
    """Reads fail, and lives end between one message and the next; the broker alone confirms."""
    chance = random.Random(seed)
    box, took = outbox(BROKER), set[int]()

    def failing(after: int, limit: int) -> list[Number]:
        if chance.random() < 0.2:
            raise OSError("disk I/O error")
        return read(after, limit)

    for step in range(200):
        newest = min(LOG, 5 + step // 4)
        box.parcel_max = chance.choice([1, 3, 7])
        if chance.random() < 0.2:
            box.fall_behind(newest)
        if chance.random() < 0.1:
            box.hurry([chance.randint(max(1, newest - 3), newest)])
        try:
            for parcel in box.next(failing, newest, chance.choice([1, 3, 8])):
                if chance.random() < 0.1:
                    raise OSError("a bug on the way out")
                box.published(parcel, step)
                took.update(row.position for row in parcel)
                box.acknowledged(parcel[0].position, step)
        except OSError:
            box.disconnected(blameless=True)
        assert took.issuperset(range(1, box.retired + 1)), "retired what the broker never took"
    took.update(drain(box))
    assert took == set(range(1, LOG + 1))


def test_a_crowded_consumer_is_not_sent_copies_of_everything() -> None:
    """Receipts take 200 s, as where a thousand halls come at once: what waits is not lost."""
    lag, newest, box, n = 200, 8_000, Outbox({"county": Confirmation()}, parcel_max=200), 0
    box.ahead.limit = 400
    box.fall_behind(newest)
    sent, came = 0, dict[int, int]()
    for now in range(20_000):
        box.resend_if_stalled(now, newest)
        for parcel in box.next(lambda after, limit: rows_of(newest, after, limit), newest):
            box.published(parcel, now)
            box.acknowledged(parcel[0].position, now)
            sent += len(parcel)
            came.setdefault(parcel[-1].position, now)
        upto = max((last for last, at in came.items() if at + lag <= now), default=0)
        if upto > box.retired:
            n += 1
            box.confirmed("county", receipt(n, upto), now)
        if box.retired == newest:
            break
    assert box.retired == newest
    assert sent < 2 * newest, f"{sent} sent for {newest}"


def rows_of(newest: int, after: int, limit: int) -> list[Number]:
    return [Number(number, b"x") for number in range(after + 1, min(after + limit, newest) + 1)]

"""Missing numbers are asked for after a moment, then ever more rarely, until the hall moves on."""

from edge.consume.patience import FIRST_ASK_S, LONGEST_S, Patience


def test_gap_that_closes_by_itself_is_not_asked_for():
    patience = Patience()
    assert patience.ask({"a": 3}, 0.0) == frozenset()
    assert patience.ask({"a": 4}, FIRST_ASK_S) == frozenset()
    assert patience.ask({}, FIRST_ASK_S * 3) == frozenset()


def test_each_ask_waits_twice_as_long_up_to_a_bound():
    patience, asked = Patience(), []
    for now in range(2000):
        if patience.ask({"a": 3}, float(now)):
            asked.append(now)
    waits = [later - sooner for sooner, later in zip(asked, asked[1:], strict=False)]
    assert asked[0] == FIRST_ASK_S
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == LONGEST_S


def test_progress_starts_over_and_halls_are_apart():
    patience = Patience()
    patience.ask({"a": 3, "b": 0}, 0.0)
    assert patience.ask({"a": 5, "b": 0}, 1.0) == {"b"}
    assert patience.ask({"a": 5, "b": 0}, 2.0) == {"a"}

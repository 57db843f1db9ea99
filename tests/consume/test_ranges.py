"""Ranges of numbers say what a set of numbers would."""

from hypothesis import given
from hypothesis import strategies as st

from edge.consume.ranges import contains, gaps, insert


@given(st.lists(st.integers(1, 40), unique=True), st.integers(0, 50))
def test_ranges_are_the_set(numbers, highest):
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        assert not contains(ranges, number)
        insert(ranges, number)
    assert {n for first, last in ranges for n in range(first, last + 1)} == set(numbers)
    assert [n for n in range(50) if contains(ranges, n)] == sorted(numbers)
    assert all(left[1] + 1 < right[0] for left, right in zip(ranges, ranges[1:], strict=False))
    missing = {n for first, last in gaps(0, ranges, highest) for n in range(first, last + 1)}
    assert missing == set(range(1, max([highest, *numbers]) + 1)) - set(numbers)

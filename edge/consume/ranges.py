"""Sets of numbers as sorted, disjoint, inclusive ranges, as receipts carry them. Pure but for `insert`."""

from bisect import bisect_right

from edge.contract import Range


def contains(ranges: list[Range], number: int) -> bool:
    """Whether `number` is in one of the ranges."""
    at = bisect_right(ranges, number, key=_first)
    return at > 0 and ranges[at - 1][1] >= number


def insert(ranges: list[Range], number: int) -> None:
    """Add `number`, which must not be there yet, and join what touches."""
    at = bisect_right(ranges, number, key=_first)
    joins_left = at > 0 and ranges[at - 1][1] == number - 1
    joins_right = at < len(ranges) and ranges[at][0] == number + 1
    first = ranges[at - 1][0] if joins_left else number
    last = ranges[at][1] if joins_right else number
    ranges[at - joins_left : at + joins_right] = [(first, last)]


def gaps(upto: int, ranges: list[Range], highest: int) -> list[Range]:
    """What is missing between `upto` and the last of `ranges`, or `highest` if that is more."""
    found = []
    for first, last in ranges:
        if first > upto + 1:
            found.append((upto + 1, first - 1))
        upto = max(upto, last)
    if highest > upto:
        found.append((upto + 1, highest))
    return found


def _first(one: Range) -> int:
    return one[0]

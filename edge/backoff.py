"""How long to wait before trying again."""

import random

Bounds = tuple[float, float]
"""(first, longest) wait in seconds."""


def next_wait(bounds: Bounds, before: float) -> float:
    """The wait after `before`: at least the first bound, doubling to the longest, with full jitter."""
    first, longest = bounds
    return random.uniform(first, min(longest, max(first, before * 2)))  # noqa: S311 - jitter, no secret

"""How long to wait before trying again."""

import random

Bounds = tuple[float, float]
"""(first, longest) wait in seconds."""


def next_wait(bounds: Bounds, before: float) -> float:
    """The wait after `before` (0 = the first failure): decorrelated jitter, on average half as long again."""
    first, longest = bounds
    return random.uniform(first, min(longest, 3 * max(first, before)))  # noqa: S311 - jitter, no secret

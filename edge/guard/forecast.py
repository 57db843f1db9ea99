"""When a terminal's log will be full, by what people punched there lately. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta

NEARLY_FULL = 0.8
"""From here on somebody is told: what happens to a full log depends on the terminal, and is never good."""
LATELY_DAYS = 14


def nearly_full(counts: Mapping[str, int]) -> bool:
    """Whether a log is filled so far that a person should see to it."""
    logs, log_max = counts.get("logs", 0), counts.get("log_max", 0)
    return log_max > 0 and logs >= NEARLY_FULL * log_max


def days_left(records: Mapping[str, int], today: date, counts: Mapping[str, int]) -> float | None:
    """Days until a log is full; None where it does not say, or nobody punched lately.

    records: day -> records. The days count from the first that has any, so a new terminal is no quiet one.
    """
    logs, log_max = counts.get("logs"), counts.get("log_max")
    lately = [(today - timedelta(days=back)).isoformat() for back in range(LATELY_DAYS, 0, -1)]
    known = [day for day in lately if day >= min(records, default="~")]
    growth = sum(records.get(day, 0) for day in known)
    if logs is None or not log_max or not growth:
        return None
    return max(0.0, (log_max - logs) * len(known) / growth)

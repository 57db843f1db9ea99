"""The official code schemes, which run in opposite directions (domain §0.1), read both ways. Pure.

A raw digit never travels on: it is turned into a level by the scheme or key map of its source, here.
"""

from collections.abc import Mapping

from drivers.evaluation.levels import LEVELS, Level

SCHEMES: Mapping[str, Mapping[Level, str]] = {
    "gbt39046": dict(zip(LEVELS, "12345", strict=True)),
    "stars": dict(zip(LEVELS, "54321", strict=True)),
    "from_zero": dict(zip(LEVELS, "01234", strict=True)),
}
"""Name -> level -> code. gbt39046: GB/T 39046-2020 table A.8. stars: interfaces of the 好差评 programme and
most evaluator SDKs. from_zero: the second mode of one of those SDKs."""


def encode(scheme: str, level: Level) -> str:
    """The code of a level; KeyError where there is no such scheme."""
    return SCHEMES[scheme][level]


def decode(scheme: str, code: str) -> Level | None:
    """The level of a code; None: it is no level in this scheme (a timeout, noise, another scheme)."""
    return next((level for level, own in SCHEMES[scheme].items() if own == code), None)

"""The keys of a `driver = "hikvision"` table."""

from dataclasses import dataclass

from drivers.hikvision.events import METHODS
from drivers.http.options import HttpOptions

REFUSALS = frozenset({8, 9, 39, 76})
"""Minors that say «denied» or «unknown», though some name a person."""


@dataclass(frozen=True, slots=True)
class HikvisionOptions(HttpOptions):
    """One terminal; pass_minors: which minors of major 5 are a punch."""

    pass_minors: tuple[int, ...] = tuple(METHODS)

    def __post_init__(self) -> None:
        """ValueError that names the key."""
        HttpOptions.__post_init__(self)
        wrong = [minor for minor in self.pass_minors if minor in REFUSALS or not 0 < minor < 0x10000]
        if wrong or not self.pass_minors:
            raise ValueError(f"pass_minors: {wrong} 不是通过事件 / are no passes")

"""The shape of one cause."""

from typing import NamedTuple


class Cause(NamedTuple):
    """What is wrong, and what to do next, in both languages."""

    zh: str
    en: str
    next_zh: str
    next_en: str

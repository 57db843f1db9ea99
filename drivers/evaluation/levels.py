"""The five levels of satisfaction and the words around a rating (domain §2.2, §2.3). Pure.

A level is a name; a digit means nothing without the device or the scheme it comes from (`codes`).
"""

from typing import Literal, get_args

Level = Literal["very_satisfied", "satisfied", "basically_satisfied", "dissatisfied", "very_dissatisfied"]
Channel = Literal["hall_tablet", "hall_terminal", "qr", "guestbook", "pc", "mobile", "phone", "sms"]
Trigger = Literal["staff", "business_system", "queue", "citizen"]
Page = Literal["local", "provincial"]
Unrated = Literal["timeout", "cancelled", "device_error"]
Scale = Literal[3, 4, 5]

LEVELS: tuple[Level, ...] = get_args(Level)
"""From the best to the worst."""
STARS: dict[Level, int] = {level: 5 - place for place, level in enumerate(LEVELS)}
NAMES: dict[Level, tuple[str, str]] = {
    "very_satisfied": ("非常满意", "very satisfied"),
    "satisfied": ("满意", "satisfied"),
    "basically_satisfied": ("基本满意", "basically satisfied"),
    "dissatisfied": ("不满意", "dissatisfied"),
    "very_dissatisfied": ("非常不满意", "very dissatisfied"),
}
"""Chinese and English, in the fixed wording of the standard."""
BAD_UP_TO = 2
"""The last two levels are 差评."""


def level_of(stars: int) -> Level:
    """The level of 1 to 5 stars; ValueError for any other number."""
    if not 1 <= stars <= len(LEVELS):
        raise ValueError(f"{stars}: stars are 1 to 5")
    return LEVELS[5 - stars]


def bad(stars: object) -> bool:
    """Whether this is a 差评: it goes upstream before everything else."""
    return isinstance(stars, int) and stars <= BAD_UP_TO

"""Settings of a terminal that lose punches without a fault: which are wrong, and how each is told. Pure.

A setting that cannot be read is told as such, and is never guessed at.
"""

from collections.abc import Iterator, Mapping

from edge.words import Lang, say

PERIOD_TOLERATED_S = 60
"""A pause between two passes of a person that is shorter hides no leave and return."""


def wrong(settings: Mapping[str, int | None]) -> Iterator[tuple[str, str]]:
    """Cause and detail of each setting that a person should change."""
    period_s = settings.get("duplicate_period_s") or 0
    if period_s >= PERIOD_TOLERATED_S:
        yield "duplicate_period", f"{period_s // 60} min"
    if settings.get("cyclic_delete") == 0:
        yield "cyclic_delete_off", "0"


def told(settings: Mapping[str, int | None], lang: Lang) -> str:
    """What each setting is, in one line; "" where none was asked for."""
    return say(lang, "between").join(_one(name, value, lang) for name, value in settings.items())


def _one(name: str, value: int | None, lang: Lang) -> str:
    if value is None:
        return say(lang, f"setting.{name}", value=say(lang, "setting.unreadable"))
    if name == "cyclic_delete":
        return say(lang, f"setting.{name}", value=say(lang, "setting.on" if value else "setting.off"))
    return say(lang, f"setting.{name}", value=f"{value} s" if value % 60 else f"{value // 60} min")

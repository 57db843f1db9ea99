"""Times, spans, clock offsets and other people's text in the short form that people read. Pure.

A time is shown as seen from a given moment `at`; nothing here reads a clock.
"""

from datetime import datetime, timedelta
from unicodedata import bidirectional, category

from edge.words import Lang, say

NOTHING = "–"
NAME_MAX = 60
TEXT_MAX = 300
_STEERS_DIRECTION = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def plain(text: str, limit: int) -> str:
    """`text` on one line, at most `limit` characters, what would steer the display made visible as `�`."""
    clean = "".join("�" if _steers(letter) else letter for letter in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def moment(text: str | None, at: str, lang: Lang) -> str:
    """An ISO time as short as it stays clear, seen from `at`; what is no time is shown as it is."""
    if not text:
        return NOTHING
    try:
        now = datetime.fromisoformat(at)
        then = datetime.fromisoformat(text).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        return plain(text, NAME_MAX)
    match (now.date() - then.date()).days:
        case 0:
            return f"{then:%H:%M:%S}"
        case 1:
            return say(lang, "page.yesterday", time=f"{then:%H:%M}")
    return f"{then:%m-%d %H:%M}" if then.year == now.year else f"{then:%Y-%m-%d %H:%M}"


def since(text: str, at: str, lang: Lang) -> str:
    """A moment and how long ago it was: `07:46:10 (26 min)`."""
    try:
        age = datetime.fromisoformat(at) - datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return moment(text, at, lang)
    return f"{moment(text, at, lang)} ({span(age, lang)})"


def span(age: timedelta, lang: Lang) -> str:
    """A length of time in its largest unit."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return say(lang, "page.minutes", n=minutes)
    if minutes < 48 * 60:
        return say(lang, "page.hours", n=minutes // 60)
    return say(lang, "page.days", n=minutes // (24 * 60))


def clock_offset(offset_ms: int | None) -> str:
    """The device's clock minus ours: `+0.4 s`, `-96 s`, `+9 h`."""
    if offset_ms is None:
        return NOTHING
    seconds = offset_ms / 1000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:+.0f} {unit}"
    return f"{round(seconds, 1) + 0.0:+.1f} s" if abs(seconds) < 10 else f"{seconds:+.0f} s"  # no "-0.0"


def _steers(letter: str) -> bool:
    return category(letter) in ("Cc", "Cs") or bidirectional(letter) in _STEERS_DIRECTION

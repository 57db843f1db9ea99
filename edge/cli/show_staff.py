"""Staff orders as text: what is open since when, what each terminal answered, and the next step."""

from collections.abc import Sequence

from edge.snapshot import StaffPart
from edge.words import Lang, cause_text, next_step, say
from edge.words.text import aligned, inert

MARK = {"done": "√", "failed": "×", "expired": "×", "waiting": "·", "sent": "·"}
COLUMNS = (
    "staff.col.order",
    "staff.col.command",
    "staff.col.person",
    "col.device",
    "col.state",
    "col.since",
    "staff.col.given",
    "staff.col.expires",
    "staff.col.answer",
)


def staff_lines(parts: Sequence[StaffPart], lang: Lang) -> list[str]:
    """A line for each terminal's share."""
    if not parts:
        return [say(lang, "staff.none")]
    return aligned([[say(lang, name) for name in COLUMNS], *(_row(part, lang) for part in parts)])


def _row(part: StaffPart, lang: Lang) -> list[str]:
    told = cause_text(lang, part.cause) + (f" ({inert(part.detail)})" if part.detail else "")
    step = "" if part.state == "done" else next_step(lang, part.cause)
    return [
        part.order,
        say(lang, f"staff.{part.command}"),
        inert(part.user),
        inert(part.device_id),
        f"{MARK[part.state]} {say(lang, f'staff.{part.state}')}",
        _moment(part.since),
        f"{_moment(part.given)} {inert(part.actor)}",
        part.expires[:10],
        f"{told} → {step}" if step else told,
    ]


def _moment(text: str) -> str:
    return text[5:19].replace("T", " ")

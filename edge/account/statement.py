"""The account of one day as a table of texts, for the command line, the printed page and the sheet. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge.payloads import DeviceReconciled
from edge.words import Lang, cause_text, next_step, say

COLUMNS = (
    "device",
    "serial",
    "on_terminal",
    "distinct",
    "stored",
    "before",
    "confirmed",
    "missing",
    "more_here",
    "unproved",
    "late",
    "quarantined",
    "result",
)
ORDER = ("missing", "unknown", "pending", "unconfirmed", "unproved", "more_here", "equal")
"""Worst first."""


class Anchor(NamedTuple):
    """Where the hall's log stood: with it `hall-edge verify` proves that nothing was altered since."""

    epoch: str
    number: int
    head: str


class Statement(NamedTuple):
    """The page: whose, of which day, made when, one account a terminal; names: of the devices."""

    hall: str
    place: str
    day: str
    made: str
    accounts: Sequence[DeviceReconciled]
    anchor: Anchor | None
    names: Mapping[str, str] = {}

    @property
    def worst(self) -> str:
        """The worst of its results; "unknown" without any."""
        return min((each.result for each in self.accounts), key=ORDER.index, default="unknown")


Cell = str | int


def heads(lang: Lang) -> list[str]:
    """The heads of the columns."""
    return [say(lang, f"rec.{name}") for name in COLUMNS]


def rows(statement: Statement, lang: Lang) -> list[list[Cell]]:
    """One row a terminal; numbers stay numbers, and what is not known is «未知»."""
    return [_row(each, statement.names.get(each.device_id, ""), lang) for each in statement.accounts]


def totals(statement: Statement) -> dict[str, int]:
    """Sums over the terminals that were counted."""
    found = dict.fromkeys(("on_terminal", "distinct", "stored", "confirmed", "late"), 0)
    for each in (each for each in statement.accounts if each.on_terminal is not None):
        for name in found:
            found[name] += getattr(each, name) or 0
    return found


def verdict(account: DeviceReconciled, lang: Lang) -> str:
    """The result in words, with its reason and what to do next."""
    word = f"rec_{account.result}"
    parts = [cause_text(lang, word)]
    if account.reason:
        parts.append(f"{cause_text(lang, account.reason)}")
    step = next_step(lang, account.reason or word)
    return ": ".join(parts) + (f" → {step}" if account.result not in ("equal",) and step else "")


def _row(each: DeviceReconciled, name: str, lang: Lang) -> list[Cell]:
    numbers = (
        each.on_terminal,
        each.distinct,
        each.stored,
        each.before_service,
        each.confirmed,
        each.missing,
        each.more_here,
        each.unproved,
        each.late,
        each.quarantined,
    )
    known = [say(lang, "rec.not_known") if n is None else n for n in numbers]
    device = f"{name} ({each.device_id})" if name not in ("", each.device_id) else each.device_id
    return [device, each.device_serial or "-", *known, verdict(each, lang)]

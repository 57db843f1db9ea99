"""Questions to a terminal that are under way: when each is due, and whether its answer is whole. Pure.

The terminal answers DATA QUERY by uploads that name our id, in numbered packs, and by a result. Only both
together are an answer; which comes first is not documented. What outlives a crash is `known`; after one a
question is asked again, which does no harm: the records name themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from drivers.adms.known import Command, Known

AGAIN_S = 300.0
"""A question without an answer is asked again."""
TRIES = 3
MARGIN = timedelta(seconds=60)
"""What is being recorded while the terminal answers is not claimed to be in the answer."""
BEGINNING = "2000-01-01 00:00:00"
GIVEN_MAX = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it was put last. until: its clock then. packs: those that came, of `count`."""

    at_s: float
    until: str
    tries: int = 1
    packs: frozenset[int] = frozenset()
    count: int = 0
    result: int | None = None

    @property
    def answered(self) -> bool:
        """All packs came, and the terminal says that it is done."""
        done = self.result is not None and self.result >= 0
        return done and self.count > 0 and len(self.packs) == self.count


@dataclass(slots=True)
class Queries:
    """Those of one life."""

    asked: dict[str, Asked] = field(default_factory=dict)

    def due(
        self, commands: Iterable[Command], known: Known, now_s: float, at: datetime, offset: timedelta
    ) -> list[tuple[str, str]]:
        """What to ask now, as `(id, command)`. offset: the terminal's clock minus ours, as far as known."""
        found: list[tuple[str, str]] = []
        for command in commands:
            before = self.asked.get(command.id)
            if len(found) < GIVEN_MAX and (before is None or now_s - before.at_s >= AGAIN_S):
                until = (at.replace(tzinfo=None) + offset - MARGIN).isoformat(timespec="seconds")
                self.asked[command.id] = Asked(now_s, until, before.tries + 1 if before else 1)
                found.append((command.id, _query(command, known, at)))
        return found

    def begins(self, name: str, index: str) -> bool:
        """Whether this pack is the first of an answer."""
        asked = self.asked.get(name)
        return asked is not None and not asked.packs and index == "1"

    def came(self, name: str, index: str) -> bool:
        """Whether this pack was here before."""
        asked = self.asked.get(name)
        return asked is not None and index in map(str, asked.packs)

    def pack(self, name: str, index: str, count: str, now_s: float) -> None:
        """A pack of an answer is stored; a long answer has all the time it needs from pack to pack."""
        asked = self.asked.get(name)
        numbers = index.isdecimal() and count.isdecimal() and len(index) < 7 and len(count) < 7
        if asked is None or not numbers or not 1 <= int(index) <= int(count):
            return
        same = asked.count == int(count)
        packs = (asked.packs if same else frozenset()) | {int(index)}
        self.asked[name] = replace(asked, at_s=now_s, packs=packs, count=int(count))

    def result(self, name: str, code: int) -> None:
        """The terminal says what became of it."""
        if name in self.asked:
            self.asked[name] = replace(self.asked[name], result=code)

    def forget(self, name: str) -> None:
        """It needs no answer any more."""
        self.asked.pop(name, None)

    def outcome(self, name: str, now_s: float) -> str:
        """`ok`; `refused` or `silent` where nothing more will come; "" while it is under way."""
        asked = self.asked.get(name)
        if asked is None:
            return ""
        if asked.answered:
            return "ok"
        if asked.result is not None and asked.result < 0:
            return "refused"
        late = now_s - asked.at_s >= AGAIN_S
        return ("empty" if asked.result is not None else "silent") if late and asked.tries >= TRIES else ""


def _query(command: Command, known: Known, at: datetime) -> str:
    now = at.replace(tzinfo=None)
    last = (now + timedelta(days=1)).isoformat(" ", "seconds")
    match command.kind:
        case "since" if known.complete:
            first = min(known.complete, known.newest or known.complete, command.first or known.complete)
            last = max(last, command.last.replace("T", " "))
        case "recount":
            first = command.first or BEGINNING
        case _:
            first = BEGINNING
    return f"DATA QUERY ATTLOG StartTime={first.replace('T', ' ')}\tEndTime={last}"

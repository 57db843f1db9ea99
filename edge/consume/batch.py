"""What one batch of messages changes: gathered while its items are settled, told after the commit. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from edge.consume.book import Book
from edge.consume.database import EventRow, WithheldRow
from edge.consume.read import Garbage, Numbered
from edge.contract import Event
from edge.payloads import EventWithheld


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one source since the ledger was opened; `gaps` = numbers missing now.

    withheld: numbers that were settled without their event.
    """

    events: int
    duplicates: int
    refused: int
    conflicts: int
    gaps: int
    withheld: int = 0


COUNTED = ("events", "duplicates", "refused", "conflicts", "withheld")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one batch changed.

    due: halls to which a receipt must go. refused, garbage, withheld: seen for the first time.
    conflicts: numbers that came again with other bytes.
    """

    events: tuple[Event, ...]
    due: frozenset[str]
    refused: tuple[Numbered, ...]
    garbage: tuple[Garbage, ...]
    conflicts: tuple[Numbered, ...]
    withheld: tuple[Numbered, ...] = ()


@dataclass(slots=True)
class Batch:
    """The work on one batch. offered: events by id, the first copy of each; rows: the same.

    usable: `(ledger, sequence)`. missing: word of events not offered before it, by `(ledger, sequence)`.
    arrived: ids of events that came under their own number. books, halls: changed.
    """

    due: set[str] = field(default_factory=set)
    offered: dict[str, Event] = field(default_factory=dict)
    rows: list[EventRow] = field(default_factory=list)
    usable: set[tuple[int, int]] = field(default_factory=set)
    missing: dict[tuple[int, int], WithheldRow] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)
    refused: list[Numbered] = field(default_factory=list)
    garbage: list[Garbage] = field(default_factory=list)
    conflicts: list[Numbered] = field(default_factory=list)
    withheld: list[Numbered] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    books: set[Book] = field(default_factory=set)
    halls: set[str] = field(default_factory=set)

    def conflict(self, item: Numbered) -> None:
        """Other bytes than the number's."""
        self.conflicts.append(item)
        self.counts[item.source, "conflicts"] += 1

    def withhold(self, ledger: int, item: Numbered, told: EventWithheld) -> None:
        """A number is settled by word of its event, which is missing unless this batch has it elsewhere."""
        if told.event_id not in self.offered:
            self.missing[ledger, item.sequence] = WithheldRow(ledger, item.sequence, told)
        self.withheld.append(item)
        self.counts[item.source, "withheld"] += 1

    def offer(self, event: Event, sequence: int, body: bytes) -> None:
        """An event that counts if its id is new."""
        if event.id in self.offered:
            self.counts[event.source, "duplicates"] += 1
            return
        self.offered[event.id] = event
        row = (event.id, event.source, event.epoch, sequence, event.type, event.time, body.decode())
        self.rows.append(EventRow._make(row))

    def add(self, known: set[str]) -> None:
        """What was offered is kept; these ids were there already."""
        for name in known:
            self.counts[self.offered.pop(name).source, "duplicates"] += 1
        for source, events in Counter(event.source for event in self.offered.values()).items():
            self.counts[source, "events"] += events

    def taken(self) -> Taken:
        """To be told after the commit."""
        return Taken(
            tuple(self.offered.values()),
            frozenset(self.due),
            tuple(self.refused),
            tuple(self.garbage),
            tuple(self.conflicts),
            tuple(self.withheld),
        )

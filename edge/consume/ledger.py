"""The consumer's rules: what counts, what is missing, what a receipt says. Knows no MQTT and no clock.

1. An event counts by its id: the first copy wins, for ever, whichever epoch and number it came under. Word
   that one is withheld settles its number only: the event counts when it comes.
2. `(source, epoch, sequence)` is only the ledger of gaps (`book.py`).
3. A hall has one present epoch: the one its `state` names, else the one begun last. The ledgers of the
   others are closed: nothing of them is wanted, but late events of them still count by rule 1.
4. One transaction per batch of messages, which also raises `n` of each receipt that is due. Acknowledge the
   messages, then send the receipts, after `take` returned.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edge.consume.book import Book, Settled
from edge.consume.read import Garbage, Heard, Item, Numbered, read
from edge.consume.tables import Tables
from edge.contract import RANGES_MAX, Event, Range, Receipt
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
class _Hall:
    """`n`: newest receipt number. `sent_to`: the newest number the hall says it sent in `epoch`."""

    epoch: str
    n: int
    sent_to: int = 0


@dataclass(slots=True)
class _Batch:
    events: list[Event] = field(default_factory=list)
    due: set[str] = field(default_factory=set)
    refused: list[Numbered] = field(default_factory=list)
    garbage: list[Garbage] = field(default_factory=list)
    conflicts: list[Numbered] = field(default_factory=list)
    withheld: list[Numbered] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    books: set[Book] = field(default_factory=set)
    halls: set[str] = field(default_factory=set)


class Ledger:
    """The ledgers of the application `app` in one database. For one thread."""

    def __init__(self, path: Path, app: str = "") -> None:
        self._app = app
        self._tables = Tables(path)
        self._books: dict[tuple[str, str], Book] = {}
        self._halls: dict[str, _Hall] = {}
        self._awaits = False
        self._counts: Counter[tuple[str, str]] = Counter()
        self._load()

    def _load(self) -> None:
        self._books.clear()
        self._halls = {source: _Hall(epoch, n) for source, epoch, n in self._tables.halls()}
        self._awaits = self._tables.awaits()

    def close(self) -> None:
        """Let the database go."""
        self._tables.close()

    def take(self, messages: Sequence[tuple[str, bytes]]) -> Taken:
        """Commit what `(topic, payload)` messages say. On an error nothing is changed: take them again."""
        items = [item for topic, payload in messages for item in read(topic, payload, self._app)]
        batch = _Batch()
        self._commit(items, batch)
        self._counts.update(batch.counts)
        return Taken(
            tuple(batch.events),
            frozenset(batch.due),
            tuple(batch.refused),
            tuple(batch.garbage),
            tuple(batch.conflicts),
            tuple(batch.withheld),
        )

    def renew(self, sources: Iterable[str]) -> None:
        """Raise `n` of these halls, so that their next receipts are obeyed though nothing changed."""
        self._commit([], _Batch(due=set(sources)))

    def sources(self) -> frozenset[str]:
        """Every hall that has a ledger."""
        return frozenset(self._halls)

    def lacking(self) -> Mapping[str, int]:
        """The halls in whose present epoch numbers are missing -> up to where none is."""
        return {source: self._present(source).upto for source in self._halls if self._gaps(source)}

    def receipt(self, source: str, ask: bool) -> Receipt:
        """The receipt of a hall of `sources()`, as committed; with what is missing if `ask`."""
        book = self._present(source)
        return Receipt(
            n=self._halls[source].n,
            epoch=book.epoch,
            upto=book.upto,
            head=book.head,
            also=tuple(book.above[:RANGES_MAX]),
            want=tuple(self._gaps(source)[:RANGES_MAX]) if ask else (),
            refused=tuple(book.refusals()),
        )

    def counts(self) -> Mapping[str, Counts]:
        """Per source; under "" what came from nobody that can be named."""
        return {source: self._count(source) for source in {"", *self._halls}}

    def _count(self, source: str) -> Counts:
        missing = self._gaps(source) if source in self._halls else []
        gaps = sum(last - first + 1 for first, last in missing)
        what = ("events", "duplicates", "refused", "conflicts", "withheld")
        return Counts(gaps=gaps, **{name: self._counts[source, name] for name in what})

    def _gaps(self, source: str) -> list[Range]:
        return self._present(source).gaps(self._halls[source].sent_to)

    def _present(self, source: str) -> Book:
        return self._book(source, self._halls[source].epoch)

    def _book(self, source: str, epoch: str) -> Book:
        """The ledger of an epoch; one that is begun by this is the hall's present one."""
        book = self._books.get((source, epoch))
        if book is None:
            book = self._books[source, epoch] = Book(self._tables, source, epoch)
            if book.begun:
                self._enter(source, epoch)
        return book

    def _enter(self, source: str, epoch: str) -> None:
        hall = self._halls.setdefault(source, _Hall(epoch, 0))
        if hall.epoch != epoch:
            hall.epoch, hall.sent_to = epoch, 0

    def _commit(self, items: Iterable[Item], batch: _Batch) -> None:
        try:
            with self._tables.transaction():
                for item in items:
                    self._settle(item, batch)
                self._save(batch)
        except BaseException:  # whatever it was, the transaction is taken back and it goes on
            self._load()
            raise

    def _settle(self, item: Item, batch: _Batch) -> None:
        match item:
            case Garbage():
                self._discard(item, batch)
            case Heard():
                self._hear(item, batch)
            case Numbered():
                settled = self._enter_number(item, batch)
                if item.withheld is None:
                    self._enter_event(item, settled, batch)

    def _discard(self, item: Garbage, batch: _Batch) -> None:
        if self._tables.discard(item.topic, item.body, item.reason):
            batch.garbage.append(item)
        batch.counts["", "refused"] += 1

    def _hear(self, item: Heard, batch: _Batch) -> None:
        if item.ready:
            self._book(item.source, item.epoch)
            self._enter(item.source, item.epoch)
            self._halls[item.source].sent_to = item.sent_to
            batch.due.add(item.source)
        if item.source in self._halls:
            hall = self._halls[item.source]
            hall.n = max(hall.n, item.n)
            batch.halls.add(item.source)

    def _enter_number(self, item: Numbered, batch: _Batch) -> Settled:
        book = self._book(item.source, item.epoch)
        settled = book.settle(item)
        batch.due.add(item.source)
        if settled == "new":
            batch.books.add(book)
            if item.withheld is not None:
                self._withhold(book, item, item.withheld, batch)
            elif item.event is None:
                self._tables.refuse(book.key, item.sequence, item.topic, item.body, item.reason)
                batch.refused.append(item)
        elif settled == "conflict":
            self._conflict(item, batch)
        for sequence in book.given_up():
            self._tables.give_up(book.key, sequence)
            self._conflict(msgspec.structs.replace(item, sequence=sequence), batch)
        return settled

    @staticmethod
    def _conflict(item: Numbered, batch: _Batch) -> None:
        batch.conflicts.append(item)
        batch.counts[item.source, "conflicts"] += 1

    def _withhold(self, book: Book, item: Numbered, told: EventWithheld, batch: _Batch) -> None:
        self._tables.withhold(book.key, item.sequence, told)
        self._awaits = True
        batch.withheld.append(item)
        batch.counts[item.source, "withheld"] += 1

    def _enter_event(self, item: Numbered, settled: Settled, batch: _Batch) -> None:
        if item.event is None:
            batch.counts[item.source, "refused"] += 1
            return
        if settled == "known":
            self._tables.use(self._book(item.source, item.epoch).key, item.sequence)
        if self._awaits and settled != "conflict":
            self._tables.arrive(item.event.id)
        if self._tables.add_event(item.event, item.sequence, item.body):
            batch.events.append(item.event)
            batch.counts[item.source, "events"] += 1
        else:
            batch.counts[item.source, "duplicates"] += 1

    def _save(self, batch: _Batch) -> None:
        for book in batch.books:
            book.save()
        for source in batch.due:
            self._halls[source].n += 1
        for source in batch.due | batch.halls:
            hall = self._halls[source]
            self._tables.save_hall(source, hall.epoch, hall.n)

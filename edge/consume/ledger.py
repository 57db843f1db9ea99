"""The consumer's rules: what counts, what is missing, what a receipt says. Knows no MQTT and no clock.

1. An event counts by its id: the first copy wins, for ever, whichever epoch and number it came under. Word
   that one is withheld settles its number only: the event counts when it comes.
2. `(source, epoch, sequence)` is only the ledger of gaps (`book.py`).
3. A hall has one present epoch: the one its `state` names, else the one begun last. The ledgers of the
   others are closed: nothing of them is wanted, but late events of them still count by rule 1.
4. One transaction per batch of messages, which also raises `n` of each receipt that is due. Acknowledge the
   messages, then send the receipts, after `take` returned.
5. What is remembered of a hall holds while its row is what we left: another worker's commit raises its `n`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edge.consume.batch import COUNTED, Batch, Counts, Taken
from edge.consume.book import Book, Settled
from edge.consume.database import Database, HallRow, open_tables
from edge.consume.read import Garbage, Heard, Item, Numbered, read
from edge.contract import RANGES_MAX, Event, Range, Receipt, Refusal


@dataclass(slots=True)
class _Hall:
    """`n`: newest receipt number. `sent_to`: the newest number the hall says it sent in `epoch`.

    row: as committed. books: what is remembered of its ledgers, per epoch.
    """

    epoch: str
    n: int
    sent_to: int = 0
    row: HallRow | None = None
    books: dict[str, Book] = field(default_factory=dict)


class Ledger:
    """The ledgers of the application `app` in one database. For one thread; errors are DatabaseFails."""

    def __init__(self, database: Database, app: str = "", password_file: Path | None = None) -> None:
        self._app = app
        self._tables = open_tables(database, password_file)
        self._halls: dict[str, _Hall] = {}
        self._refused_told: dict[int, int] = {}
        self._counted: Counter[tuple[str, str]] = Counter()
        self._counts: dict[str, Counts] = {}

    def close(self) -> None:
        """Let the database go."""
        self._tables.close()

    def take(self, messages: Sequence[tuple[str, bytes]]) -> Taken:
        """Commit what `(topic, payload)` messages say. On an error nothing is changed: take them again."""
        items = [item for topic, payload in messages for item in read(topic, payload, self._app)]
        batch = Batch()
        self._commit(items, batch)
        self._count(batch)
        return batch.taken()

    def renew(self, sources: Iterable[str]) -> None:
        """Raise `n` of these halls, so that their next receipts are obeyed though nothing changed."""
        self._commit([], Batch(due=set(sources)))

    def numbers(self) -> Mapping[str, int]:
        """Every hall that has a ledger -> its newest receipt number, whoever raised it."""
        with self._tables.snapshot():
            return {row.source: row.n for row in self._tables.halls()}

    def lease(self, name: str, holder: str) -> bool:
        """Take or keep a lease; whether it is `holder`'s now."""
        with self._tables.transaction(()):
            return self._tables.lease(name, holder)

    def sources(self) -> frozenset[str]:
        """Every hall that has a ledger."""
        return frozenset(self.numbers())

    def lacking(self) -> Mapping[str, int]:
        """The halls in whose present epoch numbers are missing -> up to where none is."""
        with self._tables.snapshot():
            return dict(self._tables.lacking())

    def receipt(self, source: str, ask: bool) -> Receipt:
        """The receipt of a hall that has a ledger, as committed; with what is missing if `ask`."""
        return self.receipts([source], [source] if ask else [])[source]

    def receipts(self, sources: Collection[str], asked: Collection[str]) -> Mapping[str, Receipt]:
        """The receipts of these halls, as committed; with what is missing for those of `asked`."""
        with self._tables.snapshot():
            self._refresh(sources)
            return {
                source: self._receipt(self._halls[source], self._present(source), source in asked)
                for source in sources
                if source in self._halls
            }

    def _receipt(self, hall: _Hall, book: Book, ask: bool) -> Receipt:
        return Receipt(
            n=hall.n,
            epoch=book.epoch,
            upto=book.upto,
            head=book.head,
            also=tuple(book.above[:RANGES_MAX]),
            want=tuple(book.gaps(hall.sent_to)[:RANGES_MAX]) if ask else (),
            refused=tuple(self._refusals(book)),
            withheld=tuple(book.parked()[:RANGES_MAX]),
        )

    def _refusals(self, book: Book) -> list[Refusal]:
        """Refused numbers for a receipt; where it cannot hold all, each call gives the next of them."""
        told = self._refused_told.pop(book.key, 0)
        page = self._tables.refusals(book.key, told)
        if not page and told:
            page = self._tables.refusals(book.key, 0)
        if len(page) == RANGES_MAX and self._tables.refusals(book.key, page[-1].sequence):
            self._refused_told[book.key] = page[-1].sequence
        return page

    def unfinished(self, source: str) -> bool:
        """Whether refusals are left for a hall's next receipt, which the last one could not hold."""
        return source in self._halls and self._present(source).key in self._refused_told

    def counts(self) -> Mapping[str, Counts]:
        """Per source; under "" what came from nobody that can be named."""
        return dict(self._counts)

    def _count(self, batch: Batch) -> None:
        self._counted.update(batch.counts)
        for source in {"", *batch.due, *batch.halls}:
            missing = self._gaps(source) if source in self._halls else []
            gaps = sum(last - first + 1 for first, last in missing)
            told = {what: self._counted[source, what] for what in COUNTED}
            self._counts[source] = Counts(gaps=gaps, **told)

    def _gaps(self, source: str) -> list[Range]:
        return self._present(source).gaps(self._halls[source].sent_to)

    def _refresh(self, sources: Collection[str]) -> None:
        """Remember nothing of these halls that another worker has changed."""
        rows = {row.source: row for row in self._tables.halls(sources)}
        for source in sources:
            row, hall = rows.get(source), self._halls.get(source)
            if row is None:
                self._halls.pop(source, None)
            elif hall is None or hall.row != row:
                self._halls[source] = _Hall(row.epoch, row.n, row.sent_to, row)

    def _present(self, source: str) -> Book:
        return self._book(source, self._halls[source].epoch)

    def _book(self, source: str, epoch: str) -> Book:
        """The ledger of an epoch; one that is begun by this is the hall's present one."""
        hall = self._halls.get(source)
        book = hall.books.get(epoch) if hall else None
        if book is None:
            book = Book(self._tables, source, epoch)
            if book.begun or hall is None:
                hall = self._enter(source, epoch)
            hall.books[epoch] = book
        return book

    def _enter(self, source: str, epoch: str) -> _Hall:
        hall = self._halls.setdefault(source, _Hall(epoch, 0))
        if hall.epoch != epoch:
            hall.epoch, hall.sent_to = epoch, 0
        return hall

    def _commit(self, items: Collection[Item], batch: Batch) -> None:
        sources = {item.source for item in items if not isinstance(item, Garbage)} | batch.due
        try:
            with self._tables.transaction(sources):
                self._refresh(sources)
                for item in items:
                    self._settle(item, batch)
                self._save(batch)
        except BaseException:  # whatever it was, the transaction is taken back and it goes on
            self._halls.clear()
            raise

    def _settle(self, item: Item, batch: Batch) -> None:
        if isinstance(item, Numbered):
            self._enter_number(item, batch)
        elif isinstance(item, Heard):
            self._hear(item, batch)
        else:
            self._discard(item, batch)

    def _discard(self, item: Garbage, batch: Batch) -> None:
        if self._tables.discard(item.topic, item.body, item.reason):
            batch.garbage.append(item)
        batch.counts["", "refused"] += 1

    def _hear(self, item: Heard, batch: Batch) -> None:
        if item.ready:
            self._book(item.source, item.epoch)
            self._enter(item.source, item.epoch)
            self._halls[item.source].sent_to = item.sent_to
            batch.due.add(item.source)
        if item.word:
            self._tables.save_state(item.source, item.word, item.body)
        if item.source in self._halls:
            hall = self._halls[item.source]
            if item.n > hall.n:  # used by an earlier life of ours: go on above it
                hall.n = item.n
                batch.due.add(item.source)
            batch.halls.add(item.source)

    def _enter_number(self, item: Numbered, batch: Batch) -> None:
        book = self._book(item.source, item.epoch)
        settled = book.settle(item)
        batch.due.add(item.source)
        if settled == "new":
            batch.books.add(book)
        elif settled == "conflict":
            batch.conflict(item)
        if book.given_up:
            self._give_up(book, item, batch)
        if item.event is not None:
            _enter_event(item.event, item, book.key, settled, batch)
        elif item.withheld is None:
            self._refuse(item, book.key, settled, batch)
        elif settled == "new":
            batch.withhold(book.key, item, item.withheld)

    def _give_up(self, book: Book, item: Numbered, batch: Batch) -> None:
        for sequence in book.given_up:
            batch.missing.pop((book.key, sequence), None)
            self._tables.give_up(book.key, sequence)
            batch.conflict(msgspec.structs.replace(item, sequence=sequence))
        book.given_up.clear()

    def _refuse(self, item: Numbered, ledger: int, settled: Settled, batch: Batch) -> None:
        batch.counts[item.source, "refused"] += 1
        if settled == "new":
            self._tables.refuse(ledger, item.sequence, item.topic, item.body, item.reason)
            batch.refused.append(item)

    def _save_events(self, batch: Batch) -> None:
        self._tables.use(batch.usable)
        self._tables.withhold(batch.missing.values())  # before the next: it finds what came in this batch
        came = bool(batch.arrived) and self._tables.awaits() and self._tables.arrive(batch.arrived)
        if came or batch.missing or batch.conflicts:
            self._forget_parked()
        batch.add(self._tables.add_events(batch.rows))

    def _forget_parked(self) -> None:
        for hall in self._halls.values():
            for book in hall.books.values():
                book.forget_parked()

    def _save(self, batch: Batch) -> None:
        self._save_events(batch)
        for book in batch.books:
            book.save()
        for source in batch.due:
            self._halls[source].n += 1
        halls = {source: self._halls[source] for source in sorted(batch.due | batch.halls)}
        for source, hall in halls.items():
            hall.row = HallRow(source, hall.epoch, hall.n, hall.sent_to)
            self._present(source)  # `_count` looks at it when the transaction is over
        self._tables.save_halls([hall.row for hall in halls.values() if hall.row])


def _enter_event(event: Event, item: Numbered, ledger: int, settled: Settled, batch: Batch) -> None:
    if settled == "known":
        batch.usable.add((ledger, item.sequence))
    if settled != "conflict":
        batch.arrived.add(event.id)
    batch.offer(event, item.sequence, item.body)

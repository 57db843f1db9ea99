"""The real daemon before a prefilled database: one drain after the other, each measured from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from edge.contract import Takes
from edge.store import FILE, Reader, sequence_of, sqlite
from tests.bench.peer import cpu_s
from tests.bench.site import config
from tests.bench.upstream import APP, STALLED_S, Tally, listening
from tests.broker import Broker
from tests.hall import Daemon

BROKER = ("log_dest none", "max_queued_messages 0")
POLL_S = 0.02


class Drained(NamedTuple):
    """One drain. rate: events/s from the first to the last. cpu_us, peak_mb: the daemon's process.

    wire, raw: bytes for each event of whole PUBLISH packets, and of the JSON in them.
    """

    rate: float
    cpu_us: float = 0.0
    peak_mb: float = 0.0
    wire: float = 0.0
    raw: float = 0.0


class Outlet:
    """A hall without devices; every drain begins at number 1 of its log."""

    def __init__(self, folder: Path, database: Path) -> None:
        self._folder, self.database = folder, database
        with closing(Reader(self._path)) as reader:
            self._events = sequence_of(reader.newest())

    def from_memory(self, takes: Sequence[Takes]) -> Drained:
        """To somebody who confirms at once what has arrived."""
        with self._broker() as broker, listening(broker.port, takes) as upstream:
            return self._drain(broker, [APP], lambda: upstream.confirm_until(self._all, self._path))

    def to_anybody(self) -> Drained:
        """Where nobody confirms: one event to a message, and the PUBACK is all."""
        with self._broker() as broker, listening(broker.port, []) as upstream:
            return self._drain(broker, [], lambda: upstream.confirm_until(self._all, self._path))

    def durably(self) -> Drained:
        """To the reference consumer in a process of its own."""
        books = self._folder / "consumer.db"
        for each in self._folder.glob("consumer.db*"):
            each.unlink()
        with self._broker() as broker, consumer(broker.port, books):
            return self._drain(broker, ["county"], lambda: _booked(books, self._events))

    def bare(self, batch: int) -> Drained:
        """The limit: the same rows read, then published, by nothing but SQLite and paho."""
        with self._broker() as broker, listening(broker.port):
            arguments = [str(self._path), str(broker.port), str(self._events), str(batch)]
            command = [sys.executable, "-m", "tests.bench.bare", *arguments]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        return Drained(self._events / sum(json.loads(done.stdout).values()))

    def _all(self, tally: Tally) -> bool:
        return tally.upto >= self._events

    @property
    def _path(self) -> Path:
        return self.database / FILE

    def _broker(self) -> Broker:
        return Broker(self._folder / "drain-broker", config=BROKER)

    def _drain(self, broker: Broker, confirm: Sequence[str], arrive: Callable[[], Tally]) -> Drained:
        forget_receipts(self._path)
        path = self.database / "hall-edge.toml"
        path.write_text(config(self.database, broker.port, (), confirm))
        daemon = Daemon(path, self.database)
        daemon.start()
        try:
            began = cpu_s(daemon.pid)
            tally = arrive()
            spent, peak = cpu_s(daemon.pid) - began, daemon.peak_mb()
        finally:
            daemon.kill()
        each = max(tally.events + tally.again, 1)
        return Drained(
            tally.rate, spent / self._events * 1e6, peak, tally.wire_bytes / each, tally.raw_bytes / each
        )


def forget_receipts(database: Path) -> None:
    """Nothing of this log is confirmed any more."""
    with closing(sqlite.connect_writer(database)) as connection:
        connection.execute("DELETE FROM receipt")


@contextmanager
def consumer(port: int, books: Path) -> Iterator[None]:
    """The reference consumer as a process, until the block ends."""
    options = ["--app", "county", "--database", str(books), "--port", str(port)]
    command = [sys.executable, "-m", "edge.cli", "consume", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def _booked(books: Path, events: int) -> Tally:
    """Wait until the books are without a gap up to there; when they began and ended."""
    tally, moved_at = Tally(), time.monotonic()
    while tally.events < events:
        time.sleep(POLL_S)
        upto, now = _upto(books), time.monotonic()
        if upto > tally.events:
            tally.events, moved_at, tally.ended = upto, now, now
            tally.began = tally.began or now
        elif now - moved_at > STALLED_S:
            raise TimeoutError(f"the books stay at {upto} of {events}")
    return tally


def _upto(books: Path) -> int:
    if not books.exists() or not os.path.getsize(books):
        return 0
    with closing(sqlite.connect_reader(books)) as connection:
        try:
            row = connection.execute("SELECT max(upto) FROM ledgers").fetchone()
        except sqlite.OperationalError:
            return 0
    return row[0] or 0

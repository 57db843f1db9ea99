"""One of several workers on one PostgreSQL: pull from JetStream -> commit -> acknowledge -> receipt, by whom
holds the lease. Killed or failing anywhere in between, the cluster or the hall sends again, and the books
know it.
"""

import logging
import threading
import time
from collections.abc import Callable

from edge.backoff import next_wait
from edge.consume.batch import Taken
from edge.consume.database import DatabaseFails
from edge.consume.jetstream import Pull, topic_of
from edge.consume.ledger import Ledger
from edge.consume.office import Office
from edge.consume.settings import Settings

LOG = logging.getLogger(__name__)

TURN_S = 0.05
DATABASE_WAIT_S = (0.2, 10.0)


class Worker:
    """`tell` is called after each commit."""

    def __init__(self, settings: Settings, ledger: Ledger, tell: Callable[[Taken], None]) -> None:
        self._ledger, self._tell = ledger, tell
        self._pull = Pull(settings)
        self._office = Office(settings, ledger)
        self._wait = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`."""
        self._pull.open()
        try:
            while not stop.is_set():
                if not self._pull.alive():
                    raise RuntimeError("the thread of NATS has ended")
                self._turn()
                stop.wait(self._wait)
        finally:
            self._office.close()
            self._pull.close()

    def _turn(self) -> None:
        batch = self._pull.next(TURN_S)
        try:
            if batch:
                taken = self._ledger.take([(topic_of(message), message.data) for message in batch])
                self._pull.done(batch)
                self._office.owe()
                batch = []
                self._tell(taken)
            self._office.turn(time.monotonic())
            self._wait = 0.0
        except DatabaseFails as error:
            LOG.error("the database fails, messages stay in the stream: %s", error)
            self._wait = next_wait(DATABASE_WAIT_S, self._wait)
            if batch:
                self._pull.again(batch, self._wait)

"""The reference consumer: MQTT on one side, the ledger on the other, in this order and no other:

take from the broker -> commit -> acknowledge to the broker -> receipt to the hall. Killed or failing anywhere
in between, the broker or the hall sends again, and the ledger knows it. One thread beside paho's.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, Queue

from edge.backoff import next_wait
from edge.consume.batch import Counts, Taken
from edge.consume.database import DatabaseFails
from edge.consume.ledger import Ledger
from edge.consume.receipts import Receipts
from edge.consume.session import Arrived, Connected, Denied, Lost, Notice, Session
from edge.consume.settings import Settings
from edge.contract import Event

LOG = logging.getLogger(__name__)

BATCH_MAX = 200
"""Most messages in one commit."""
BATCH_BYTES = 1 << 20
"""And most bytes of them, or a little more: a fresh event waits for the commit before its own, 50 ms."""
INBOX_MAX = 400
TURN_S = 0.05
CONNACK_WAIT_S = 10.0
HOST_STATE_EVERY_S = 120.0
RECONNECT_S = (0.5, 30.0)
LOGGED_MAX = 1000


class Consumer:
    """One application upstream. `on_events` is called after a commit that brought some, in `run`'s thread.

    It is not called again for events that were committed before a crash: what must not miss one reads the
    table `events`.
    """

    def __init__(
        self, settings: Settings, on_events: Callable[[Sequence[Event]], None] = lambda events: None
    ) -> None:
        self._settings, self._on_events = settings, on_events
        self._counters: Mapping[str, Counts] = {}
        self._logged: set[str] = set()

    @property
    def counters(self) -> Mapping[str, Counts]:
        """Per source since the start; under "" what came from nobody that can be named."""
        return self._counters

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop`; DatabaseFails or DatabaseNewer when the database cannot be opened."""
        ledger = Ledger(self._settings.database, self._settings.app, self._settings.database_password_file)
        wait, attempt = 0.0, -1
        try:
            if self._settings.nats:
                self._work(ledger, stop)
            while not stop.is_set():
                worked = self._attempt(ledger, stop, attempt := attempt + 1)
                wait = next_wait(RECONNECT_S, 0.0 if worked else wait)
                stop.wait(wait)
        finally:
            ledger.close()

    def _work(self, ledger: Ledger, stop: threading.Event) -> None:
        from edge.consume.worker import Worker

        Worker(self._settings, ledger, lambda taken: self.tell(taken, ledger.counts())).run(stop)

    def _attempt(self, ledger: Ledger, stop: threading.Event, attempt: int) -> bool:
        """One connection from beginning to end; whether the broker took us and the database did not fail."""
        session = Session(self._settings, INBOX_MAX, attempt)
        connection = _Connection(self, ledger, session, Receipts(ledger, session.publish, self._settings.app))
        try:
            session.open()
            connection.live(stop)
        except DatabaseFails as error:
            LOG.error("the database fails, messages stay at the broker: %s", error)
            return False
        except OSError as error:
            LOG.warning("broker %s: %s", self._settings.host, error)
        finally:
            session.close()
        return connection.taken

    def tell(self, taken: Taken, counters: Mapping[str, Counts]) -> None:
        """A batch was committed: count, say what is odd, hand out the events."""
        self._counters = counters
        for garbage in taken.garbage:
            self.say_once(f"garbage on {garbage.topic}", garbage.reason)
        for item in taken.refused:
            self.say_once(f"refused from {item.source} {item.epoch}", f"{item.sequence}: {item.reason}")
        for item in taken.conflicts:
            self.say_once(f"other bytes under a number of {item.source} {item.epoch}", f"{item.sequence}")
        for item in taken.withheld:
            told = item.withheld
            self.say_once(
                f"withheld by {item.source} {item.epoch}", f"{item.sequence}: {told and told.reason}"
            )
        if taken.events:
            self._on_events(taken.events)

    def say_once(self, what: str, detail: str) -> None:
        """Log a thing when it is first met; the counters tell how often."""
        if what not in self._logged and len(self._logged) < LOGGED_MAX:
            self._logged.add(what)
            LOG.warning("%s: %s", what, detail)


class _Connection:
    """The life of one session; `taken`: the broker accepted it."""

    def __init__(self, consumer: Consumer, ledger: Ledger, session: Session, receipts: Receipts) -> None:
        self._consumer, self._ledger = consumer, ledger
        self._session, self._receipts = session, receipts
        self._opened_at = time.monotonic()
        self._host_state_at = 0.0
        self._lost = False
        self.taken = False

    def live(self, stop: threading.Event) -> None:
        """Return when the connection is gone or `stop` is set; DatabaseFails when a commit fails."""
        while not stop.is_set() and not self._lost:
            self._lost = not self._session.alive()
            notices = _gather(self._session.inbox)
            arrived = [notice for notice in notices if isinstance(notice, Arrived)]
            if arrived:
                self._take(arrived)
            for notice in notices:
                self._hear(notice)
            self._turn(time.monotonic())

    def _take(self, arrived: Sequence[Arrived]) -> None:
        taken = self._ledger.take([(message.topic, message.payload) for message in arrived])
        for message in arrived:
            self._session.ack(message)
        self._receipts.owe()
        self._consumer.tell(taken, self._ledger.counts())

    def _hear(self, notice: Notice) -> None:
        match notice:
            case Connected():
                LOG.info("connected")
                self.taken = True
                self._session.subscribe()
            case Lost(detail):
                LOG.warning("connection lost: %s", detail)
                self._lost = True
            case Denied(detail):
                self._consumer.say_once("the broker refuses", detail)

    def _turn(self, now: float) -> None:
        if not self.taken:
            self._lost = self._lost or now > self._opened_at + CONNACK_WAIT_S
            return
        if now >= self._host_state_at:
            self._host_state_at = now + HOST_STATE_EVERY_S
            self._session.say_online()
        self._receipts.turn(now)


def _gather(inbox: "Queue[Notice]") -> list[Notice]:
    """What is there, at most a batch; waits a moment for the first."""
    notices: list[Notice] = []
    size = 0
    with suppress(Empty):
        notices.append(inbox.get(timeout=TURN_S))
        while len(notices) < BATCH_MAX and size < BATCH_BYTES:
            notices.append(notice := inbox.get_nowait())
            size += len(notice.payload) if isinstance(notice, Arrived) else 0
    return notices

"""Who speaks to the halls: of all workers of an application the one that holds the lease, over MQTT.

It says that the consumer is there, and sends the receipts, retained. When it dies its lease ends, the broker
says `offline` for it, and another takes over. Two that speak at once do no harm: they read the same books.
"""

import logging
import os
import socket
import uuid
from queue import Empty

from edge.backoff import next_wait
from edge.consume.database import LEASE_S
from edge.consume.ledger import Ledger
from edge.consume.receipts import Receipts
from edge.consume.session import ONLINE, Arrived, Connected, Denied, Lost, Notice, Session
from edge.consume.settings import Settings

LOG = logging.getLogger(__name__)

LEASE = "receipts"
RENEW_S = LEASE_S / 4
HOST_STATE_EVERY_S = 120.0
CONNACK_WAIT_S = 10.0
RECONNECT_S = (0.2, 5.0)
INBOX_MAX = 400


class Office:
    """One worker's share in it. `turn` is called often, from the thread of the ledger."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        self._session: Session | None = None
        self._receipts: Receipts | None = None
        self._attempts, self._wait = 0, 0.0
        self._lease_at = self._open_at = self._opened_at = self._host_state_at = 0.0

    def owe(self) -> None:
        """Something was committed."""
        if self._receipts:
            self._receipts.owe()

    def turn(self, now: float) -> None:
        """Keep the lease and the connection, and send what is due; DatabaseFails passes."""
        if now >= self._lease_at:
            self._lease_at = now + RENEW_S
            self._keep(self._ledger.lease(LEASE, self.holder), now)
        if self._session is not None:
            self._serve(self._session, now)

    def close(self) -> None:
        """Say goodbye, if it was this one that spoke."""
        if self._session is not None:
            self._session.close()
            self._session = self._receipts = None

    def _keep(self, held: bool, now: float) -> None:
        if held and self._session is None and now >= self._open_at:
            self._open(now)
        elif not held and self._session is not None:
            LOG.info("another worker speaks to the halls now")
            self._drop(now)

    def _open(self, now: float) -> None:
        self._session = Session(self._settings, INBOX_MAX, self._attempts)
        self._attempts += 1
        self._opened_at = now
        try:
            self._session.open()
        except OSError as error:
            LOG.warning("MQTT: %s", error)
            self._drop(now)

    def _drop(self, now: float) -> None:
        """Leave without a word: another speaks, or this one comes again soon."""
        if self._session is not None:
            self._session.close(goodbye=False)
        self._session = self._receipts = None
        self._wait = next_wait(RECONNECT_S, self._wait)
        self._open_at = now + self._wait
        self._lease_at = min(self._lease_at, self._open_at)

    def _serve(self, session: Session, now: float) -> None:
        lost = not session.alive() or (self._receipts is None and now > self._opened_at + CONNACK_WAIT_S)
        for notice in _heard(session):
            lost = self._hear(session, notice, now) or lost
        if lost:
            self._drop(now)
        elif self._receipts is not None:
            if now >= self._host_state_at:
                self._host_state_at = now + HOST_STATE_EVERY_S
                session.say_online()
            self._receipts.turn(now)

    def _hear(self, session: Session, notice: Notice, now: float) -> bool:
        """Whether the connection is lost."""
        match notice:
            case Connected():
                LOG.info("this worker speaks to the halls")
                self._wait, self._host_state_at = 0.0, now
                self._receipts = Receipts(self._ledger, session.publish, self._settings.app)
                session.watch_own_state()
            case Arrived(payload=payload):
                if payload != ONLINE:  # the will of the one before us, late
                    self._host_state_at = now
            case Denied(detail):
                LOG.warning("the broker refuses: %s", detail)
            case Lost(detail):
                LOG.warning("MQTT connection lost: %s", detail)
                return True
        return False


def _heard(session: Session) -> list[Notice]:
    notices: list[Notice] = []
    try:
        while True:
            notices.append(session.inbox.get_nowait())
    except Empty:
        return notices

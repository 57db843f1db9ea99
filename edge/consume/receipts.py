"""When which receipt goes out on one connection: soon after a commit, together for all that came meanwhile.

`now` is monotonic seconds. What is missing is named only when it is time to ask for it.
"""

from collections.abc import Iterable

import msgspec

from edge.consume.ledger import Ledger
from edge.consume.patience import Patience
from edge.consume.session import Session
from edge.contract import RANGES_MAX, topic

EVERY_S = 0.05
ASK_EVERY_S = 0.5


class Receipts:
    """What this connection owes the halls."""

    def __init__(self, ledger: Ledger, session: Session, app: str) -> None:
        self._ledger, self._session, self._app = ledger, session, app
        self._patience = Patience()
        self._due: set[str] = set()
        self._asked: set[str] = set()
        self._next_at = self._ask_at = 0.0

    def owe(self, sources: Iterable[str]) -> None:
        """Receipts for these halls are due; their `n` was raised in the commit."""
        self._due.update(sources)

    def renew(self, sources: Iterable[str]) -> None:
        """The same though nothing was committed for them; sqlite.Error when `n` cannot be raised."""
        sources = frozenset(sources)
        if sources:
            self._ledger.renew(sources)
            self.owe(sources)

    def turn(self, now: float) -> None:
        """Send what is due, unless that was done a moment ago."""
        if now >= self._ask_at:
            self._ask_at = now + ASK_EVERY_S
            asked = self._patience.ask(self._ledger.lacking(), now)
            self._asked |= asked
            self.renew(asked)
        if self._due and now >= self._next_at:
            self._next_at = now + EVERY_S
            self._send()

    def _send(self) -> None:
        due, self._due = self._due, set()
        unfinished = [source for source in due if not self._publish(source)]
        self.renew(unfinished)

    def _publish(self, source: str) -> bool:
        """Whether nothing is left to be said: paho took it, and it held all refusals."""
        receipt = self._ledger.receipt(source, source in self._asked)
        county, hall = source.split("/")[-2:]
        if not self._session.publish(topic(county, hall, "ack", self._app), msgspec.json.encode(receipt)):
            return False
        self._asked.discard(source)
        return len(receipt.refused) < RANGES_MAX

"""When which receipt goes out on one connection: soon after a commit, together for all that came meanwhile.

What is due is read from the books, so it does not matter which worker committed it, nor what this one knew
before. `now` is monotonic seconds. What is missing is named only when it is time to ask for it.
"""

from collections.abc import Callable

import msgspec

from edge.consume.ledger import Ledger
from edge.consume.patience import Patience
from edge.contract import Receipt, topic

EVERY_S = 0.05
LOOK_EVERY_S = 0.2
"""How often to look for what other workers committed."""
ASK_EVERY_S = 0.5
SENT_MAX = 200
"""Most receipts in one turn."""


class Receipts:
    """What this connection owes the halls. `publish(topic, payload)` is False when it holds too many."""

    def __init__(self, ledger: Ledger, publish: Callable[[str, bytes], bool], app: str) -> None:
        self._ledger, self._publish_to, self._app = ledger, publish, app
        self._patience = Patience()
        self._told: dict[str, int] = {}
        self._asked: set[str] = set()
        self._owing = True
        self._next_at = self._look_at = self._ask_at = 0.0

    def owe(self) -> None:
        """Something was committed."""
        self._owing = True

    def turn(self, now: float) -> None:
        """Send what is due, unless that was done a moment ago; DatabaseFails where it cannot be read."""
        if now >= self._ask_at:
            self._ask_at = now + ASK_EVERY_S
            self._ask(now)
        if now >= (self._next_at if self._owing else self._look_at):
            self._next_at, self._look_at = now + EVERY_S, now + LOOK_EVERY_S
            self._owing = self._send()

    def _ask(self, now: float) -> None:
        asked = self._patience.ask(self._ledger.lacking(), now)
        if asked:
            self._asked |= asked
            self._renew(asked)

    def _renew(self, sources: frozenset[str]) -> None:
        self._ledger.renew(sources)
        self._owing = True

    def _send(self) -> bool:
        """Whether something is left to be sent."""
        numbers = self._ledger.numbers()
        due = [source for source, n in numbers.items() if n > self._told.get(source, 0)]
        receipts = self._ledger.receipts(due[:SENT_MAX], self._asked) if due else {}
        unsaid = frozenset(
            source
            for source, receipt in receipts.items()
            if self._publish(source, receipt) and self._ledger.unfinished(source)
        )
        if unsaid:
            self._ledger.renew(unsaid)
        return bool(unsaid) or len(due) > SENT_MAX

    def _publish(self, source: str, receipt: Receipt) -> bool:
        county, hall = source.split("/")[-2:]
        if not self._publish_to(topic(county, hall, "ack", self._app), msgspec.json.encode(receipt)):
            return False
        self._told[source] = receipt.n
        self._asked.discard(source)
        return True

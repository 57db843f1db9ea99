"""Every action of a person becomes an `edge.audit`: logins, changes of accounts, orders, what was refused.

An attacker must not fill the log: of those who have to wait only the number is told, with the next failure.
"""

import logging
import threading
from datetime import datetime
from typing import Literal

from drivers.base import LinkError
from edge.clock.clock import WallClock
from edge.events import own_event
from edge.office.accounts import Accounts, Role
from edge.payloads import Audit
from edge.store import Store

LOG = logging.getLogger(__name__)
Result = Literal["done", "failed", "refused"]
Actor = Role | Literal["unknown"]
TEXT_MAX = 200


class Audits:
    """Writes the audits of one hall's people; any thread may call."""

    def __init__(self, store: Store, clock: WallClock, accounts: Accounts) -> None:
        self._store, self._clock, self._accounts = store, clock, accounts
        self._one = threading.Lock()
        self._count = 0

    def tell(self, actor: str, role: Actor, action: str, target: str, result: Result, detail: str) -> bool:
        """Store one; False where the store takes nothing now, and then only the log tells it."""
        said = Audit(
            actor=_short(actor),
            role=role,
            action=action,
            target=_short(target),
            result=result,
            detail=_short(detail),
        )
        self._count += 1  # two in one microsecond are two
        moment = self._clock.now()
        return self._store_it(said, moment, int(moment.timestamp() * 1_000_000) + self._count % 1000)

    def catch_up(self) -> None:
        """Store the changes of accounts that the log does not hold yet."""
        with self._one:
            untold = self._accounts.untold()
            count = 0
            for each in untold:
                said = Audit(
                    actor=_short(each.actor),
                    role="technician",
                    action=each.action,
                    target=each.target,
                    result="done",
                    detail=each.at,
                )
                moment = datetime.fromisoformat(each.at)  # told again after a crash, it is the same event
                if not self._store_it(said, moment, int(moment.timestamp() * 1_000_000)):
                    break
                count += 1
            if count:
                self._accounts.told(count)

    def _store_it(self, said: Audit, moment: datetime, revision: int) -> bool:
        subject = f"{said.action} {said.target}"
        try:
            self._store.add(own_event("edge.audit", self._store.tip.epoch, subject, revision, moment, said))
        except LinkError as error:
            LOG.error("%s is not stored: %s", said, error)
            return False
        return True


def _short(text: str) -> str:
    """One line of what somebody typed."""
    clean = "".join(letter if letter.isprintable() else "�" for letter in text[:TEXT_MAX])
    return clean.strip()

"""Who is logged in: kept here, not in the cookie, so that a session can be ended at any time.

A session ends after a quarter of an hour without a request and after eight hours in any case. The cookie
holds a token of 256 bits, here stands only its hash; a form's token is made of it under a key of this life.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from edge.office.accounts import Account, Role
from edge.words import Lang

IDLE_S = 900.0
LIFE_S = 8 * 3600.0
SESSIONS_MAX = 200


@dataclass(slots=True)
class Session:
    """One login. fresh: nothing is shown before the first secret was replaced. notice: to be shown once."""

    name: str
    role: Role
    fresh: bool
    began_s: float
    seen_s: float
    lang: Lang | None = None
    notice: str = ""
    notice_good: bool = True


class Sessions:
    """All sessions of one life of the daemon. Lives in one event loop; `end_all` may come from any thread."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._open: dict[str, Session] = {}

    def begin(self, account: Account, now_s: float) -> str:
        """Log in; returns the token for the cookie."""
        while len(self._open) >= SESSIONS_MAX:
            del self._open[next(iter(self._open))]
        token = secrets.token_urlsafe(32)
        self._open[_hashed(token)] = Session(account.name, account.role, account.fresh, now_s, now_s)
        return token

    def find(self, token: str, now_s: float, active: bool = True) -> Session | None:
        """The session of a cookie, if it still lives; `active` = this request keeps it alive."""
        session = self._open.get(_hashed(token))
        if session is None:
            return None
        if now_s - session.seen_s > IDLE_S or now_s - session.began_s > LIFE_S:
            self.end(token)
            return None
        if active:
            session.seen_s = now_s
        return session

    def end(self, token: str) -> None:
        """Log out."""
        self._open.pop(_hashed(token), None)

    def end_all(self, name: str) -> None:
        """End every session of an account."""
        for token in [token for token, each in [*self._open.items()] if each.name == name]:
            self._open.pop(token, None)

    def form_token(self, token: str) -> str:
        """What a form must bring back, for whoever holds this cookie."""
        return hmac.new(self._key, token.encode(), "sha256").hexdigest()

    def came_from_us(self, token: str, brought: str) -> bool:
        """Whether a form brought that back."""
        return hmac.compare_digest(self.form_token(token).encode(), brought.encode("utf-8", "replace"))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

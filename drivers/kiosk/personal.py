"""A citizen's own page, in memory alone, for one session and so many seconds; then nothing of it is left."""

import threading
import time
from typing import Any, NamedTuple


class _Page(NamedTuple):
    session_id: str
    url: str
    until_s: float


class Personal:
    """At most one page of one window."""

    def __init__(self) -> None:
        self._page: _Page | None = None

    def put(self, session_id: str, url: str, ttl_s: int) -> None:
        """Keep it until its time is up, whoever asks or not."""
        page = self._page = _Page(session_id, url, time.monotonic() + ttl_s)

        def forget() -> None:
            if self._page is page:
                self._page = None

        timer = threading.Timer(ttl_s, forget)
        timer.daemon = True
        timer.start()

    def of(self, session_id: str) -> dict[str, Any]:
        """What the tablet is told with a session: its page and the seconds left, or nothing."""
        page = self._page
        left_s = page.until_s - time.monotonic() if page else 0.0
        if page is None or page.session_id != session_id or left_s <= 0:
            return {}
        return {"url": page.url, "left_s": round(left_s)}

    def keep(self, session_id: str) -> None:
        """Only while this session is open."""
        if self._page and self._page.session_id != session_id:
            self._page = None

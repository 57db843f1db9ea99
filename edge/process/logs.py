"""The log: to stderr, which journald keeps; one line a record, and no flood.

A line that comes again and again (same logger, same words, same first value) is written PER_MINUTE times a
minute; then it is counted, and the count is told.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable

PER_MINUTE = 6
MINUTE_S = 60.0
KEYS_MAX = 1000
"""Different lines told apart in a minute; what is beyond counts as one."""


class JsonLines(logging.Formatter):
    """One line a record whatever it holds: a hostile name cannot fake a second line."""

    LEVELS = {logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}

    def format(self, record: logging.LogRecord) -> str:
        """`<priority>logger: message`, as journald reads it; control characters are escaped."""
        text = super().format(record)
        safe = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\n", "\n  ")
        return f"<{self.LEVELS.get(record.levelno, 5)}>{record.name}: {safe}"


class Limit(logging.Filter):
    """Lets each line pass PER_MINUTE times a minute, and says of the next how many were suppressed."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic, self._began = monotonic, monotonic()
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self._suppressed: Counter[tuple[str, str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written. Called under the handler's lock."""
        now = self._monotonic()
        if now - self._began >= MINUTE_S:
            self._began = now
            self._suppressed = Counter(dict(self._seen)) - Counter(dict.fromkeys(self._seen, PER_MINUTE))
            self._seen.clear()
        key = self._key(record)
        self._seen[key] += 1
        if self._seen[key] > PER_MINUTE:
            return False
        if count := self._suppressed.pop(key, 0):
            record.msg = f"{record.getMessage()} (suppressed {count})"
            record.args = None
        return True

    def _key(self, record: logging.LogRecord) -> tuple[str, str, str]:
        first = record.args[0] if isinstance(record.args, tuple) and record.args else ""
        key = (record.name, str(record.msg), str(first)[:100])
        return key if key in self._seen or len(self._seen) < KEYS_MAX else (record.name, "", "")


def log_to_stderr(level: int = logging.INFO) -> None:
    """Everything goes to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines("%(message)s"))
    handler.addFilter(Limit())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it warns of each odd head, with a traceback

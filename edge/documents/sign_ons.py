"""Who signed on where, kept beside the database for some days: a tablet may bring yesterday's ratings.

One line a sign-on, each on disk before it counts; a torn last line is one that was never answered.
"""

import logging
import os
import threading
from datetime import datetime, timedelta
from pathlib import Path

from edge.documents.posts import SignOn
from edge.whole import as_line, read_lines, write_whole

LOG = logging.getLogger(__name__)
FILE = "sign-ons.jsonl"
KEPT = timedelta(days=4)
LINES_MAX = 20_000


class SignOns:
    """All of them, oldest first; `add` and `all` may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._alone = threading.Lock()
        told = read_lines(self._path, SignOn, "who signed on is not known", _dated)
        self._held = tuple(sorted(told, key=_moment))
        self._torn = self._path.exists()
        """The last line may be torn: the file is written anew before one is added."""

    def all(self) -> tuple[SignOn, ...]:
        """Every one of the last days."""
        return self._held

    def add(self, window_no: str, staff_no: str, at: datetime) -> None:
        """`staff_no` is at the window from now on; "" = nobody is. On disk when this returns; OSError."""
        new = SignOn(at.isoformat(timespec="milliseconds"), window_no, staff_no)
        with self._alone:
            held = tuple(sorted((*self._held, new), key=_moment))
            if self._torn or len(held) > LINES_MAX:
                held = tuple(each for each in held if at - _moment(each) < KEPT)
                write_whole(self._path, b"".join(map(as_line, held)))
                self._torn = False
            else:
                self._append(as_line(new))
            self._held = held

    def _append(self, line: bytes) -> None:
        self._torn = True
        with self._path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._torn = False


def _moment(sign_on: SignOn) -> datetime:
    return datetime.fromisoformat(sign_on.at)


def _dated(sign_on: SignOn) -> datetime:
    """Its moment; ValueError where that is none."""
    return _moment(sign_on).astimezone()

"""The book of staff orders: a file for each, on disk before anything is said or done; outlives the database.

Closed orders stay for a while, without name and card, so that an order given twice is known as one.
"""

import logging
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from edge.staff.orders import StaffOrder, sound
from edge.whole import read_kept, sync_folder, write_whole

LOG = logging.getLogger(__name__)
FOLDER, MODE = "staff", 0o750


class Book:
    """The orders of one hall, oldest first; any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._lock = threading.Lock()
        self._orders: dict[str, StaffOrder] = {}
        self._unreadable: list[Path] = []
        if self._folder.is_dir():
            self._read()

    def orders(self) -> tuple[StaffOrder, ...]:
        """All of them, in the order they were given."""
        return tuple(self._orders.values())

    def order(self, order_id: str) -> StaffOrder | None:
        """The one of this id."""
        return self._orders.get(order_id)

    def damaged(self) -> dict[str, str]:
        """Orders whose files made no sense at the start and still lie there -> when they were written."""
        found = {}
        for path in self._unreadable:
            with suppress(FileNotFoundError):
                written = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
                found[path.stem] = written.isoformat(timespec="seconds")
        return found

    def keep(self, order: StaffOrder) -> None:
        """Write it down, new or changed; OSError when the disk does not take it: then nothing has changed."""
        with self._lock:
            self._folder.mkdir(mode=MODE, exist_ok=True)
            write_whole(self._folder / f"{order.id}.json", msgspec.json.encode(order))
            sync_folder(self._folder)  # a rename is on disk once its folder is
            self._orders = {**self._orders, order.id: order}

    def forget(self, order_id: str) -> None:
        """Let go of a closed one; OSError."""
        with self._lock:
            (self._folder / f"{order_id}.json").unlink(missing_ok=True)
            self._orders = {key: order for key, order in self._orders.items() if key != order_id}

    def _read(self) -> None:
        found: list[StaffOrder] = []
        for path in sorted(self._folder.glob("*.json")):
            order = read_kept(path, StaffOrder, "a staff order is lost")
            if order is None or order.id != path.stem or not sound(order):
                self._unreadable.append(path)
            else:
                found.append(order)
        self._orders = {order.id: order for order in sorted(found, key=lambda each: each.number)}

"""`status.json`: what a person reads when the daemon is dead. By rename, readable by the group.

Written when it would tell something else, else rarely: each time costs a flash disk some ten pages.
"""

import logging
import os
import time
from collections.abc import Callable, Hashable
from pathlib import Path

import msgspec

from edge.snapshot import Snapshot

LOG = logging.getLogger(__name__)

OLDEST_S = 600.0
"""What is told may be older by so much than the death of the daemon."""


class LastWord:
    """One hall's file; a disk that does not take it stops nothing."""

    def __init__(self, path: Path, take: Callable[[], Snapshot]) -> None:
        self._path, self._take = path, take
        self._told: Hashable = None
        self._written_at = -OLDEST_S
        self._fault = ""

    def renew(self) -> None:
        """Write it if it has changed or is old."""
        self._try(lambda snapshot: self._news(snapshot) or time.monotonic() - self._written_at >= OLDEST_S)

    def write(self) -> None:
        """Write it as it is now."""
        self._try(lambda _snapshot: True)

    def _news(self, snapshot: Snapshot) -> bool:
        return told(snapshot) != self._told

    def _try(self, due: Callable[[Snapshot], bool]) -> None:
        try:
            snapshot = self._take()
            if due(snapshot):
                self._replace(msgspec.json.encode(snapshot))
                self._told, self._written_at = told(snapshot), time.monotonic()
            self._fault = ""
        except Exception as error:  # noqa: BLE001 - a status that cannot be told must not stop the hall
            if str(error) != self._fault:
                bug = None if isinstance(error, OSError) else error
                LOG.error("%s cannot be written: %s", self._path, error, exc_info=bug)
            self._fault = str(error)

    def _replace(self, content: bytes) -> None:
        draft = self._path.with_name(self._path.name + ".new")
        draft.write_bytes(content)
        draft.chmod(0o640)
        os.replace(draft, self._path)


def told(snapshot: Snapshot) -> Hashable:
    """What of a status is news: not the time, nor what every poll changes."""
    problems = tuple((problem.subject, problem.cause, problem.since) for problem in snapshot.problems)
    devices = tuple((device.device_id, device.state, device.cause) for device in snapshot.devices)
    return problems, devices, snapshot.uplink.state, snapshot.store.epoch, snapshot.store.seq_head

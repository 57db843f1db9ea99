"""Which terminal stands for which device, and which are out of service: a file that outlives the database.

A terminal is known from its first contact on; another one takes its place only when a person says so.
"""

import threading
from pathlib import Path

import msgspec

from drivers.base import Observation
from edge.whole import read_kept, write_whole

FILE = "terminals.json"
FORMER_MAX = 16


class Identity(msgspec.Struct, frozen=True):
    """Who a terminal says it is; `model` is "" where it does not tell."""

    serial: str
    model: str = ""

    @classmethod
    def of(cls, observation: Observation) -> "Identity":
        """As told."""
        return cls(observation.serial, observation.model)

    def other_than(self, known: "Identity") -> bool:
        """Whether this is another terminal than the known one; a model that is not told says nothing."""
        models = self.model and known.model and self.model != known.model
        return bool(known.serial) and (self.serial != known.serial or bool(models))

    def __str__(self) -> str:
        return " ".join(filter(None, (self.serial, self.model)))


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One device. out: why it is out of service; gone: event id of the newest fact when a gap was told last.

    lost: from when to when records may be lost, and when that was found. accepted: when a person took it in
    place of another; former: those that stood here before, as (serial, until), oldest first.
    """

    identity: Identity = Identity("")
    out: str | None = None
    since: str = ""
    gone: str = ""
    lost: tuple[str, str, str] | None = None
    accepted: str = ""
    former: tuple[tuple[str, str], ...] = ()

    def stood(self, day: str) -> list[str]:
        """The serial numbers of the former terminals that stood here on a day, or on a part of it."""
        begins = ["", *(until[:10] for _serial, until in self.former)]
        spans = zip(begins, self.former, strict=False)
        found = dict.fromkeys(serial for since, (serial, until) in spans if since <= day <= until[:10])
        return [serial for serial in found if serial != self.identity.serial]

    def replaced(self, serial: str, at: str) -> dict[str, object]:
        """What changes when the terminal `serial` leaves."""
        return {"accepted": at, "former": (*self.former, (serial, at))[-FORMER_MAX:]}


class Register:
    """The entries of one hall; any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._entries = (
            read_kept(self._path, dict[str, Entry], "terminals are known by the database alone") or {}
        )

    def entry(self, device_id: str) -> Entry:
        """What is known of a device."""
        return self._entries.get(device_id, Entry())

    def keep(self, device_id: str, **changed: object) -> None:
        """Change an entry, for good; OSError when the disk does not take it, and then nothing has changed."""
        with self._lock:
            entry = msgspec.structs.replace(self.entry(device_id), **changed)
            entries = {**self._entries, device_id: entry}
            write_whole(self._path, msgspec.json.encode(entries))
            self._entries = entries

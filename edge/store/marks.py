"""The small files beside the database that outlive it: how far it was, and what the next start has to do.

`epoch` unmasks a database that is older than the hall; `epoch.next` orders a new epoch, and while a damaged
database is being replaced it says how far that is. Both are written whole or not at all.
"""

import os
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from edge.whole import sync_folder

MARK = "epoch"
ORDER = "epoch.next"
Told = TypeVar("Told", bound=msgspec.Struct)


class Anchor(msgspec.Struct, frozen=True):
    """A number of an epoch and the chain hash there (hex)."""

    epoch: str
    sequence: int
    head: str


class Mark(Anchor, frozen=True):
    """The newest number of the database a moment ago. `receipts`: up to where each application had all."""

    receipts: dict[str, Anchor] = {}


class Order(msgspec.Struct, frozen=True):
    """Begin a new epoch after the epoch `after`, which stands in the file `edge.db`.

    why: the damage found. set_aside: the name of the file put aside. built: `edge.db` is the new database.
    """

    reason: Literal["salvaged", "restored"]
    why: str = ""
    set_aside: str = ""
    built: bool = False
    after: str = ""


def read_mark(folder: Path) -> Mark | None:
    """How far the database was when we last looked; None where nothing is known."""
    return _read(folder / MARK, Mark)


def write_mark(folder: Path, mark: Mark) -> None:
    """Write it down, unless it stands there already. Losing it costs a proof, never data: not synced."""
    if read_mark(folder) != mark:
        _replace(folder / MARK, msgspec.json.encode(mark), sync=False)


def read_order(folder: Path) -> Order | None:
    """What the next start has to do."""
    return _read(folder / ORDER, Order)


def write_order(folder: Path, order: Order) -> None:
    """Leave word for the next start; it is on disk when this returns."""
    _replace(folder / ORDER, msgspec.json.encode(order), sync=True)


def obeyed(folder: Path) -> None:
    """The order was carried out."""
    (folder / ORDER).unlink(missing_ok=True)


def take_place(copy: Path, path: Path) -> None:
    """Let a finished database take the place of the one at `path`, whole and for good."""
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    os.replace(copy, path)
    sync_folder(path.parent)


def give_to_owner(path: Path) -> None:
    """A file made by root belongs to whoever owns the folder, so that the daemon can use it."""
    folder, file = path.parent.stat(), path.stat()
    if os.geteuid() == 0 and (file.st_uid, file.st_gid) != (folder.st_uid, folder.st_gid):
        os.chown(path, folder.st_uid, folder.st_gid)


def _read(path: Path, kind: type[Told]) -> Told | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _replace(path: Path, content: bytes, *, sync: bool) -> None:
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    draft.chmod(0o600)
    give_to_owner(draft)
    os.replace(draft, path)
    if sync:
        sync_folder(path.parent)

"""Small files beside the database: read if they can be; written whole or not at all, and then on disk."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

LOG = logging.getLogger(__name__)
T = TypeVar("T")


def read_kept(path: Path, kind: type[T], loss: str) -> T | None:
    """The JSON that `path` holds; None where it is not there, or is unreadable: the log tells the `loss`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        LOG.error("%s cannot be read (%s): %s", path, error, loss)
        return None


def read_lines(
    path: Path, kind: type[T], loss: str, check: Callable[[T], object] = lambda _: None
) -> Iterator[T]:
    """The JSON lines of `path`, one at a time; what is none, or fails `check`, is left out and logged."""
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    found = msgspec.json.decode(line, type=kind)
                    check(found)
                except (msgspec.MsgspecError, ValueError) as error:
                    LOG.warning("a line of %s is left out: %s", path, error)
                else:
                    yield found
    except FileNotFoundError:
        return
    except OSError as error:
        LOG.error("%s cannot be read (%s): %s", path, error, loss)


def as_line(record: msgspec.Struct) -> bytes:
    """One of them."""
    return msgspec.json.encode(record) + b"\n"


def write_whole(path: Path, content: bytes, private: bool = False) -> None:
    """Let `content` take the place of what `path` holds; OSError, and then it holds what it held.

    private: readable by the owner of its folder alone (mode 0600), whoever writes.
    """
    draft = path.with_name(path.name + ".new")
    with open(draft, "wb", opener=_private if private else None) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def sync_folder(folder: Path) -> None:
    """Names given in this folder are on disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private(path: str, flags: int) -> int:
    """Open a file that nobody but the owner of its folder may read."""
    Path(path).unlink(missing_ok=True)  # a draft left behind has its own mode
    file = os.open(path, flags | os.O_EXCL, 0o600)
    if os.geteuid() == 0:
        owner = Path(path).parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file

"""Small files beside the database: read if they can be; written whole or not at all, and then on disk."""

import logging
import os
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


def _private(path: str, flags: int) -> int:
    """Open a file that nobody but the owner of its folder may read."""
    Path(path).unlink(missing_ok=True)  # a draft left behind has its own mode
    file = os.open(path, flags | os.O_EXCL, 0o600)
    if os.geteuid() == 0:
        owner = Path(path).parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file

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


def write_whole(path: Path, content: bytes) -> None:
    """Let `content` take the place of what `path` holds; OSError, and then it holds what it held."""
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)

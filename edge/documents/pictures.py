"""Pictures beside the documents: a photo for the card of who is on duty, the province's issued code.

A file of the documents' folder named by a document, PNG or JPEG, small; its bytes are shown as they are. A
name with a path in it is none, so nothing else of the disk can be shown.
"""

import logging
from pathlib import Path
from typing import NamedTuple

from edge.documents.checks import is_picture

LOG = logging.getLogger(__name__)
BYTES_MAX = 512 << 10
TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Picture(NamedTuple):
    """A picture as it stands in its file."""

    type: str
    content: bytes


def stamp(folder: Path | None, name: str | None) -> str | None:
    """Changes with the file; None where there is none to show."""
    path = _path(folder, name)
    try:
        stat = path.stat() if path else None
    except OSError:
        return None
    return f"{name} {stat.st_mtime_ns} {stat.st_size}" if stat and stat.st_size <= BYTES_MAX else None


def picture(folder: Path | None, name: str | None) -> Picture | None:
    """The picture; None where the file is not there, too large, or neither PNG nor JPEG."""
    path = _path(folder, name)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        LOG.warning("%s cannot be read: %s", path, error)
        return None
    kind = next((told for magic, told in TYPES.items() if content.startswith(magic)), None)
    return Picture(kind, content) if kind and len(content) <= BYTES_MAX else None


def _path(folder: Path | None, name: str | None) -> Path | None:
    return folder / name if folder and name and is_picture(name) else None

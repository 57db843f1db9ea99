"""A small file beside the database is written whole or not at all, and is on disk when that returns."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Let `content` take the place of what `path` holds; OSError, and then it holds what it held."""
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)

"""The configuration file with one more table: judged as a whole before it takes the old one's place.

By rename, with the old one's owner and mode; the old one stays beside it as `*.bak`. Whoever changed the
file meanwhile is not overwritten.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.settings.complaints import Complaint, ConfigError
from edge.settings.config import load
from edge.settings.settings import Device, Settings
from edge.whole import sync_folder


class ChangedMeanwhile(Exception):
    """Somebody else wrote the file."""


class File:
    """The file as it was read; a link is followed, and stays."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._old = self.path.read_bytes()
        self._draft = self.path.with_name(self.path.name + ".new")

    @property
    def text(self) -> str:
        """What it says."""
        return self._old.decode("utf-8")

    @contextmanager
    def drafted(self, text: str) -> Iterator[Settings]:
        """The settings that `text` makes, read from a file beside this one; ConfigError names this one."""
        self._write(self._draft, text.encode())
        try:
            yield self._judged()
        finally:
            self._draft.unlink(missing_ok=True)

    def put(self, text: str) -> Path:
        """Let `text` take its place; returns where the old one is kept. Any error: nothing has changed."""
        with self.drafted(text):
            if self.path.read_bytes() != self._old:
                raise ChangedMeanwhile
            backup = self.path.with_name(self.path.name + ".bak")
            self._write(backup, self._old)
            os.replace(self._draft, self.path)
            sync_folder(self.path.parent)
        return backup

    def _judged(self) -> Settings:
        try:
            return load(self._draft)
        except ConfigError as error:
            raise ConfigError([self._ours(each) for each in error.complaints]) from None

    def _ours(self, wrong: Complaint) -> Complaint:
        return Complaint(str(self.path), wrong.line, wrong.table, wrong.key, wrong.message)

    def _write(self, path: Path, content: bytes) -> None:
        """A file of the same owner and mode as the one that is replaced; nobody sees it with another."""
        like = self.path.stat()
        path.unlink(missing_ok=True)
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(made, "wb") as file:
            if (os.geteuid(), os.getegid()) != (like.st_uid, like.st_gid):
                os.fchown(made, like.st_uid, like.st_gid)
            os.fchmod(made, like.st_mode & 0o777)
            file.write(content)
            file.flush()
            os.fsync(made)


def fault_of(device: Device, path: Path) -> str:
    """What is wrong with a drafted device, named after the file it is meant for."""
    return device.fault.replace(str(path) + ".new", str(path))


def keep_secret(config: Path, device_id: str, kind: str, secret: str) -> Path:
    """A file beside the config that holds a secret alone, for root and the daemon; OSError if there is one.

    The group is that of the folder, as `systemd/hall-edge.tmpfiles` makes it.
    """
    folder = config.resolve().parent
    path = folder / f"{device_id}.{kind}"
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(made, "w", encoding="utf-8") as file:
        with suppress(PermissionError):
            os.fchown(made, -1, folder.stat().st_gid)
        os.fchmod(made, 0o640)
        file.write(secret + "\n")
        file.flush()
        os.fsync(made)
    return path

"""Disks that can be broken: an ext4 in a file, and a small tmpfs. For root; nothing is left mounted behind.

FS_IOC_SHUTDOWN is what a power cut is to a file system: what was not synced is gone, and mounting replays the
journal. It neither tears sectors nor re-orders inside a drive that lies.
"""

import contextlib
import fcntl
import functools
import os
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.hall import until

SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = struct.pack("i", 2)


class Mount:
    """A file system at `path`, from `__enter__` to `__exit__`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._make()
            self.mount()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def mount(self) -> None:
        """Bring it (back) to its place."""
        raise NotImplementedError

    def unmount(self) -> None:
        """Take it away; who used it may still be dying."""
        command = ["umount", str(self.path)]
        if not until(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, 10):
            _run(*command)

    def _make(self) -> None:
        """What comes before the first mount."""

    def _leave(self) -> None:
        if self.path.is_mount():
            subprocess.run(["umount", "-l", str(self.path)], capture_output=True, check=False)


class Ext4(Mount):
    """An ext4 in an image file beside its mount point, read-only after an error as eMMC disks are."""

    def __init__(self, path: Path, megabytes: int = 64) -> None:
        super().__init__(path)
        self._image, self._megabytes = path.with_suffix(".img"), megabytes

    def _make(self) -> None:
        with self._image.open("wb") as file:
            file.truncate(self._megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-b", "4096", "-e", "remount-ro", str(self._image))

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def cut_power(self) -> None:
        """Everything that is not synced is gone, and nothing works until `remount`."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, NO_LOG_FLUSH)
        finally:
            os.close(descriptor)

    def turn_read_only(self) -> None:
        """What the kernel does with a worn-out disk."""
        Path(f"/sys/fs/ext4/{self.device()}/trigger_fs_error").write_text("1")

    def device(self) -> str:
        """The kernel's name of it, such as `loop3`."""
        return Path(_run("findmnt", "-no", "SOURCE", str(self.path)).strip()).name

    def remount(self) -> None:
        """Power is back."""
        self.unmount()
        self.mount()

    def _leave(self) -> None:
        super()._leave()
        found = subprocess.run(
            ["losetup", "-j", str(self._image)], capture_output=True, text=True, check=False
        )
        for line in found.stdout.splitlines():
            subprocess.run(["losetup", "-d", line.split(":")[0]], capture_output=True, check=False)
        self._image.unlink(missing_ok=True)


class Tmpfs(Mount):
    """A small disk in memory that can be filled; `inodes` is how many files it takes."""

    def __init__(self, path: Path, megabytes: int = 64, inodes: int = 200) -> None:
        super().__init__(path)
        self._options = f"size={megabytes}m,nr_inodes={inodes}"

    def mount(self) -> None:
        _run("mount", "-t", "tmpfs", "-o", self._options, "tmpfs", str(self.path))

    def fill(self, left: int = 0) -> None:
        """No more than so many bytes are left."""
        with (self.path / "filler").open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while left < (free := os.statvfs(self.path).f_bavail * 4096):
                file.write(bytes(min(free - left, 1 << 20)))

    def take_inodes(self) -> None:
        """Not a file more can be made."""
        folder = self.path / "files"
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            for number in range(10_000):
                (folder / str(number)).touch()

    def release(self) -> None:
        """Somebody cleared the disk."""
        (self.path / "filler").unlink(missing_ok=True)
        shutil.rmtree(self.path / "files", ignore_errors=True)


def freeze(group: int) -> None:
    """Stop every thread of a process group, syncs in flight finished: one that is cut could still succeed."""
    os.killpg(group, signal.SIGSTOP)
    assert until(lambda: all(state in "TtZX" for state in _states(group)), 20, 0.002), (
        "a thread does not stop"
    )


def _states(group: int) -> Iterator[str]:
    """Of all its threads: T is stopped, Z and X are dead."""
    for task in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, of_group = task.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group:
                yield state


@functools.cache
def lacking() -> str:
    """Why no disk can be mounted here, or ""."""
    if os.geteuid() != 0:
        return "only root may mount"
    for program in ("mount", "umount", "findmnt", "mkfs.ext4", "losetup"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    with tempfile.TemporaryDirectory() as folder:
        try:
            with Ext4(Path(folder) / "ext4", 8) as trial:
                trial.cut_power()
        except OSError as error:
            return str(error)
    return ""


def _run(*command: str) -> str:
    """Its output; OSError with its complaint when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    return done.stdout

"""A private PostgreSQL for tests: a cluster in a temporary folder, on a free loopback port, with a password.

PostgreSQL refuses root, so root starts it as the user `postgres` of Debian's package.
"""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.broker import HOST, free_port

PASSWORD = "s3cret"
STOP_S = 20.0
GENEROUS = ("shared_buffers=512MB", "max_wal_size=8GB", "wal_compression=on")
"""What a server for it would have; every commit is on disk all the same."""


def programs() -> Path | None:
    """The folder of the newest PostgreSQL here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    anywhere = shutil.which("initdb")
    return Path(anywhere).resolve().parent if anywhere else None


class Cluster:
    """One PostgreSQL. `url` of its database has no password in it; that is in `password_file`."""

    def __init__(self, options: tuple[str, ...] = ()) -> None:
        folder = programs()
        assert folder is not None
        self._programs, self._options = folder, options
        self.folder = Path(tempfile.mkdtemp(prefix="hall-edge-postgres-"))
        self.port = free_port()
        self.password_file = self.folder / "password"
        self.url = f"postgresql://edge@{HOST}:{self.port}/postgres"
        self._schemas = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Cluster":
        self.password_file.write_text(f"{PASSWORD}\n")
        self._give_away()
        init = ["initdb", "-D", str(self.folder / "data"), "-U", "edge", "-E", "UTF8", "--locale", "C", "-N"]
        self._run(*init, "-A", "scram-sha-256", "--pwfile", str(self.password_file))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _give_away(self) -> None:
        if os.getuid() == 0:
            for path in (self.folder, self.password_file):
                shutil.chown(path, "postgres", "postgres")

    def _command(self, name: str, *arguments: str) -> list[str]:
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        return [*as_postgres, str(self._programs / name), *arguments]

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(self._command(name, *arguments), check=True, capture_output=True, cwd=self.folder)

    def start(self) -> None:
        """Return when it answers."""
        settings = [f"port={self.port}", f"listen_addresses={HOST}", f"unix_socket_directories={self.folder}"]
        words = [word for setting in (*settings, *self._options) for word in ("-c", setting)]
        command = self._command("postgres", "-D", str(self.folder / "data"), *words)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + STOP_S
        while True:
            try:
                self.connect().close()
            except psycopg.Error:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.05)
            else:
                return

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """SIGQUIT, its immediate shutdown: as a power cut, it recovers at the next start."""
        process, self._process = self._process, None
        if process is not None:
            os.kill(self.pid, signal.SIGQUIT)
            process.wait(STOP_S)

    def connect(self, url: str = "") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of our own, to look or to break things."""
        return psycopg.connect(url or self.url, password=PASSWORD, autocommit=True, connect_timeout=5)

    def schema(self) -> str:
        """The URL of an empty database: a schema of its own."""
        name = f"s{next(self._schemas)}"
        with self.connect() as db:
            db.execute(f"CREATE SCHEMA {name}")
        return f"{self.url}?options=-csearch_path%3D{name}"

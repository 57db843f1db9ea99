"""The least that a server for terminals that push can do: `python -m tests.bench.adms_least FOLDER PORT`.

It parses the lines, stores each punch once, and commits durably before it says OK: no binding, no proof, no
quarantine, no chain, no outbox. Whoever does less loses punches.
"""

import sys
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from edge.store import sqlite

TABLE = """
CREATE TABLE IF NOT EXISTS punch (
    serial TEXT, time TEXT, pin TEXT, state TEXT, line TEXT, PRIMARY KEY (serial, time, pin, state)
) WITHOUT ROWID
"""
INSERT = "INSERT OR IGNORE INTO punch VALUES (?, ?, ?, ?, ?)"


class Server(ThreadingHTTPServer):
    """One database, one commit an upload."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.database = sqlite.connect_writer(folder / "least.db")
        self.database.execute(TABLE)
        self.turn = threading.Lock()

    def store(self, rows: list[tuple[str, ...]]) -> None:
        with self.turn:
            self.database.execute("BEGIN IMMEDIATE")
            self.database.executemany(INSERT, rows)
            self.database.execute("COMMIT")


class Handler(BaseHTTPRequestHandler):
    """Uploads of ATTLOG, and nothing else."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        serial = parse_qs(urlsplit(self.path).query)["SN"][0]
        rows = []
        for line in body.splitlines():
            pin, time, state, *_ = line.split("\t")
            rows.append((serial, datetime.fromisoformat(time).isoformat(), pin, state, line))
        self.server.store(rows)
        said = b"OK:%d" % len(rows)
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """It says nothing."""


if __name__ == "__main__":
    Server(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()

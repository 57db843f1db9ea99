"""Write a golden database: `python -m tests.store.golden.make FILE`, with the release whose schema it shows.

For an old schema run this file in a work tree of its last commit (schema 1: f4bad2f). It uses only what every
release has. Never made anew for a schema that was shipped: what halls have on disk does not change either.
"""

import shutil
import sys
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.base import Reading, Reject
from edge.events import Origin, Place, normalize
from edge.store import Intake, ReceiptRow, Store, sqlite

ZONE = ZoneInfo("Asia/Shanghai")
PLACE = Place("410421", "hall-1", "/zwdt/410421/hall-1")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=ZONE)
PUNCHES = 12


def fill(folder: Path) -> None:
    """Some of everything: punches, a double record, one from before service, a reject, receipt, watermark."""
    store = Store(folder, PLACE, "sha256", lambda: NOW)
    store.open()
    drafts = tuple(_punch(number) for number in range(PUNCHES))
    before = frozenset({drafts[0].fact})
    store.take(Intake("fp-1", "SN1", drafts[:6], "six", before=before))
    store.keep_receipt(ReceiptRow("county", 7, store.tip.position, "2026-11-20T12:00:00+08:00"))
    reject = Reject.record("impossible date", b"\x01\x02")
    until = "2026-11-20T11:59:00+08:00"
    store.take(Intake("fp-1", "SN1", drafts[6:], "all", until, (reject,)))
    store.close()


def _punch(number: int):  # noqa: ANN202 - its module differs between releases
    time = f"2026-11-20T08:00:{number:02d}"
    facts = {"device_user_id": "7", "verify_method": "face", "punch_state": "check_in", "verify_raw": 15}
    copies = 2 if number == 3 else 1
    reading = Reading("attendance.punch", "SN1", f"{time}|7|0", time, facts, copies)
    return normalize(reading, Origin("fp-1", "zk", ZONE, 0, True), NOW)


def main(target: Path) -> None:
    """Fill a database and leave it in one file."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        with closing(sqlite.connect_writer(Path(folder) / "edge.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(Path(folder) / "edge.db", target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

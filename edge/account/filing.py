"""The proof of each day as files: a page to print and an Excel file, written anew with each account of it.

They lie in the folder of `[account]`, mode 0640, and go after `keep_days`. Where the disk has no room to
spare none is written: the accounts themselves are events, and `hall-edge reconcile --stored` prints them.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from edge.account.holdings import accounts, newest
from edge.account.statement import Anchor, Statement
from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.settings.settings import Settings
from edge.store import Store
from edge.store.books import Books

LOG = logging.getLogger(__name__)

FOLDER = "accounts"
MODE = 0o640


class Filing:
    """The files of one hall; room: whether the disk has room to spare."""

    def __init__(self, store: Store, clock: WallClock, settings: Settings, room: Callable[[], bool]) -> None:
        self._store, self._clock, self._site, self._room = store, clock, settings.site, room
        self._names = {device.device_id: device.name for device in settings.devices}
        self._folder = Path(settings.account.folder or store.path.parent / FOLDER)
        self._keep = timedelta(days=settings.account.keep_days)
        self._unwritten: tuple[str, str] | None = None

    def file(self, days: Iterable[str]) -> None:
        """Write the proof of these days by what is stored now; never raises."""
        wanted = sorted(set(days))
        if not wanted:
            return
        try:
            self._tidy()
            if not self._room():
                raise OSError("the disk has no room to spare")
            for statement in self._statements(wanted):
                self._write(statement)
            self._unwritten = None
        except Exception as error:  # noqa: BLE001 - the accounts are stored; what prints them must not stop the duty
            LOG.error("the proof of %s is not written: %s", ", ".join(wanted), error)
            self._unwritten = self._unwritten or (self._clock.text(), str(error))

    def attention(self) -> Iterator[Attention]:
        """The last proof could not be written."""
        if self._unwritten:
            yield Attention("account", "proof_unwritten", *self._unwritten)

    def _statements(self, days: Iterable[str]) -> Iterator[Statement]:
        with closing(Books(self._store.path)) as books:
            told = newest(accounts(books)).values()
        tip, site = self._store.tip, self._site
        anchor, place = Anchor(tip.epoch, tip.sequence, tip.chain.hex()), f"{site.county}/{site.hall}"
        for day in days:
            of_day = sorted((each for each in told if each.day == day), key=lambda each: each.device_id)
            if of_day:
                made = self._clock.text()
                yield Statement(site.name or site.hall, place, day, made, of_day, anchor, self._names)

    def _write(self, statement: Statement) -> None:
        from edge.account.statement_page import html  # both are heavy, and needed once a night
        from edge.account.statement_sheet import write_sheet

        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        page = html(statement, "zh")
        self._put(statement.day, "html", lambda draft: draft.write_text(page, encoding="utf-8"))
        self._put(statement.day, "xlsx", lambda draft: write_sheet(statement, "zh", draft))

    def _put(self, day: str, ending: str, write: Callable[[Path], object]) -> None:
        """Whole or not at all."""
        path = self._folder / f"account-{day}.{ending}"
        draft = path.with_name(f"{path.name}.new")
        write(draft)
        draft.chmod(MODE)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(path)

    def _tidy(self) -> None:
        """What has aged goes, and what was never finished."""
        oldest = (self._clock.now().date() - self._keep).isoformat()
        for path in self._folder.glob("account-????-??-??.*"):
            aged = path.name.removeprefix("account-")[:10] < oldest
            if path.suffix == ".new" or (aged and path.suffix in (".html", ".xlsx")):
                path.unlink(missing_ok=True)

"""Taking in a terminal's own export file, batch by batch, on a person's order; nothing counts twice.

A batch is looked at (`import-look`) or taken (`import-lines`); `import-end` audits, and moves the watermark
where a person says up to when the file is complete. A moment that cannot be is refused at the look already;
what was taken is audited in any case. A terminal that was replaced may bring its file too, under its own
number: there lie the records that nobody read.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from itertools import repeat
from typing import NamedTuple

import msgspec

from drivers.base import LinkError, Reading, Reject
from edge.clock.clock import WallClock
from edge.clock.offsets import EARLIEST_YEAR
from edge.commands import Arguments, Commands, Refused
from edge.device.runner import Runner
from edge.duty.clocks import audit, offset_now
from edge.duty.export_file import Looked
from edge.events import Draft, Origin, drafts_of
from edge.guard.register import Entry
from edge.store import Intake, Store
from edge.store.books import Books

ODD_MAX = 80
"""Characters shown of a line that makes no sense."""


class Whose(NamedTuple):
    """A terminal that brings a file. read_to: it was read completely up to then, "" = nobody knows.

    cursor: of the log of the one that stands there now; former: which is another.
    """

    serial: str
    cursor: str | None
    read_to: str
    former: bool = False


class Importing:
    """The orders of one hall."""

    def __init__(
        self, store: Store, clock: WallClock, runners: Sequence[Runner], stood: Callable[[str], Entry]
    ) -> None:
        """`stood`: which terminals stood for a device."""
        self._store, self._clock, self._stood = store, clock, stood
        self._runners = {runner.device.device_id: runner for runner in runners}
        self.commands: Commands = {
            "import-look": self._look,
            "import-lines": self._take,
            "import-end": self._end,
        }

    def _look(self, arguments: Arguments) -> str:
        """What the lines would bring; nothing is stored. until: would this moment do?"""
        if arguments.get("until"):
            self._complete(self._runner(arguments), arguments)
        return _text(self._batch(arguments)[1])

    def _take(self, arguments: Arguments) -> str:
        """Store what is new of the lines."""
        intake, looked = self._batch(arguments)
        self._store_it(intake)
        return _text(looked)

    def _end(self, arguments: Arguments) -> str:
        """A file has been taken in; perhaps it is complete up to a moment."""
        runner, until, moved = self._runner(arguments), arguments.get("until", ""), ""
        device_id, actor = runner.device.device_id, arguments.get("actor", "?")
        try:
            if until:
                self._store_it(self._complete(runner, arguments))
                moved = until
        finally:
            detail = f"{arguments.get('file', '')} {arguments.get('counts', '')} {moved}".strip()
            audit(self._store, self._clock, actor, "punches.import", device_id, "done", detail)
        return f"{device_id} {moved}".strip()

    def _complete(self, runner: Runner, arguments: Arguments) -> Intake:
        """The order to move the watermark; never back, never into the future."""
        device_id = runner.device.device_id
        zone = self._clock.zone(runner.device.keys.zone)
        try:
            until = datetime.fromisoformat(arguments["until"])
        except ValueError:
            raise Refused(f"{arguments['until']}: 不是时间 / not a time") from None
        until = until if until.tzinfo else until.replace(tzinfo=zone)
        before = self._store.complete_until(device_id)
        if until > self._clock.now() or (before and until <= datetime.fromisoformat(before)):
            raise Refused(f"{until}: 不在此间 / not between {before or '-'} … {self._clock.text()}")
        whose = self._whose(runner, arguments)
        if whose.former:
            raise Refused(
                f"{whose.serial}: 已被换下，不再有完整时刻 / it was replaced: nothing of it is awaited"
            )
        return Intake(device_id, whose.serial, (), whose.cursor, until.isoformat(timespec="seconds"))

    def _batch(self, arguments: Arguments) -> tuple[Intake, Looked]:
        runner = self._runner(arguments)
        whose = self._whose(runner, arguments)
        lines = arguments.get("lines", "").encode("latin-1", "replace").splitlines()
        make = runner.device.driver
        if make is None:
            raise Refused(f"{runner.device.device_id}: 已在配置中停用 / disabled in the config")
        try:
            readings, rejects = make().exported(lines, whose.serial, whose.cursor)
        except ValueError as error:
            raise Refused(f"不能导入 / it cannot be taken: {error}") from error
        drafts, refused = self._drafts(runner, readings)
        intake = Intake(
            runner.device.device_id,
            whose.serial,
            tuple(draft for _reading, draft in drafts),
            whose.cursor,
            None,
            (*rejects, *refused),
            self._before(runner, drafts),
            former=whose.former,
        )
        return intake, self._looked(whose.read_to, drafts, intake.rejects)

    def _drafts(
        self, runner: Runner, readings: Sequence[Reading]
    ) -> tuple[list[tuple[Reading, Draft]], list[Reject]]:
        sample, source = self._clock.look()
        keys, device_id = runner.device.keys, runner.device.device_id
        offset = offset_now(runner, self._clock)
        zone = self._clock.zone(keys.zone)
        origin = Origin(device_id, keys.driver, zone, offset, bool(source), sample.began)
        return drafts_of(readings, repeat(origin), sample.wall)

    def _looked(
        self, until: str, drafts: Sequence[tuple[Reading, Draft]], rejects: Sequence[Reject]
    ) -> Looked:
        with closing(Books(self._store.path)) as books:
            held = books.held([draft.fact for _reading, draft in drafts])
        settled = [draft for _reading, draft in drafts if until and _before(draft.time, until)]
        times = [reading.device_time for reading, _draft in drafts]
        return Looked(
            new=len({draft.fact for _reading, draft in drafts} - held),
            known=len(held),
            settled=len(settled),
            settled_known=sum(draft.fact in held for draft in settled),
            rejected=len(rejects),
            odd=tuple((each.raw or b"").decode("ascii", "replace")[:ODD_MAX] for each in rejects[:3]),
            first=min(times, default=""),
            last=max(times, default=""),
        )

    @staticmethod
    def _before(runner: Runner, drafts: Sequence[tuple[Reading, Draft]]) -> frozenset[str]:
        """Facts from before the terminal's service; they matter while it was never read completely."""
        since = runner.device.keys.in_service_from
        early = str(EARLIEST_YEAR)
        return frozenset(
            draft.fact
            for reading, draft in drafts
            if since and early <= reading.device_time < since.isoformat()
        )

    def _whose(self, runner: Runner, arguments: Arguments) -> Whose:
        """The terminal the file is of."""
        device_id, said = runner.device.device_id, arguments.get("serial", "")
        with closing(self._store.reader()) as reader:
            row = reader.devices().get(device_id)
        serial, cursor = (row.serial, row.cursor) if row else ("", None)
        if not (serial or said):
            raise Refused("这台终端从未联系上：用 --serial 写明序列号 / never in contact: give its --serial")
        if not serial or said in ("", serial):
            return Whose(serial or said, cursor, self._store.complete_until(device_id) or "")
        stood = self._stood(device_id)
        if said not in dict(stood.former):
            raise Refused(f"文件属于 / the file is of {said}, 这台是 / this terminal is {serial}")
        last = stood.lost if stood.lost and stood.former[-1][0] == said else None
        return Whose(said, cursor, last[0] if last else "", former=True)

    def _store_it(self, intake: Intake) -> None:
        try:
            self._store.take(intake)
        except LinkError as error:
            raise Refused(
                f"现在存不下，稍后再导入一次 / not stored now, import it again later: {error}"
            ) from error

    def _runner(self, arguments: Arguments) -> Runner:
        device_id = arguments.get("device", "")
        if device_id not in self._runners:
            raise Refused(f"{device_id}: 没有这台设备 / no such device")
        return self._runners[device_id]


def _before(time: str, until: str) -> bool:
    return datetime.fromisoformat(time) <= datetime.fromisoformat(until)


def _text(looked: Looked) -> str:
    return msgspec.json.encode(looked).decode()

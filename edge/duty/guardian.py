"""The guardian of the terminals: swaps, lost records, in and out of service.

Another serial number or model at a device's address is not read until a person accepts it. A log that was
cleared or has wrapped before it was read leaves a `device.data_gap`. A terminal out of service is left alone,
and holds no watermark.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Literal

from drivers.base import DeviceRefused, LinkError, Observation
from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.device.runner import Runner
from edge.duty.clocks import audit
from edge.events import event_id, own_event
from edge.guard.checks import wrong
from edge.guard.gaps import Before, gap
from edge.guard.guard import Guard
from edge.guard.register import Entry, Identity, Register
from edge.guard.tally import Counted
from edge.payloads import DataGap, DeviceService, GapReason
from edge.store import Store

LOG = logging.getLogger(__name__)
REASON_MAX = 200
LOST_SHOWN_DAYS = 7


class Guardian(Guard):
    """The guardian of one hall; `stand_by` gives it the runners, which it was made before."""

    def __init__(self, store: Store, clock: WallClock, register: Register) -> None:
        self._store, self._clock, self._register = store, clock, register
        self._seen: dict[str, Identity] = {}
        self._runners: dict[str, Runner] = {}
        self._one = threading.Lock()
        self._wrong: dict[tuple[str, str], str] = {}
        """Settings that are wrong -> since when that is known."""
        self.commands: Commands = {"accept": self._accept, "service": self._service}

    def stand_by(self, runners: Sequence[Runner]) -> None:
        """These are the devices; those out of service stay so."""
        self._runners = {runner.device.device_id: runner for runner in runners}
        for device_id, runner in self._runners.items():
            entry = self._register.entry(device_id)
            if entry.out is not None:
                runner.rest(entry.out, entry.since)

    def admit(self, device_id: str, observation: Observation) -> None:
        """See `Guard`."""
        seen, known = Identity.of(observation), self._known(device_id)
        if seen.other_than(known):
            self._seen[device_id] = seen
            raise DeviceRefused("terminal_swapped", f"{known} → {seen}")
        self._seen.pop(device_id, None)
        if self._register.entry(device_id).identity != (full := _filled(seen, known)):
            try:
                self._register.keep(device_id, identity=full)
            except OSError as error:
                LOG.warning("who %s is cannot be written down: %s", device_id, error)

    def _known(self, device_id: str) -> Identity:
        """By the register, else by the database."""
        known = self._register.entry(device_id).identity
        if known.serial:
            return known
        with closing(self._store.reader()) as reader:
            row = reader.devices().get(device_id)
        return Identity(row.serial if row else "")

    def counted(
        self, device_id: str, before: Before, counted: Counted, log_max: int, oldest: str | None
    ) -> None:
        """See `Guard`."""
        found = gap(before, counted, log_max, oldest, self._clock.text())
        if found is None or event_id(found.last) == self._register.entry(device_id).gone:
            return
        self._tell_gap(device_id, counted.serial, found.start, found.end, found.reason)
        lost = (found.start, found.end, self._clock.text())
        try:
            self._register.keep(device_id, gone=event_id(found.last), lost=lost)
        except OSError as error:
            LOG.warning("the gap of %s may be told again: %s", device_id, error)

    def attention(self) -> Iterator[Attention]:
        """Where records may have been lost lately, or will be for a setting of the terminal."""
        yield from self._lost()
        found = {(device_id, cause): about for device_id, cause, about in self._wrongly_set()}
        self._wrong = {each: self._wrong.get(each) or self._clock.text() for each in found}
        for (device_id, cause), about in found.items():
            yield Attention(device_id, cause, self._wrong[device_id, cause], about)

    def _wrongly_set(self) -> Iterator[tuple[str, str, str]]:
        for device_id, runner in self._runners.items():
            if told := runner.health.told:
                yield from ((device_id, *each) for each in wrong(told.observation.settings))

    def _lost(self) -> Iterator[Attention]:
        oldest = self._clock.now() - timedelta(days=LOST_SHOWN_DAYS)
        for device_id in self._runners:
            lost = self._register.entry(device_id).lost
            if lost and datetime.fromisoformat(lost[2]) >= oldest:
                about = f"{lost[0][:19]} – {lost[1][:19]}".replace("T", " ")
                yield Attention(device_id, "records_lost", lost[2], about)

    def entry(self, device_id: str) -> Entry:
        """Which terminals stood for a device, and how it stands."""
        return self._register.entry(device_id)

    def _tell_gap(self, device_id: str, serial: str, start: str, end: str, reason: GapReason) -> None:
        told = DataGap(device_id=device_id, device_serial=serial, start=start, end=end, reason=reason)
        LOG.warning("%s: what it recorded from %s to %s may be lost (%s)", device_id, start, end, reason)
        self._tell("device.data_gap", device_id, told)

    def _tell(self, kind: str, subject: str, payload: DataGap | DeviceService) -> None:
        moment = self._clock.now()
        revision = int(moment.timestamp() * 1000)
        self._store.add(own_event(kind, self._store.tip.epoch, subject, revision, moment, payload))

    def _accept(self, arguments: Arguments) -> str:
        """A person takes the terminal that now answers at a device's address."""
        with self._one:
            runner, actor = self._runner(arguments), arguments.get("actor", "?")
            device_id = runner.device.device_id
            known, seen = self._known(device_id), self._seen.get(device_id)
            if seen is None:
                raise Refused(f"{device_id}: 没有等待确认的新终端 / no other terminal waits to be accepted")
            if arguments.get("serial", seen.serial) != seen.serial:
                raise Refused(f"{device_id}: 现在应答的是 / what answers now is {seen}")
            if seen.serial == known.serial:
                self._keep(device_id, identity=seen)
            else:
                self._replaced(device_id, known, seen)
            self._audit(actor, "device.accept", device_id, f"{known} -> {seen}")
            runner.rest("", self._clock.text())
            if seen.serial != known.serial:
                self._store.forget_watermark(device_id)
            runner.wake()
            return f"{device_id}: {known} → {seen}"

    def _replaced(self, device_id: str, known: Identity, seen: Identity) -> None:
        """Another log begins: what the old terminal recorded since it was read last is out of reach."""
        now = self._clock.text()
        since = self._store.complete_until(device_id) or now
        changed = self._register.entry(device_id).replaced(known.serial, now)
        self._keep(device_id, identity=seen, lost=(since, now, now), **changed)
        with _logged():
            self._tell_gap(device_id, known.serial, since, now, "replaced")

    def _service(self, arguments: Arguments) -> str:
        """A person takes a terminal out of service, or puts it back."""
        with self._one:
            runner, actor = self._runner(arguments), arguments.get("actor", "?")
            device_id, reason = runner.device.device_id, arguments.get("reason", "").strip()
            out, is_out = arguments.get("to") == "out", self._register.entry(device_id).out is not None
            if out == is_out:
                raise Refused(f"{device_id}: 已是如此 / it is so already")
            if out and not (reason.isprintable() and 0 < len(reason) <= REASON_MAX):
                raise Refused(f"停用要写明原因，一行 1–{REASON_MAX} 字 / say why, in one line of up to that")
            since = self._clock.text()
            self._keep(device_id, out=reason if out else None, since=since)
            if out:
                runner.rest(reason, since)
                self._store.forget_watermark(device_id)
            else:
                runner.wake()
            state: Literal["in", "out"] = "out" if out else "in"
            told = DeviceService(device_id=device_id, state=state, since=since, reason=reason, actor=actor)
            with _logged():
                self._tell("device.service", device_id, told)
            self._audit(actor, f"device.service.{state}", device_id, reason)
            return f"{device_id} {state}"

    def _keep(self, device_id: str, **changed: object) -> None:
        """Nothing is done that would be forgotten."""
        try:
            self._register.keep(device_id, **changed)
        except OSError as error:
            raise Refused(f"写不下来，未执行 / it cannot be written down: {error}") from error

    def _audit(self, actor: str, action: str, device_id: str, detail: str) -> None:
        audit(self._store, self._clock, actor, action, device_id, "done", detail)

    def _runner(self, arguments: Arguments) -> Runner:
        device_id = arguments.get("device", "")
        runner = self._runners.get(device_id)
        if runner is None or runner.device.driver is None:
            raise Refused(f"{device_id}: 没有这台设备，或已在配置中停用 / no such device, or it is disabled")
        return runner


@contextmanager
def _logged() -> Iterator[None]:
    """A store that takes nothing now must not undo what a person ordered."""
    try:
        yield
    except LinkError as error:
        LOG.error("it is not told upstream: %s", error)


def _filled(seen: Identity, known: Identity) -> Identity:
    """As seen, with the model known before where none was told."""
    return Identity(seen.serial, seen.model or known.model)

"""The clocks of the terminals beside ours: what they are off by, and setting them; and who confirms ours.

A terminal is set only where our own clock is believed and the terminals do not agree against it, by the edge
in the quiet hours (`set_terminals`) or by a technician; never back over a time at which somebody has punched,
since the same second of the same person would then count as one. Whatever is set or confirmed is audited.
One that calls sets itself by the Date of our answers (protocols §4): nobody orders that, and it goes out only
while our clock is believed and not suspected.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Literal

from drivers.base import LinkError
from edge.clock.clock import WallClock
from edge.clock.offsets import shifted
from edge.clock.trust import suspicion, within
from edge.commands import Arguments, Commands, Refused
from edge.device.runner import Runner
from edge.events import own_event
from edge.payloads import Audit
from edge.settings.settings import Clock
from edge.store import Store

LOG = logging.getLogger(__name__)

SET_FROM_MS = 10_000
"""A terminal that is off by less is left alone."""
ANSWER_S = 60.0
"""How long a technician waits for the terminal; after that the order is void."""
OBJECTIONS = {
    "before_build": "本机时间早于本程序的发布日期 / the clock shows a time before this release was built",
    "before_newest": "本机时间早于曾经确认过的时间；若那个时间本身有误，加 --back"
    " / the clock shows a time before the newest one believed; if that one was wrong, add --back",
}
WHY = {
    "untrusted": "本机时间未经确认 / our own clock is not trusted",
    "suspected": "多台终端一致反对本机时间 / several terminals agree against our clock",
    "hours": "不在安静时段内；急需时加 --now / outside the quiet hours; add --now if it must be",
    "late": "终端没有及时应答，未校时 / the terminal did not answer in time; it is not set",
    "repeats": "回拨会使已有打卡的时间重来一遍 / set back, times at which people punched would come again",
    "calls": "它主动上报，按本机应答中的时间自行校准，无需下令；本机时间可信时，下次呼叫即校准"
    " / it calls, and sets itself by the time in our answers while ours is trusted: nothing to order",
    "failed": "终端没有接受 / the terminal did not take it",
}

EDGE = "edge"
Result = Literal["done", "failed", "refused"]
Role = Literal["technician", "edge", "window", "unknown"]


def offset_now(runner: Runner, clock: WallClock) -> int | None:
    """A terminal's clock minus ours, ms, as last measured and by our clock of this moment."""
    told = runner.health.told
    return shifted(told.offset, clock.boot()) if told else None


def offsets(runners: Iterable[Runner], clock: WallClock) -> list[int]:
    """The offsets of the terminals that answer; one that calls, or an evaluator, has only our own word."""
    asked = [runner for runner in runners if not (runner.device.calls or runner.device.windows)]
    there = [runner for runner in asked if runner.health.state in ("online", "degraded")]
    return [offset for runner in there if (offset := offset_now(runner, clock)) is not None]


def audit(
    store: Store,
    clock: WallClock,
    actor: str,
    action: str,
    target: str,
    result: Result,
    detail: str,
    role: Role | None = None,
) -> None:
    """Store who did what; a store that takes nothing must not stop it, so that is only logged."""
    moment = clock.now()
    told: Role = role or ("edge" if actor == EDGE else "technician")
    said = Audit(actor=actor, role=told, action=action, target=target, result=result, detail=detail)
    revision = int(moment.timestamp() * 1_000_000)
    try:
        store.add(own_event("edge.audit", store.tip.epoch, f"{action} {target}", revision, moment, said))
    except LinkError as error:
        LOG.error("%s is not stored: %s", said, error)


class Setting:
    """One order to set one terminal: decides at the moment of setting, and remembers why not."""

    def __init__(
        self, runner: Runner, clock: WallClock, store: Store, forbidden: Callable[[], str], actor: str
    ) -> None:
        self._runner, self._clock, self._store = runner, clock, store
        self._forbidden, self._actor = forbidden, actor
        self._offset = offset_now(runner, clock)
        self.answered = threading.Event()
        self.why = ""

    def moment(self) -> str | None:
        """The naive wall clock to set now, or None."""
        zone = self._clock.zone(self._runner.device.keys.zone)
        now = self._clock.now().astimezone(zone).replace(tzinfo=None)
        text = (now + timedelta(milliseconds=500)).isoformat(timespec="seconds")
        self._offset = offset = offset_now(self._runner, self._clock)
        told = self._runner.health.told
        self.why = self._forbidden()
        if not self.why and told and offset and offset > 0:
            shown = (now + timedelta(milliseconds=offset)).isoformat(timespec="seconds")
            with closing(self._store.reader()) as reader:
                self.why = "repeats" if reader.stamped_between(told.observation.serial, text, shown) else ""
        return None if self.why else text

    def done(self, result: str) -> None:
        """Audit what became of it, and tell who waits."""
        self.why = self.why or ("" if result == "ok" else "failed")
        word: Result = "done" if result == "ok" else "refused" if result == "refused" else "failed"
        off = "" if self._offset is None else f"{self._offset / 1000:+.1f} s"
        detail = f"{off} {self.why}".strip()
        audit(self._store, self._clock, self._actor, "clock.set", self._runner.device.device_id, word, detail)
        self.answered.set()


class Clocks:
    """The duty of one hall, and what a person may order about clocks."""

    def __init__(self, settings: Clock, clock: WallClock, store: Store, runners: Sequence[Runner]) -> None:
        self._settings, self._clock, self._store, self._runners = settings, clock, store, runners
        self._nights: dict[str, str] = {}
        self.suspected = False
        """As of the last look: several terminals agree against our clock, so none may follow it."""
        self.commands: Commands = {"clock": self._confirm, "set-time": self._set_by_hand}

    def look(self) -> None:
        """Each minute: order what is due this night, once a night for each terminal."""
        self.suspected = suspicion(offsets(self._runners, self._clock)) is not None
        if not self._settings.set_terminals or self._forbidden():
            return
        tonight = self._clock.now().date().isoformat()
        for runner in self._runners:
            offset, name = offset_now(runner, self._clock), runner.device.device_id
            due = offset is not None and abs(offset) >= SET_FROM_MS and not runner.device.calls
            if due and self._nights.get(name) != tonight:
                self._nights[name] = tonight
                setting = Setting(runner, self._clock, self._store, self._forbidden, EDGE)
                runner.order("set_time", setting.done, setting.moment)

    def _forbidden(self, at_once: bool = False) -> str:
        """Why no terminal may be set now, a word of WHY, or ""."""
        if not self._clock.trusted():
            return "untrusted"
        if suspicion(offsets(self._runners, self._clock)) is not None and not at_once:
            return "suspected"
        quiet = within(self._settings.quiet_hours, self._clock.now().time())
        return "" if quiet or at_once else "hours"

    def _set_by_hand(self, arguments: Arguments) -> str:
        """Set one terminal for a technician, and wait for it."""
        named, at_once = arguments.get("device", ""), arguments.get("now") == "yes"
        runner = next((each for each in self._runners if each.device.device_id == named), None)
        if runner is None:
            raise Refused(f"{named}: 没有这台设备 / no such device")
        if runner.device.calls:
            raise Refused(WHY["calls"])
        if why := self._forbidden(at_once):
            raise Refused(WHY[why])
        until = time.monotonic() + ANSWER_S

        def forbidden() -> str:
            return self._forbidden(at_once) if time.monotonic() < until else "late"

        setting = Setting(runner, self._clock, self._store, forbidden, arguments.get("actor", "?"))
        if not runner.order("set_time", setting.done, setting.moment):
            raise Refused(WHY["late"])
        why = setting.why if setting.answered.wait(ANSWER_S) else "late"
        if why:
            raise Refused(WHY[why])
        return f"{named} {self._clock.text()}"

    def _confirm(self, arguments: Arguments) -> str:
        """A technician vouches for our clock."""
        back = arguments.get("back") == "yes"
        found = self._clock.confirm(back)
        actor, detail = arguments.get("actor", "?"), f"{self._clock.text()}{' back' if back else ''} {found}"
        result: Result = "refused" if found else "done"
        audit(self._store, self._clock, actor, "clock.confirm", "edge", result, detail.strip())
        if found:
            raise Refused(f"{self._clock.text()}: {OBJECTIONS[found]}")
        return self._clock.text()

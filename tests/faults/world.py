"""What the time really is, beside a daemon whose clock is moved; and what it made of the time of each punch.

The rules of the judge. While our clock is believed, its time is the time. What was punched while it was not
is dated by the next time that was believed, in the same boot. Two seconds are allowed: a terminal tells whole
ones. Around a change both times are right, for a punch may be heard after it.
"""

import json
import time
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from tests.faults.clock import MovedClock
from tests.faults.lab import Crowd, Lab
from tests.faults.oracle import PUNCH, key
from tests.hall import until
from tests.sim.zk import Punch

TOLERANCE_S = 2.0
AROUND_S = 4.0
CORRECTED = "cn.zwdt.time.corrected.v1"


class Span(NamedTuple):
    """From `since` (of this machine) on, the daemon's clock was off by `off_s`, and was believed or not."""

    since: float
    off_s: int
    trusted: bool


class Walkers(Crowd):
    """People who punch by the terminal's own clock, nobody twice; `made`: when that really was."""

    def __init__(self, lab: Lab, seed: int) -> None:
        super().__init__(lab.terminal, seed)
        self.made: dict[str, float] = {}

    def one(self) -> Punch:
        """One more person."""
        self._number += 1
        now = time.time()
        punch = self._terminal.punch(str(10_000 + self._number), state=self._number % 2)
        self.made[key(punch)] = now
        return punch


class World:
    """A lab whose daemon lives by `moved`; puts walkers into the lab in place of its crowd."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self.lab, self.moved, self.spans = lab, MovedClock(lab.folder), list[Span]()
        lab.daemon.environment = dict(self.moved.environment)
        config = lab.daemon.config.read_text().replace('trust = "system"', 'trust = "kernel"')
        lab.daemon.config.write_text(config)
        self.walkers = lab.crowd = Walkers(lab, seed)
        self.jumps: list[float] = []

    def terminal_follows(self, off_s: float) -> None:
        """The terminal's clock jumps: it is now off by this against this machine's clock."""
        self.jumps.append(time.time())
        self.lab.terminal.set_clock(off_s)

    def becomes(self, moment: datetime, synchronised: bool) -> bool:
        """Our clock is stepped; returns whether the daemon believes it now."""
        since, off_s = time.time(), self.moved.set(moment, synchronised)
        if not self.lab.daemon.running:
            self.lab.daemon.start()
        assert until(lambda: self._shows(moment), 20), "the daemon does not show the new time"
        self.spans.append(Span(since, off_s, self.lab.status().clock_trusted))
        return self.spans[-1].trusted

    def believed(self) -> None:
        """A person confirmed the present time."""
        self.spans.append(Span(time.time(), self.spans[-1].off_s, True))

    def _shows(self, moment: datetime) -> bool:
        snapshot = self.lab.daemon.status()
        at = datetime.fromisoformat(snapshot.at).timestamp() if snapshot else 0
        return abs(at - moment.timestamp()) < 30

    def dated(self, within_s: float) -> bool:
        """Whether everything punched so far has its time upstream, now or soon, where one is believed."""
        if not self.spans[-1].trusted:
            return self.lab.settled(within_s)
        made = set(self.walkers.made)
        return until(lambda: made <= self._told().keys(), within_s, 0.25)

    def right(self, made: float) -> list[float]:
        """What may be told as the time of a punch made then."""
        near = range(self._index(made - AROUND_S), self._index(made + AROUND_S) + 1)
        return [made + self._believed_from(index).off_s for index in near]

    def _index(self, moment: float) -> int:
        return max([n for n, span in enumerate(self.spans) if span.since <= moment], default=0)

    def _believed_from(self, index: int) -> Span:
        return next((span for span in self.spans[index:] if span.trusted), self.spans[-1])

    def wrong(self) -> list[str]:
        """What the consumer would date wrongly, has in the wrong order, or not at all."""
        told = self._told()
        wrong = [f"{name}: not dated" for name in self.walkers.made if name not in told]
        for name, made in self.walkers.made.items():
            right, moment = self.right(made), told.get(name, made)
            if name in told and min(abs(moment - each) for each in right) > TOLERANCE_S:
                wrong.append(f"{name}: off by {[round(moment - each, 1) for each in right]} s")
        return wrong + self._disorder(told)

    def _disorder(self, told: dict[str, float]) -> list[str]:
        """Neighbours in time, away from every change, that are told the other way round."""
        changes = [*(span.since for span in self.spans), *self.jumps]
        found = []
        for (one, then), (other, later) in pairwise(self.walkers.made.items()):
            apart = any(then - AROUND_S < change < later + AROUND_S for change in changes)
            if not apart and told.get(other, 0) < told.get(one, 0):
                found.append(f"{other} is told before {one}")
        return found

    def _told(self) -> dict[str, float]:
        """Native key -> the time as the consumer knows it, by the correction where there is one."""
        rows = self.lab.books._rows("SELECT body FROM events WHERE type IN (?, ?)", PUNCH, CORRECTED)
        events: list[dict[str, Any]] = [json.loads(body) for (body,) in rows]
        later = {event["data"]["event_id"]: event["data"] for event in events if event["type"] == CORRECTED}
        told = {}
        for event in events:
            data = event["data"]
            best = later.get(event["id"], {"time": event["time"], "time_quality": data.get("time_quality")})
            if event["type"] == PUNCH and best["time_quality"] != "unsynced":
                told[data["native_key"]] = datetime.fromisoformat(best["time"]).timestamp()
        return told

"""A hall to be broken: the real daemon as the victim; broker, terminal, consumer and judge around it.

    with Lab(folder) as lab:
        ...                      # faults, while people punch
        verdict = lab.judge()    # faults have ended: drain, pass a fresh punch, hold the books

Every gate is a function `(folder, rounds, seed, tree) -> Verdict`: tests call it in small and in large, and
`test_mutants.py` calls it with a broken copy of the tree. Each life is started from the tree as it is then:
nobody edits it while a gate runs.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from edge import consume
from edge.contract import Event
from edge.control import snapshot
from edge.snapshot import Snapshot
from tests.broker import Broker, free_port
from tests.faults.oracle import Books, Promise, Verdict, integrity, judge, key, merge, unkept
from tests.faults.proxy import Proxy
from tests.gate import say
from tests.hall import SITE, Daemon, consuming, until
from tests.sim.zk import Punch, Terminal

TREE = Path(__file__).parents[2]
START = datetime.fromisoformat("2026-11-02T08:00:00")
DRAIN_S = 90.0
FRESH_S = 45.0
PATIENCE_S = 30.0
Gate = Callable[[Path, int, int, Path], Verdict]

CONFIG = (
    SITE
    + """\
[uplink]
host = "127.0.0.1"
port = {broker}
tls = false
confirm = {confirm}
keepalive = 5
[web]
port = {web}
[device.fp-1]
driver = "zk"
host = "127.0.0.1"
port = {terminal}
poll_seconds = 1
"""
)


class Victim(Daemon):
    """The daemon, run from any tree, under any program (`prefix`), with any environment.

    Its log lies beside the config: a full disk must not reach it, as it would not reach the journal.
    """

    def __init__(self, config: Path, folder: Path, tree: Path = TREE) -> None:
        super().__init__(config, folder)
        self.log = config.with_name("daemon.log")
        self.tree = tree
        self.prefix: list[str] = []
        self.environment: dict[str, str] = {}

    def start(self, wait: bool = True) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [*self.prefix, sys.executable, "-m", "edge.cli", "run", "--config", str(self.config)]
        with self.log.open("ab") as log:
            began = log.tell()
            self._process = subprocess.Popen(
                command,
                cwd=self.tree,
                env={**os.environ, **self.environment},
                stderr=log,
                stdout=log,
                start_new_session=True,
            )
        if wait:
            self._await(began)

    def kill_all(self) -> None:
        """SIGKILL to it and its children, as when the machine stops."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self.kill()

    def stop(self, within_s: float = 20) -> int:
        """SIGTERM; returns the exit code, that of SIGKILL when it did not obey in time."""
        process = self._process
        try:
            return super().stop(within_s)
        except subprocess.TimeoutExpired:
            assert process is not None
            process.kill()
            return process.wait(10)

    def status(self) -> Snapshot | None:
        """As the daemon tells it; the machine may be busy."""
        return snapshot(self.folder, PATIENCE_S)

    def cause(self) -> str:
        """The cause its only device shows now, or "" when it does not answer."""
        snapshot = self.status()
        return snapshot.devices[0].cause if snapshot else ""


class Crowd(threading.Thread):
    """Somebody punches every few hundredths of a second, a second apart on the terminal's clock."""

    def __init__(self, terminal: Terminal, seed: int) -> None:
        super().__init__(name="crowd", daemon=True)
        self._terminal, self._done, self._number = terminal, threading.Event(), 0
        self._chance, self.pause_s = random.Random(seed), (0.01, 0.06)

    def run(self) -> None:
        while not self._done.wait(self._chance.uniform(*self.pause_s)):
            self.one()

    def end(self) -> None:
        """Nobody punches any more."""
        self._done.set()
        if self.ident:
            self.join()

    def one(self) -> Punch:
        """One more person, a second later."""
        self._number += 1
        user = str(1000 + self._number % 40)
        return self._terminal.punch(user, at=START + timedelta(seconds=self._number), state=self._number % 2)


class Lab:
    """One hall. `store`: its folder where it is not in `folder`; `proxied`: the broker is behind a Proxy."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 7,
        tree: Path = TREE,
        store: Path | None = None,
        confirm: str = '["county"]',
        proxied: bool = False,
        consumer: bool = True,
        broker: tuple[str, ...] = (),
        acl: str | None = None,
        capacity: int = 1_000_000,
    ) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.broker = Broker(folder / "broker", config=broker, acl=acl)
        self.proxy = Proxy(self.broker.port)
        self.terminal = Terminal(capacity=capacity)
        self.crowd = Crowd(self.terminal, seed)
        self.books = Books(folder / "county.db")
        self.daemon = Victim(folder / "edge.toml", store or folder / "edge", tree)
        self._confirm, self._proxied, self._consumer = confirm, proxied, consumer
        self._stack = ExitStack()
        self._heard: consume.Consumer | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.broker)
            stack.enter_context(self.proxy)
            stack.enter_context(self.terminal)
            stack.callback(self.daemon.kill_all)
            stack.callback(self.crowd.end)
            self._configure()
            self._stack = stack.pop_all()
        if self._consumer:
            self.consume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _configure(self) -> None:
        self.daemon.config.write_text(
            CONFIG.format(
                folder=self.daemon.folder,
                broker=self.proxy.port if self._proxied else self.broker.port,
                web=free_port(),
                terminal=self.terminal.port,
                confirm=self._confirm,
            )
        )

    def consume(self, on_events: Callable[[Sequence[Event]], None] | None = None) -> None:
        """The county's application comes, and stays until the end."""
        settings = consume.Settings("county", self.books.database, port=self.broker.port)
        self._heard = self._stack.enter_context(consuming(settings, on_events))

    def subscribe_and_leave(self) -> None:
        """The county's application leaves a session behind, which the broker fills."""
        with consuming(consume.Settings("county", self.books.database, port=self.broker.port)):
            assert until(lambda: bool(self.books.promises()), DRAIN_S)

    def live(self, seconds: float) -> None:
        """Let it be for a while."""
        time.sleep(seconds)

    @staticmethod
    def now() -> float:
        """Monotonic seconds, for how long something took."""
        return time.monotonic()

    def settled(self, within_s: float = DRAIN_S) -> bool:
        """Whether everything punched so far is in the books, now or soon."""
        emitted = len(self.terminal.log)
        return until(lambda: self.books.count() >= emitted, within_s, 0.25)

    def status(self) -> Snapshot:
        """What the daemon says, which must answer."""
        snapshot = self.daemon.status()
        assert snapshot is not None, "the daemon does not answer"
        return snapshot

    def storage(self) -> str:
        """The cause of what is wrong with the disk, as the status tells it; "" when it does not answer."""
        snapshot = self.daemon.status()
        return snapshot.store.cause if snapshot else ""

    def told(self) -> list[Promise]:
        """What the hall's status says is stored, at this moment."""
        snapshot = self.daemon.status()
        if snapshot is None or snapshot.store.seq_head == 0:
            return []
        return [Promise(snapshot.store.epoch, snapshot.store.seq_head, snapshot.store.head)]

    def retired_early(self) -> list[str]:
        """What is wrong when the hall takes more for confirmed than the consumer has."""
        status = self.status()
        retired, held = status.store.seq_head - status.uplink.unconfirmed, len(self.books.promises())
        return [f"{retired} are retired, upstream has {held}"] if retired > held else []

    def on_disk(self, told: list[Promise], over: Collection[str] = ()) -> list[str]:
        """What is wrong with the disk of a dead daemon: damage, and promises it does not keep.

        over: epochs that others have followed since; their numbers are settled elsewhere.
        """
        copies = self.folder / "copies"
        shutil.rmtree(copies, ignore_errors=True)
        copies.mkdir()
        for name in ("edge.db", "edge.db-wal"):
            if (self.daemon.folder / name).exists():
                shutil.copy(self.daemon.folder / name, copies / name)
        promises = [each for each in (*told, *self.books.promises()) if each.epoch not in over]
        if not (copies / "edge.db").exists():
            return [f"number {promise.sequence}" for promise in promises]
        damage = integrity(copies / "edge.db")
        return ([] if damage == "ok" else [damage]) + unkept(copies / "edge.db", promises)

    def judge(self, drain_s: float = DRAIN_S, **figures: float) -> Verdict:
        """Faults have ended: drain, let a fresh punch pass, stop, and compare."""
        self.crowd.end()
        if not self.daemon.running:
            self.daemon.start()
        drained = self.settled(drain_s)
        fresh = key(self.crowd.one())
        passed = until(lambda: self.books.holds(fresh), FRESH_S if drained else 5.0, 0.25)
        stopped = self.daemon.stop() == 0
        punches = [record for record in self.terminal.log if isinstance(record, Punch)]
        verdict = judge(punches, self.books.punches(), self.terminal.serial)
        conflicts = sum(count.conflicts for count in self._heard.counters.values()) if self._heard else 0
        other = (f"{conflicts} numbers came again with other bytes",) if conflicts else ()
        return replace(
            verdict, live=passed and stopped, altered=(*verdict.altered, *other), figures=dict(figures)
        )


def in_lanes(gate: Gate, folder: Path, rounds: int, lanes: int = 2, tree: Path = TREE) -> Verdict:
    """The same gate in several halls at once, `rounds` in all."""
    folders = [folder / f"lane-{number}" for number in range(lanes)]
    for each in folders:
        each.mkdir(parents=True)
    with ThreadPoolExecutor(lanes) as pool:
        runs = [
            pool.submit(gate, each, rounds // lanes + (number < rounds % lanes), number, tree)
            for number, each in enumerate(folders)
        ]
        return merge([run.result() for run in runs])


def report(gate: str, run: Callable[[], Verdict]) -> Verdict:
    """Run a gate in its long form and print its JSON line."""
    began = time.monotonic()
    verdict = run()
    say(gate, **_line(verdict, time.monotonic() - began))
    return verdict


def _line(verdict: Verdict, seconds: float) -> Mapping[str, object]:
    return {
        **{name: round(value, 1) for name, value in verdict.figures.items()},
        "punches": verdict.punches,
        "lost": len(verdict.lost),
        "double": len(verdict.double),
        "invented": len(verdict.invented),
        "altered": len(verdict.altered),
        "live": verdict.live,
        "seconds": round(seconds),
    }

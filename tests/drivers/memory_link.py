"""A Link in memory, and a driver running on it in a thread of its own."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from drivers.base import EMIT_MAX, Driver, Observation, Order, Reading, Reject

ZONE = timezone(timedelta(hours=8))


class MemoryLink:
    """Keeps what a driver says. `failures` are raised by the next emits, which then store nothing.

    looks: how often it looked for orders, which most drivers do only between two rounds.
    """

    def __init__(self, cursor: str | None = None, failures: Sequence[Exception] = ()) -> None:
        self.stop = threading.Event()
        self.cursor = cursor
        self.failures = list(failures)
        self.readings: list[Reading] = []
        self.rejects: list[Reject] = []
        self.emits = 0
        self.completes: list[str] = []
        self.observations: list[Observation] = []
        self.waiting: list[Order] = []
        self.passes: list[bool] = []
        self.since: list[str] = []
        self.looks = 0
        self.on_emit: Callable[[Sequence[Reading]], None] = lambda _readings: None

    def emit(
        self,
        readings: Sequence[Reading],
        cursor: str | None,
        complete_until: str | None = None,
        rejects: Sequence[Reject] = (),
    ) -> None:
        assert len(readings) <= EMIT_MAX
        assert self.observations, "a device says who it is before it says anything else"
        self.on_emit(readings)
        if self.failures:
            raise self.failures.pop(0)
        self.emits += 1
        self.readings += readings
        self.rejects += rejects
        self.cursor = cursor
        if complete_until:
            self.completes.append(complete_until)

    def reading(self, whole: bool, since: str = "") -> None:
        self.passes.append(whole)
        self.since.append(since)

    def observed(self, observation: Observation) -> None:
        self.observations.append(observation)

    def now(self) -> str:
        return datetime.now(ZONE).replace(tzinfo=None).isoformat(timespec="seconds")

    def orders(self, wait_s: float) -> Order | None:
        self.looks += 1
        end = time.monotonic() + wait_s
        while not self.waiting and time.monotonic() < end and not self.stop.is_set():
            time.sleep(0.005)
        return self.waiting.pop(0) if self.waiting else None

    @property
    def facts(self) -> set[str]:
        """The different facts heard so far."""
        return {reading.key for reading in self.readings}

    @property
    def notes(self) -> dict[str, str]:
        """What was wrong at the last observation."""
        return dict(self.observations[-1].notes) if self.observations else {}


class Running:
    """A driver at work."""

    def __init__(self, driver: Driver, link: MemoryLink) -> None:
        self.error: Exception | None = None
        self._driver, self._link = driver, link
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def until(self, true: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait until something is true; fails when it does not become true or the driver ends."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come true"
            if not self.thread.is_alive() and not true():
                raise AssertionError(f"the driver ended: {self.error!r}")
            time.sleep(0.005)

    def ended(self) -> Exception | None:
        """Wait for the driver to end by itself."""
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.error

    def _run(self) -> None:
        try:
            self._driver.run(self._link)
        except Exception as error:  # noqa: BLE001 - what ended it is what the test asks
            self.error = error


@contextmanager
def running(driver: Driver, link: MemoryLink) -> Iterator[Running]:
    """Run a driver for the length of the block; it must leave within 3 s of `stop`."""
    link.stop.clear()
    work = Running(driver, link)
    try:
        yield work
    finally:
        link.stop.set()
        work.thread.join(3)
        assert not work.thread.is_alive(), "it did not stop within 3 s"


def copies(readings: Sequence[Reading]) -> Counter[str]:
    """How many records stand behind each fact."""
    counted: Counter[str] = Counter()
    for reading in readings:
        counted[reading.key] += reading.copies
    return counted

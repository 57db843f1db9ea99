"""Asks many addresses at a gentle pace who stands there; it logs in nowhere and changes nothing."""

import importlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import monotonic, sleep
from types import ModuleType
from typing import NamedTuple

from drivers.base import DeviceError
from drivers.sighting import Seen, Sighting

LOG = logging.getLogger(__name__)
CONNECTIONS_A_SECOND = 50.0
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Sighted:
    """A device at an address. options: keys that its table needs, the port too where it is not the usual."""

    host: str
    port: int
    driver: str
    seen: Seen
    options: Mapping[str, str]


class Family(NamedTuple):
    """Devices of one driver, and where to look for them. usual: the port they have from the factory."""

    driver: str
    port: int
    usual: int
    sighting: Sighting


class Pace:
    """Lets so many connections a second begin, from whatever thread."""

    def __init__(self, a_second: float = CONNECTIONS_A_SECOND) -> None:
        self._step, self._next, self._lock = 1 / a_second, 0.0, threading.Lock()

    def __call__(self) -> None:
        """Wait for a turn."""
        with self._lock:
            turn = max(self._next, monotonic())
            self._next = turn + self._step
        sleep(max(0.0, turn - monotonic()))


def families(modules: Iterable[tuple[str, str]], ports: dict[str, int]) -> list[Family]:
    """The families that can be recognised; modules: driver -> its module; ports: driver -> another port."""
    found = []
    for driver, module in modules:
        try:
            sighting = importlib.import_module(f"{module}.sighting")
        except ModuleNotFoundError as error:
            if error.name == f"{module}.sighting" or error.name == module:
                continue  # it calls us, or is a plug-in that cannot be recognised
            raise
        found.append(_family(driver, sighting, ports))
    return found


def _family(driver: str, sighting: ModuleType, ports: dict[str, int]) -> Family:
    usual = int(sighting.PORT)
    return Family(driver, ports.get(driver, usual), usual, sighting)


def sweep(
    hosts: Sequence[str], known: Sequence[Family], pace: Callable[[], None], told: Callable[[int], None]
) -> Iterator[Sighted]:
    """What stands at the addresses, as it is found; `told(n)` where n more have been asked."""
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sweep")
    waiting = iter(hosts)
    running: set[Future[list[Sighted]]] = set()
    try:
        while True:
            for host in waiting:
                running.add(pool.submit(_at, host, known, pace))
                if len(running) >= AT_ONCE:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()
            told(len(done))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _at(host: str, known: Sequence[Family], pace: Callable[[], None]) -> list[Sighted]:
    """The devices at one address."""
    found: list[Sighted] = []
    silent: set[int] = set()
    for family in known:
        if family.port in silent or any(each.port == family.port for each in found):
            continue
        try:
            seen = family.sighting.sighted(host, family.port, pace)
        except DeviceError as error:
            if error.cause == "no_answer":
                silent.add(family.port)
            continue
        except Exception as error:  # noqa: BLE001 - one odd device does not end the sweep of all
            LOG.warning("%s:%s is no %s terminal: %r", host, family.port, family.driver, error)
            continue
        if seen is not None:
            other = {} if family.port == family.usual else {"port": str(family.port)}
            found.append(Sighted(host, family.port, family.driver, seen, {**seen.options, **other}))
    return found

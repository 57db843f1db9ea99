"""Who was turned away at the device port: shown to a person, and not listened to without end.

A terminal calls a few times a minute. From an address that was turned away more often than CALLS_MAX in a
minute, nothing is answered for the rest of it; the desk makes an exception where a device is at home there.
"""

import logging
import threading
from time import monotonic

import msgspec

from edge.clock.clock import WallClock
from edge.snapshot import Caller

LOG = logging.getLogger(__name__)

SHOWN_MAX = 20
SHOWN_S = 3600.0
"""Who has not called for so long is no longer shown."""
SERIAL_MAX = 40
CALLS_MAX = 120
MINUTE_S = 60.0
ADDRESSES_MAX = 256


class Strangers:
    """Those of one port; any thread may call."""

    def __init__(self, clock: WallClock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._away: dict[tuple[str, str], tuple[Caller, float]] = {}
        self._calls: dict[str, tuple[float, int]] = {}

    @property
    def shown(self) -> tuple[Caller, ...]:
        """Who was turned away lately, the newest last."""
        with self._lock:
            now_s = monotonic()
            self._away = {name: each for name, each in self._away.items() if now_s - each[1] < SHOWN_S}
            return tuple(caller for caller, _ in self._away.values())

    def turned_away(self, serial: str, peer: str, device_id: str, driver: str) -> None:
        """One more call of somebody; device_id: who it claims to be, if that is one of ours."""
        serial = serial[:SERIAL_MAX] if serial.isprintable() else repr(serial)[:SERIAL_MAX]
        with self._lock:
            at, (known, _) = self._clock.text(), self._away.pop((serial, peer), (None, 0.0))
            if known is None:
                LOG.warning("turned away at the device port: %r from %s", serial, peer)
                while len(self._away) >= SHOWN_MAX:
                    del self._away[next(iter(self._away))]
            seen = known or Caller(
                serial=serial, address=peer, device_id=device_id, first=at, last=at, driver=driver
            )
            seen = msgspec.structs.replace(seen, last=at, calls=seen.calls + 1)
            self._away[serial, peer] = (seen, monotonic())
        self.bothered(peer)

    def let_in(self, serial: str) -> None:
        """A person has let it in."""
        with self._lock:
            self._away = {name: each for name, each in self._away.items() if name[0] != serial}

    def bothered(self, peer: str) -> None:
        """One more call from this address that came to nothing."""
        with self._lock:
            now_s = monotonic()
            began_s, calls = self._calls.pop(peer, (now_s, 0))
            fresh = now_s - began_s >= MINUTE_S
            while len(self._calls) >= ADDRESSES_MAX:
                del self._calls[next(iter(self._calls))]
            self._calls[peer] = (now_s, 1) if fresh else (began_s, calls + 1)

    def too_often(self, peer: str) -> bool:
        """Whether so much came from this address that no more of it is heard for now."""
        with self._lock:
            began_s, calls = self._calls.get(peer, (0.0, 0))
            return calls > CALLS_MAX and monotonic() - began_s < MINUTE_S

"""Who may come in at the device port: the serial a request claims, and the address it comes from.

Nothing in these protocols proves who calls, so a serial must stand in the config, and is answered at one
address alone: the one in the config, or the first it called from, which is kept in `callers.json`. Whoever
is turned away is shown, so that a person can decide. Called from the port's loop and from status; all of it
is in memory and quick.
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

import msgspec

from drivers.base import Listener, Reply, Request
from edge.clock import WallClock
from edge.receiver import AGAIN, Receiver
from edge.runner import Runner
from edge.snapshot import Caller
from edge.whole import read_kept, write_whole

LOG = logging.getLogger(__name__)

FILE = "callers.json"
STRANGERS_MAX = 20
SERIAL_MAX = 40
SHOWN_S = 3600.0
"""Who has not called for so long is no longer shown."""
REFUSED = Reply(403, b"not configured here")
NOT_OURS = Reply(404, b"not here")


class Desk:
    """The desk of one port, for those of `runners` that call. keep: the folder of `callers.json`."""

    def __init__(self, runners: Iterable[Runner], clock: WallClock, keep: Path) -> None:
        self._clock, self._path = clock, keep / FILE
        self._families: list[type[Listener]] = []
        self._known: dict[tuple[type[Listener], str], Receiver] = {}
        for receiver in runners:
            listener = receiver.listener if isinstance(receiver, Receiver) else None
            if isinstance(receiver, Receiver) and listener:
                self._known[type(listener), listener.serial] = receiver
                if type(listener) not in self._families:
                    self._families.append(type(listener))
        self._lock = threading.Lock()
        loss = "each terminal is bound to where it calls from next"
        self._written: Mapping[str, str] = read_kept(self._path, dict[str, str], loss) or {}
        self._bound = dict(self._written)
        self._away: dict[tuple[str, str], tuple[Caller, float]] = {}

    @property
    def empty(self) -> bool:
        """No device calls here."""
        return not self._known

    @property
    def turned_away(self) -> tuple[Caller, ...]:
        """Who was turned away lately, the newest last."""
        with self._lock:
            now_s = monotonic()
            self._away = {
                name: (caller, last_s)
                for name, (caller, last_s) in self._away.items()
                if now_s - last_s < SHOWN_S
            }
            return tuple(caller for caller, _ in self._away.values())

    def admit(self, request: Request) -> Receiver | Reply:
        """The device a request is of, judged by its head; or the answer it gets instead."""
        claims = ((family, family.identify(request)) for family in self._families)
        family, serial = next((claim for claim in claims if claim[1] is not None), (Listener, None))
        if serial is None:
            return NOT_OURS
        receiver = self._known.get((family, serial))
        if receiver is None:
            return self._turn_away(serial, request.peer, "")
        if not self._at_home(receiver, serial, request.peer):
            receiver.claimed_elsewhere()
            return self._turn_away(serial, request.peer, receiver.device.device_id)
        if not self._clock.trusted():
            receiver.hold()
            return AGAIN
        return receiver

    def _at_home(self, receiver: Receiver, serial: str, peer: str) -> bool:
        """Whether a known serial calls from its address; the first address becomes that."""
        told = receiver.listener.address if receiver.listener else ""
        if told:
            return ip_address(told) == _plain(peer)
        with self._lock:
            home = self._bound.setdefault(serial, str(_plain(peer)))
            new = self._written.get(serial) != home
        if new:
            self._write()
        return home == str(_plain(peer))

    def _turn_away(self, serial: str, peer: str, device: str) -> Reply:
        serial = serial[:SERIAL_MAX] if serial.isprintable() else repr(serial)[:SERIAL_MAX]
        with self._lock:
            at, (known, _) = self._clock.text(), self._away.pop((serial, peer), (None, 0.0))
            if known is None:
                LOG.warning("turned away at the device port: %r from %s", serial, peer)
                while len(self._away) >= STRANGERS_MAX:
                    del self._away[next(iter(self._away))]
            seen = known or Caller(serial=serial, address=peer, device_id=device, first=at, last=at)
            seen = msgspec.structs.replace(seen, last=at, calls=seen.calls + 1)
            self._away[serial, peer] = (seen, monotonic())
        return REFUSED

    def _write(self) -> None:
        bound = dict(self._bound)
        try:
            write_whole(self._path, msgspec.json.encode(bound))
            self._written = bound
        except OSError as error:
            LOG.error("%s cannot be written: %s", self._path, error)


def _plain(peer: str) -> object:
    """An address without the scope of a link, IPv4 in IPv6 as IPv4."""
    address = ip_address(peer.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address

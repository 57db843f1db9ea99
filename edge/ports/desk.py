"""Who may come in at the device port: the serial a request claims, and the address it comes from.

Nothing in these protocols proves who calls, so a serial must stand in the config, or be approved by a person,
and is answered at one address alone: the one in the config, or the first it called from, which is kept in
`callers.json`. A device that is asked and also calls is known by its address (`knock`). Whoever is turned
away is shown, so that a person can decide; from an address where only such come, nothing more is heard once
they came too often. Called from the port's loop and from status; all of it is in memory and quick.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import msgspec

from drivers.base import Listener, Reply, Request
from drivers.conversing import Converser
from edge.clock.clock import WallClock
from edge.device.receiver import AGAIN, Receiver
from edge.device.runner import Runner
from edge.pairing import Doorman
from edge.pairing.signing import SYSTEMS
from edge.ports.knock import Door
from edge.ports.strangers import Strangers
from edge.snapshot import Caller
from edge.whole import read_kept, write_whole
from edge.windows import Systems, Windows
from edge.windows.systems import PATH

LOG = logging.getLogger(__name__)

FILE = "callers.json"
Phones = Callable[[Receiver, Request], Reply]
REFUSED = Reply(403, b"not configured here")
NOT_OURS = Reply(404, b"not here")


class Counter(NamedTuple):
    """Who answers a request. miscounts: its body may be longer than announced.

    small: so must its body be, since anybody may begin one: a page's key is seen with the body alone.
    """

    serve: Callable[[Request], Reply]
    miscounts: bool = True
    small: bool = False


class Talk(NamedTuple):
    """Whose line it is that a request opens."""

    receiver: Receiver


class Desk:
    """The desk of one port, for those of `runners` that call. keep: the folder of `callers.json`.

    families: whose terminals are heard of before one of them is configured, with their driver names.
    doorman: lets in those that prove themselves; without one they are not served. windows: what they hear
    of the hall. phones: answers who comes by a code on paper.
    """

    def __init__(
        self,
        runners: Sequence[Runner],
        clock: WallClock,
        keep: Path,
        families: Mapping[type[Listener], str] | None = None,
        doorman: Doorman | None = None,
        windows: Windows | None = None,
        phones: Phones | None = None,
    ) -> None:
        self._clock, self._path, self._doorman = clock, keep / FILE, doorman
        self._door = Door(runners)
        self._windows, self._phones = windows, phones
        self._families = dict(families or {})
        self._known: dict[tuple[type[Listener], str], Receiver] = {}
        for receiver in runners:
            listener = receiver.listener if isinstance(receiver, Receiver) else None
            if isinstance(receiver, Receiver) and listener:
                self._known[type(listener), listener.known_by] = receiver
                self._families.setdefault(type(listener), receiver.device.keys.driver)
        self._lock = threading.Lock()
        loss = "each terminal is bound to where it calls from next"
        self._written: Mapping[str, str] = read_kept(self._path, dict[str, str], loss) or {}
        self._bound = dict(self._written)
        self._strangers = Strangers(clock)

    @property
    def turned_away(self) -> tuple[Caller, ...]:
        """Who was turned away lately, the newest last."""
        return self._strangers.shown

    def admit(self, request: Request) -> Counter | Talk | Reply:
        """Who answers a request, judged by its head; or the answer it gets instead."""
        if family_name := self._door.hears(request):
            return self._heard(request, family_name)
        if request.path.startswith(PATH) and self._windows and self._windows.systems:
            return self._system(self._windows.systems, request)
        claims = ((family, family.identify(request)) for family in self._families)
        family, serial = next((claim for claim in claims if claim[1] is not None), (Listener, None))
        if serial is None:
            self._strangers.bothered(request.peer)
            return NOT_OURS
        receiver = self._known.get((family, serial))
        if receiver is None:
            if family.proves_itself:
                return NOT_OURS
            self._strangers.turned_away(serial, request.peer, "", self._families[family])
            return REFUSED
        if family.proves_itself or family.by_code:
            return Counter(partial(self.serve, receiver), miscounts=False, small=True)
        if isinstance(receiver.listener, Converser):
            return Talk(receiver)
        if not self._at_home(receiver, serial, request.peer):
            receiver.claimed("foreign_address")
            device_id = receiver.device.device_id
            self._strangers.turned_away(serial, request.peer, device_id, self._families[family])
            return REFUSED
        if not self._clock.trusted():
            receiver.hold()
            return AGAIN
        return Counter(partial(self.serve, receiver))

    def _system(self, systems: Systems, request: Request) -> Counter | Reply:
        """A queue or business system: from the hall's networks, signed."""
        if self._doorman is None or not systems.near(request.peer):
            self._strangers.bothered(request.peer)
            return REFUSED
        serve = partial(self._doorman.answer, SYSTEMS, serve=systems.serve)
        return Counter(serve, miscounts=False, small=True)

    def _heard(self, request: Request, driver: str) -> Counter | Reply:
        """A call of a device that is asked: only from where one stands; no clock is needed for a hint."""
        address = _plain(request.peer)
        if not self._door.home(address):
            self._strangers.turned_away("", request.peer, "", driver)
            return REFUSED
        return Counter(partial(self._door.knocked, address), miscounts=False)

    def bothered(self, peer: str) -> None:
        """Somebody there says what is no request."""
        self._strangers.bothered(peer)

    def unwelcome(self, peer: str) -> bool:
        """Whether nothing more is heard from there: too much came to nothing, and no device is at home."""
        if not self._strangers.too_often(peer):
            return False
        address = _plain(peer)
        return not (self._door.home(address) or str(address) in self._homes())

    def _homes(self) -> set[str]:
        told = (receiver.listener.address for receiver in self._known.values() if receiver.listener)
        return {*self._bound.values(), *(str(ip_address(address)) for address in told if address)}

    def check(self, caller: Caller) -> None:
        """ValueError where a stranger cannot be a device of its family."""
        families = (each for each, name in self._families.items() if name == caller.driver)
        family = next((each for each in families if not each.proves_itself), None)
        if family is None:
            raise ValueError("只有主动上报的终端可以批准 / only a terminal that pushes can be let in")
        family.Options(serial=caller.serial)

    def told_address(self, serial: str) -> str:
        """The address that the config names for a device, or ""."""
        found = (each.listener for (_, name), each in self._known.items() if name == serial)
        return next((listener.address for listener in found if listener), "")

    def bind(self, serial: str, peer: str) -> None:
        """A person says that it calls from there; OSError when the disk does not take it."""
        with self._lock:
            bound = {**self._bound, serial: str(_plain(peer))}
            write_whole(self._path, msgspec.json.encode(bound))
            self._bound, self._written = bound, bound.copy()
        self._strangers.let_in(serial)

    def serve(self, receiver: Receiver, request: Request) -> Reply:
        """The answer to a request that was let in; may block."""
        listener = receiver.listener
        if listener and listener.by_code:
            return self._phones(receiver, request) if self._phones else NOT_OURS
        if listener is None or not listener.proves_itself:
            return receiver.serve(request)
        if self._doorman is None:
            return NOT_OURS
        serve = partial(self._windows.serve, receiver) if self._windows else receiver.serve
        return self._doorman.answer(listener.serial, request, serve)

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

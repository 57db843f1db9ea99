"""A device that keeps a WebSocket open: what is said on it, one message at a time; tested without a socket.

The port owns the socket, its limits and pings. Lines to one device may overlap, since the old one is often
found dead only after the new one stands: so each message comes with the voice it came by. No two of these run
at the same time for one device; a driver that raises loses the line, and the device comes again.
"""

from abc import abstractmethod
from collections.abc import Mapping
from ipaddress import ip_address
from typing import ClassVar, Literal, Protocol

from drivers.base import Link, Listener, Reply, Request

Heard = Literal["known", "stranger", "forged"]
"""What a message shows of who speaks: it is the device; not proved yet; somebody claims to be it, wrongly."""


class Voice(Protocol):
    """Our side of one line."""

    def say(self, text: str) -> None:
        """Send a message; never blocks; nothing where the line is gone."""

    def hang_up(self) -> None:
        """End the line after what was said; never blocks."""


class Converser(Listener):
    """A device that is known by the address it calls from and the path it calls."""

    silence: ClassVar[tuple[str, str]] = ("line_down", "line_never_up")

    @property
    @abstractmethod
    def path(self) -> str:
        """The path it calls."""

    @property
    def known_by(self) -> str:
        """See `Listener`."""
        return name_of(self.address, self.path)

    @staticmethod
    def identify(request: Request) -> str | None:
        """Any call for a WebSocket is of a device at that address."""
        if request.headers.get("upgrade", "").lower() != "websocket":
            return None
        return name_of(request.peer, request.path)

    def handle(self, request: Request, link: Link) -> Reply:
        """It never asks otherwise."""
        return Reply(426, b"a WebSocket is spoken here", {"Upgrade": "websocket"})

    @abstractmethod
    def greet(self, voice: Voice, link: Link) -> None:
        """A line stands."""

    @abstractmethod
    def hear(self, voice: Voice, text: str, link: Link) -> Heard:
        """One message; answered after `emit` returned."""

    @abstractmethod
    def gone(self, voice: Voice) -> None:
        """A line has ended."""

    @property
    @abstractmethod
    def restless(self) -> bool:
        """Whether `look` has something to wait for; pure and quick."""

    @abstractmethod
    def look(self, link: Link) -> None:
        """Time has passed; called about every second while `restless`."""

    def learn(self, about: Mapping[str, str], link: Link) -> None:
        """What the hall knows of its window has changed: page, timeout_s, hall, staff_no, name, post."""


def name_of(address: str, path: str) -> str:
    """What stands for a device that proves itself only later."""
    plain = ip_address(address.partition("%")[0])
    return f"{getattr(plain, 'ipv4_mapped', None) or plain}{path}"

"""What can go wrong with any device's web interface: switches that tests flip at run time, all off."""

from collections.abc import Callable
from dataclasses import dataclass


class Spent:
    """Faults of which some are counters, used up as they strike."""

    __slots__ = ()

    def spent(self, name: str) -> bool:
        """Whether a counter strikes now; uses it up."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


@dataclass(slots=True)
class HttpFaults(Spent):
    """Counters are used up as they strike."""

    silent: bool = False
    """Take connections and requests, answer nothing."""
    cut: int = 0
    """Close the connection of this many requests without an answer."""
    unauthorized: int = 0
    """Answer 401 with a new nonce to this many requests that were logged in rightly."""
    stale: bool = False
    """Say in those that the nonce was the old one."""
    locked: bool = False
    """Answer 401 and say that the login is locked, whatever the password."""
    nonce_uses: int = 0
    """A nonce ends after so many requests; 0 = never."""
    slow_s: float = 0.0
    """Wait so long before each answer."""
    drip_s: float = 0.0
    """Send each byte so long after the one before, head included."""
    endless: bool = False
    """A body that does not end, by chunks."""
    truncate: int = 0
    """Announce the whole body and close in the middle of it, this many times."""
    status: int = 0
    """Answer this status to all that is logged in."""
    redirect: str = ""
    """Send every request there."""
    foreign: bytes = b""
    """Answer with these bytes, as a device of another protocol would."""
    body: bytes = b""
    """Answer with this body to all that is logged in."""
    tell: Callable[[str, bytes], bytes] = lambda _path, body: body
    """What it says in place of a body, under a head that fits."""
    spoil: Callable[[bytes], bytes] = lambda whole: whole
    """What goes out in place of an answer, head and all."""

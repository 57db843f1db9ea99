"""The driver's door: what a device family offers, and the one promise it leans on.

A driver has one method, `run(link)`, and may rely on this: `link.emit(...)` returns only when the
events, their place in the outbox and the cursor are on disk in one commit. The rules:

1. Answer the device only after `emit` returned; on any error answer «again».
2. Same fact, same key, whichever path it came by: made of the device's serial number and the record.
3. Ids make it right, cursors make it quick: a lost cursor costs work, never a wrong count.
4. `emit([])` proves nothing; `complete_until` does: the device's clock when a read began that was complete.
5. No blocking call longer than 5 s, and every loop looks at `link.stop`.
6. Vendor errors are translated at the vendor call, never around `emit`.
7. The constructor touches nothing. No terminal is disabled or cleared; clock, people change on order alone.
8. No judging, no names of people, no filling of gaps. What makes no sense becomes a `Reject`.

    DeviceError                 the device's side
     ├─ DeviceOffline           soon again, with jitter (no answer, reset, nonsense on the line)
     └─ DeviceRefused           rarely again: a person must act (wrong key, foreign device)
    LinkError                   our side; a driver lets these pass
     ├─ IntakeClosed            the store takes nothing now (disk full, quarantine full)
     ├─ StoreBusy               no commit within 10 s: outcome unknown, emit the same again
     └─ LinkRevoked             this Link is withdrawn: leave `run`
    anything else that leaves `run` is a bug and gets a traceback
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

from drivers.orders import STAFF as STAFF
from drivers.orders import VOID as VOID
from drivers.orders import Order as Order
from drivers.orders import Person as Person

EMIT_MAX, RAW_MAX = 1000, 4096
"""Most readings one `emit` takes; most raw bytes kept of one rejected attendance record."""

Fact: TypeAlias = "str | int | bool | tuple[Fact, ...] | Mapping[str, Fact] | None"


class DeviceError(Exception):
    """The device's side failed. `cause` is a word of `edge/causes/`; `detail` is for the technician."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause, self.detail = cause, detail


class DeviceOffline(DeviceError):
    """Not there or not making sense now: tried again soon, with jitter."""


class DeviceRefused(DeviceError):
    """It answers, and will not work until a person acts: tried again rarely."""


class LinkError(Exception):
    """Our own side failed; a driver never catches this."""


class IntakeClosed(LinkError):
    """The store takes nothing now, so that the source keeps it."""


class StoreBusy(LinkError):
    """No commit within the deadline; whether it was stored is unknown. Emit the same again."""


class LinkRevoked(LinkError):
    """This Link was withdrawn from a driver past its deadline."""


class Reading(NamedTuple):
    """One fact a device states, as it states it.

    kind: event type without prefix and version, such as `attendance.punch`; facts: its payload fields.
    serial: serial number of the physical device, never a name from the config.
    key: names the fact on that device; begins with the device's own time, so that keys grow.
    device_time: its naive wall clock at the fact, `YYYY-MM-DDTHH:MM:SS`. copies: identical records it holds.
    """

    kind: str
    serial: str
    key: str
    device_time: str
    facts: Mapping[str, Fact]
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Reject:
    """What made no sense, for quarantine. `raw` only of a punch or a rating; else length and hash."""

    reason: str
    length: int
    sha256: str
    raw: bytes | None = None

    @classmethod
    def record(cls, reason: str, raw: bytes) -> "Reject":
        """A punch, or a rating: its bytes are kept, up to `RAW_MAX`."""
        return cls(reason, len(raw), sha256(raw).hexdigest(), raw[:RAW_MAX])

    @classmethod
    def frame(cls, reason: str, raw: bytes) -> "Reject":
        """Anything else: it might be a photo or a template, so no bytes are kept."""
        return cls(reason, len(raw), sha256(raw).hexdigest())


@dataclass(frozen=True, slots=True)
class Observation:
    """What a device says of itself, for status and clock offset.

    device_clock: its naive wall clock, read just now. counts: `logs`, `log_max`, `users`. settings:
    `duplicate_period_s`, `cyclic_delete`; None = not told. notes: cause -> detail of what does not stop work.
    """

    serial: str
    model: str = ""
    firmware: str = ""
    device_clock: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, int | None] = field(default_factory=dict)


class Link(Protocol):
    """What the daemon hands a driver; the driver knows nothing else of the daemon."""

    @property
    def stop(self) -> threading.Event:
        """Set when the driver must leave `run` (within 3 s)."""

    @property
    def cursor(self) -> str | None:
        """The cursor of the last commit, or None at first contact. Text of the driver's own."""

    def emit(
        self,
        readings: Sequence[Reading],
        cursor: str | None,
        complete_until: str | None = None,
        rejects: Sequence[Reject] = (),
    ) -> None:
        """Return when all of it is on disk in one commit, within 10 s, or raise a LinkError."""

    def reading(self, whole: bool, since: str = "") -> None:
        """A look at what the device holds begins; it ends with the next `complete_until`.

        whole: every record is emitted once, known ones too: its end is a count (`edge/guard/tally.py`);
        since: each from this day on, older ones being as counted last. Whoever skips more says
        `whole=False`: no count.
        """

    def observed(self, observation: Observation) -> None:
        """Tell what the device says of itself; never blocks."""

    def now(self) -> str:
        """Our wall clock in the device's zone, naive, whole seconds: for a device that has no clock."""

    def orders(self, wait_s: float) -> Order | None:
        """The next command for this device, or None after `wait_s` seconds."""


class Driver(ABC):
    """One device. `Options` is a frozen dataclass; its `__post_init__` raises ValueError on bad values."""

    Options: ClassVar[type[Any]]
    takes_people: ClassVar[bool] = False  # it carries out staff orders
    proves_itself: ClassVar[bool] = False  # it calls and signs; what is unsigned is no sign of life
    by_code: ClassVar[bool] = False  # people come by a code on paper, from anywhere: none is a device

    def __init__(self, options: Any) -> None:  # noqa: ANN401 - each driver narrows it to its own Options
        """Touch nothing; keep the options."""
        self.options = options

    @abstractmethod
    def run(self, link: Link) -> None:
        """Work until `link.stop`; open here, close here."""

    def exported(
        self, lines: Sequence[bytes], serial: str, cursor: str | None
    ) -> tuple[list[Reading], list[Reject]]:
        """Lines of the file such a device exports itself, under the keys of its log; ValueError. Pure."""
        raise ValueError(f"{type(self).__name__} reads no export files")


class Poller(Driver):
    """A device that is asked: contact once, then a round at every `poll_seconds` until told to stop."""

    @abstractmethod
    def connect(self, link: Link) -> None:
        """Open the device and say who it is by `link.observed`."""

    @abstractmethod
    def poll(self, link: Link) -> None:
        """One round: what is new goes to `link.emit`."""

    @abstractmethod
    def pause(self, link: Link) -> None:
        """Wait for the next round, for `link.stop`, or for the device to say that there is news."""

    @abstractmethod
    def close(self) -> None:
        """Let the device go; must not raise, and is called also when `connect` failed."""

    def run(self, link: Link) -> None:
        """Connect, then poll and pause until `link.stop`."""
        try:
            self.connect(link)
            while not link.stop.is_set():
                self.poll(link)
                self.pause(link)
        finally:
            self.close()


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. whole: all of it came. at: our time, in its zone. part: who signed, "" = nobody."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: str
    at: datetime
    whole: bool = True
    part: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a `Request`."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Listener(Driver):
    """A device that calls us: here is only the meaning; `handle` and `ordered` never run at the same time."""

    @property
    @abstractmethod
    def serial(self) -> str:
        """The serial number it must claim, from the config."""

    silence: ClassVar[tuple[str, str]] = ("silent", "never_called")
    """The causes of one that calls no more, and of one that never has."""

    @property
    def known_by(self) -> str:
        """What `identify` returns for its requests."""
        return self.serial

    @property
    def address(self) -> str:
        """The IP address it must call from; "" = the one it first called from."""
        return ""

    @property
    def patience_s(self) -> float:
        """A device that has not called for this long is silent."""
        return 180.0

    @staticmethod
    @abstractmethod
    def identify(request: Request) -> str | None:
        """The serial number the head of a request claims; None: not of this family. Pure."""

    @abstractmethod
    def handle(self, request: Request, link: Link) -> Reply:
        """Answer after `link.emit` returned; on any error the server answers «again»."""

    def ordered(self, link: Link) -> None:
        """There is an order at `link.orders`; what is not taken here waits for the next request."""

    def run(self, link: Link) -> None:
        """Nothing to open: requests arrive at `handle`."""
        link.stop.wait()


@contextmanager
def translate(errors: tuple[type[Exception], ...], to: type[DeviceError], cause: str) -> Iterator[None]:
    """Turn vendor errors into ours, at the vendor call."""
    try:
        yield
    except errors as error:
        raise to(cause, f"{type(error).__name__}: {error}") from error

"""What answers at an address, as far as it tells without a secret: the words of `hall-edge discover`.

A family that can be recognised has a module `sighting` with `PORT` and `sighted`. It never logs in, asks
nothing that changes a device, and calls `before` ahead of each connection, so that a sweep keeps its pace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Seen:
    """A device of a family. locked: it tells more only to who has its key or password.

    options: keys that its config table needs beside host and port. cause: why it cannot be read, if so.
    """

    serial: str = ""
    model: str = ""
    locked: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""


class Sighting(Protocol):
    """The module `sighting` of a family."""

    PORT: int
    """Where its devices usually listen."""

    def sighted(self, host: str, port: int, before: Callable[[], None]) -> Seen | None:
        """The device there; None for another one, DeviceOffline where nobody answers."""

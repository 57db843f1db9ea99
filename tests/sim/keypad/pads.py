"""A line of keypads: what they send when a key is pressed, and what they understand.

Written from the description of the frame (JT/T 905.2: header, length, type, address, command, body, XOR,
trailer), not with the driver's code.
"""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import xor
from types import TracebackType
from typing import Any, Literal, Self

from tests.sim.keypad.wires import Converter, Pty

KEYS = {
    "01": "very_satisfied",
    "02": "satisfied",
    "03": "basically_satisfied",
    "04": "dissatisfied",
    "05": "very_dissatisfied",
    "fe": "timeout",
}
OPTIONS: dict[str, Any] = {
    "keys": KEYS,
    "key_command": "0101",
    "address_at": 1,
    "start": "06**020100",
    "thanks": "06**020200",
    "welcome": "06**020300",
}
"""How a driver must be told to understand these keypads."""
COMMANDS = {"0201": "start", "0202": "thanks", "0203": "welcome"}
BARE = "12345"


def packed(body: bytes) -> bytes:
    """A frame, by hand."""
    size = len(body)
    checked = bytes([size >> 8, size & 255]) + body
    return bytes.fromhex("55aa") + checked + bytes([reduce(xor, checked)]) + bytes.fromhex("55aa")


class Pads:
    """Keypads at addresses of one line. `heard` counts commands as (name, address)."""

    def __init__(
        self,
        addresses: Sequence[str] = ("01",),
        mode: Literal["frame", "ascii-key"] = "frame",
        wire: Pty | Converter | None = None,
        seed: int = 1,
    ) -> None:
        self.addresses, self.mode, self.wire = tuple(addresses), mode, wire or Pty()
        self.heard: Counter[tuple[str, str]] = Counter()
        self.emitted = 0
        self.answers = False
        """Somebody presses a key soon after most invitations."""
        self.about_to = 0
        """So many people are about to press."""
        self.random = random.Random(seed)
        self._got = b""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="pads", daemon=True)

    @property
    def port(self) -> str:
        return self.wire.port

    def press(self, stars: int, address: str = "") -> None:
        """A person presses the key of so many stars."""
        self.emitted += 1
        self.code(6 - stars, address)

    def code(self, code: int, address: str = "") -> None:
        """The keypad sends a key's code."""
        self.wire.send(self._pressed(code, address or self.addresses[0]))

    def half(self, code: int = 1, address: str = "") -> None:
        """A frame that breaks off."""
        self.wire.send(self._pressed(code, address or self.addresses[0])[:-3])

    def noise(self, count: int, pieces: tuple[int, int] = (1, 64)) -> None:
        """Random bytes, in bursts."""
        while count > 0:
            piece = min(count, self.random.randint(*pieces))
            self.wire.send(self.random.randbytes(piece))
            count -= piece

    def _pressed(self, code: int, address: str) -> bytes:
        if self.mode == "ascii-key":
            return BARE[code - 1].encode()
        return packed(bytes([6, int(address, 16), 1, 1, code]))

    def _listen(self) -> None:
        frames = {
            packed(bytes.fromhex(f"06{address}{word}00")): (name, address)
            for address in self.addresses
            for word, name in COMMANDS.items()
        }
        while not self._stop.is_set():
            self._got += self.wire.receive()
            for frame, heard in frames.items():
                while frame in self._got:
                    self._got = self._got.replace(frame, b"", 1)
                    self.heard[heard] += 1
                    self._answer(*heard)

    def _answer(self, name: str, address: str) -> None:
        if self.answers and name == "start" and self.random.random() < 0.8:
            stars, pause_s = self.random.randint(1, 5), self.random.uniform(0.5, 3.0)
            pause = threading.Timer(pause_s, self._press_at_last, (stars, address))
            pause.daemon = True
            self.about_to += 1
            pause.start()

    def _press_at_last(self, stars: int, address: str) -> None:
        self.press(stars, address)
        self.about_to -= 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(5)
        self.wire.close()

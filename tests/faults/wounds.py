"""What mutates bytes, and when it strikes: shared by all protocols. `Mutant.count` is what a gate counts."""

import random
import threading

LONGEST = 9
"""Bytes of one wound."""


class Chance:
    """Strikes every so often; `active` False: nothing is mutated. For any thread."""

    def __init__(self, seed: int, every: int) -> None:
        """every: of so many answers one is mutated, on average."""
        self.random, self._every = random.Random(seed), every
        self.lock = threading.RLock()
        self.active = False
        self.count = 0
        self._left = 1

    def strikes(self, weight: int = 1) -> bool:
        """Whether this answer is to be mutated; weight: it counts for so many."""
        if not self.active:
            return False
        self._left -= weight
        if self._left > 0:
            return False
        self._left = self.random.randint(1, 2 * self._every - 1)
        self.count += 1
        return True

    def in_place(self, data: bytes) -> bytes:
        """As long as before, with up to three wounds; never the same."""
        if not data:
            return data
        sent = bytearray(data)
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randrange(len(sent))
            size = min(self.random.choice((1, 1, 1, 2, 4, LONGEST)), len(sent) - at)
            sent[at : at + size] = self._filling(size)
        if sent == data:
            sent[at] ^= 0x41
        return bytes(sent)

    def anyhow(self, data: bytes) -> bytes:
        """With up to four wounds that also lengthen and shorten it."""
        sent = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(sent) + 1)
            sent[at : at + self.random.randint(0, LONGEST)] = self._filling(self.random.randint(0, LONGEST))
        return bytes(sent)

    def cut(self, data: bytes) -> bytes:
        """Its begin."""
        return data[: self.random.randrange(len(data) + 1)]

    def _filling(self, size: int) -> bytes:
        """Chance, one byte again and again, or digits."""
        match self.random.randrange(4):
            case 0:
                return bytes([self.random.choice((0, 0xFF, self.random.randrange(256)))]) * size
            case 1:
                return "".join(self.random.choices("0123456789", k=size)).encode()
        return self.random.randbytes(size)

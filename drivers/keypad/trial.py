"""Listening to a line for a technician: the same port, ear and options as the driver's, and no rating."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.keypad.hearing import Ear, Press
from drivers.keypad.line import Line, moment, opened
from drivers.keypad.memory import Memory
from drivers.keypad.options import KeypadOptions


class Trial:
    """An open line."""

    def __init__(self, line: Line, options: KeypadOptions) -> None:
        self._line = line
        self._ear = Ear(options.frame(), options.layout(), *options.around())

    def heard(self) -> list[Press]:
        """The presses of this moment."""
        return list(self._ear.hear(self._line.read(), moment()))

    @property
    def noise(self) -> int:
        """Bytes that were nothing, since the start."""
        return self._ear.noise


@contextmanager
def listening(options: KeypadOptions) -> Iterator[Trial]:
    """The line, for the length of the block; DeviceOffline where it cannot be opened."""
    with opened(options, Memory(), threading.Event()) as line:
        assert line is not None  # noqa: S101 - only who is told to stop gets none
        yield Trial(line, options)

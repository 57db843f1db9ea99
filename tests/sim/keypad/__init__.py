"""Keypads at windows, on a serial line (a pty) or behind a serial-to-Ethernet converter (TCP)."""

from tests.sim.keypad.pads import KEYS, OPTIONS, Pads
from tests.sim.keypad.wires import Converter, Pty

__all__ = ["KEYS", "OPTIONS", "Converter", "Pads", "Pty"]

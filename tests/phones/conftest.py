"""Phones at the real port, in this process."""

from tests.kiosk.conftest import window

__all__ = ["window"]

"""Tests, one folder or file per room; `tests/sim/` holds the devices on the wire."""

"""Devices on the wire: each imitates one family from its documented layouts, never from our drivers."""

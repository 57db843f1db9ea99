"""Tests of what the account rests on, and of its files."""

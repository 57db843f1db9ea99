"""What a hall of many devices costs the store, counted in steps of SQLite's own machine."""

from pathlib import Path

import pytest

from edge.store import Store, sqlite
from tests.store.halls import intake, open_store


class Steps:
    """Counts what every read-only connection does that is opened from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken, opened = 0, sqlite.connect_reader

        def counted(path: str | Path) -> sqlite.Connection:
            connection = opened(path)
            connection.set_progress_handler(self._step, 1)
            return connection

        monkeypatch.setattr(sqlite, "connect_reader", counted)

    def _step(self) -> None:
        self.taken += 1

    def of_a_cursor(self, store: Store) -> int:
        """How many steps it takes to ask where a device was left."""
        before = self.taken
        assert store.cursor("d1") == "1"
        return self.taken - before


def test_the_cursor_of_a_device_costs_the_same_among_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, steps = open_store(tmp_path), Steps(monkeypatch)
    store.take(intake(1, device="d1", serial="SN1"))
    alone = steps.of_a_cursor(store)
    for number in range(2, 200):
        store.take(intake(1, device=f"d{number}", serial=f"SN{number}"))
    assert 0 < steps.of_a_cursor(store) <= 2 * alone
    store.close()

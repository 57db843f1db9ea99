"""Migration and salvage without processes of their own, for tests of what they do; G6 starts real ones."""

import pytest

from edge.store import migrate, opening, salvage

ROOMS = {"edge.store.migrate": migrate.migrate, "edge.store.salvage": salvage.salvage}


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_child", lambda module, path, _owned, _told: ROOMS[module](path))

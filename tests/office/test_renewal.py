"""A renewed certificate is shown to whoever comes next, without a restart; a broken file changes nothing."""

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.clock.clock import WallClock
from edge.office.certificate import FILE, fingerprint, make
from edge.people import People
from edge.settings.config import load
from tests.broker import free_port
from tests.office.test_commands import CONFIG
from tests.store.halls import ZONE, open_store
from tests.web.halls import TROUBLE


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    config = tmp_path / "edge.toml"
    config.write_text(CONFIG.format(folder=tmp_path, web=free_port(), office=free_port()))
    make(tmp_path, ("127.0.0.1",))
    settings, store = load(config), open_store(tmp_path)
    made = People(settings, store, WallClock(ZONE, "system"), lambda: None)
    made.port = settings.office.port  # type: ignore[attr-defined]
    made.start(lambda: TROUBLE, {})
    yield made
    made.stop()
    store.close()


def shown(people: People) -> str:
    """The fingerprint that a browser shows."""
    text = ssl.get_server_certificate(("127.0.0.1", people.port), timeout=20)  # type: ignore[attr-defined]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).digest().hex(":").upper()


def test_a_renewed_certificate_is_taken_while_running(people: People, tmp_path: Path) -> None:
    first = fingerprint(tmp_path)
    assert shown(people) == first
    make(tmp_path, ("127.0.0.1",))
    renewed = fingerprint(tmp_path)
    people.look()
    assert shown(people) == renewed != first
    (tmp_path / FILE).write_text("-----BEGIN CERTIFICATE-----\n")
    people.look()
    assert [each.cause for each in people.attention()] == ["office_certificate_bad"]
    assert shown(people) == renewed, "the one in use stays"
    make(tmp_path, ("127.0.0.1",))
    people.look()
    assert list(people.attention()) == []
    assert shown(people) == fingerprint(tmp_path)

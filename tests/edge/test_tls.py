"""The uplink over TLS: each way in which it fails has its own word, and none of them is passed over."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.settings.settings import UplinkSettings
from edge.store import Store
from edge.uplink.certificates import end_of, end_of_file, soonest, stage_of
from tests.broker import Broker
from tests.edge.certificates import Authority
from tests.edge.test_uplink import sending
from tests.edge.test_uplink import store as store  # noqa: PLC0414 - a fixture
from tests.hall import until

# paho drops the socket of a failed handshake for the collector to close
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)
CONNECTED = {"ok", "nobody_listens", "no_receipt"}
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    authority = Authority(tmp_path_factory.mktemp("certificates"), "ca")
    authority.issue("right")
    authority.issue("other", host="DNS:other.example")
    now = datetime.now(UTC)
    authority.issue("expired", begins=now - 9 * DAY, ends=now - 2 * DAY)
    authority.issue("early", begins=now + 2 * DAY, ends=now + 9 * DAY)
    authority.issue("hall", host="DNS:hall-1")
    authority.issue("brief", ends=now + 13 * DAY + timedelta(hours=6))
    return authority


@contextmanager
def serving(ca: Authority, folder: Path, name: str, *more: str) -> Iterator[Broker]:
    """A broker with the certificate of that name."""
    at = ca.certificate.parent
    broker = Broker(
        folder / "broker", config=[f"certfile {at}/{name}.pem", f"keyfile {at}/{name}.key", *more]
    )
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        ("right", CONNECTED),
        ("other", {"certificate_other_host"}),
        ("expired", {"certificate_expired"}),
        ("early", {"certificate_not_yet_valid"}),
    ],
)
def test_the_broker_s_certificate_is_checked(
    store: Store, tmp_path: Path, ca: Authority, certificate: str, expected: set[str]
) -> None:
    with serving(ca, tmp_path, certificate) as broker:  # noqa: SIM117
        with sending(store, broker.port, tls=True, ca_file=str(ca.certificate)) as uplink:
            assert until(lambda: uplink.line.cause in expected, 10), uplink.line
            assert uplink.line.connected == (certificate == "right")


def test_another_name_is_told_from_another_address(store: Store, tmp_path: Path, ca: Authority) -> None:
    options = {"tls": True, "ca_file": str(ca.certificate), "host": "localhost"}
    with serving(ca, tmp_path, "right") as broker, sending(store, broker.port, **options) as uplink:
        assert until(lambda: uplink.line.cause == "certificate_other_host", 10), uplink.line


@pytest.mark.parametrize("ending", ["broker", "cert_file"])
def test_a_certificate_that_ends_soon_is_told_while_all_goes_on(
    store: Store, tmp_path: Path, ca: Authority, ending: str
) -> None:
    server, client = ("brief", "hall") if ending == "broker" else ("right", "brief")
    at = ca.certificate.parent
    options = {"cert_file": str(at / f"{client}.pem"), "key_file": str(at / f"{client}.key"), "confirm": ()}
    with serving(ca, tmp_path, server) as broker:  # noqa: SIM117
        with sending(store, broker.port, tls=True, ca_file=str(ca.certificate), **options) as uplink:
            assert until(lambda: uplink.line.cause == "certificate_expires", 10), uplink.line
            assert uplink.line.detail.startswith(f"{ending}: 13 d (")
            assert until(lambda: uplink.outbox.retired == store.tip.position, 10)


def test_a_file_put_right_is_used_without_a_restart(store: Store, tmp_path: Path, ca: Authority) -> None:
    used = tmp_path / "ca.pem"
    used.write_bytes(Authority(tmp_path, "stranger").certificate.read_bytes())
    with serving(ca, tmp_path, "right") as broker:  # noqa: SIM117
        with sending(store, broker.port, tls=True, ca_file=str(used)) as uplink:
            assert until(lambda: uplink.line.cause == "certificate_unknown_ca", 10), uplink.line
            used.write_bytes(ca.certificate.read_bytes())
            assert until(lambda: uplink.line.connected, 60), uplink.line


def test_a_certificate_that_is_replaced_is_used_and_told_no_more(
    store: Store, tmp_path: Path, ca: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.uplink.exchange.STATE_EVERY_S", 1.0)
    at, ours = ca.certificate.parent, tmp_path / "ours.pem"
    shutil.copy(at / "brief.pem", ours)
    shutil.copy(at / "brief.key", tmp_path / "ours.key")
    options = {"cert_file": str(ours), "key_file": str(tmp_path / "ours.key"), "ca_file": str(ca.certificate)}
    asks = (f"cafile {ca.certificate}", "require_certificate true", "use_identity_as_username true")
    with serving(ca, tmp_path, "right", *asks) as broker:  # noqa: SIM117
        with sending(store, broker.port, tls=True, **options) as uplink:
            assert until(lambda: uplink.line.cause == "certificate_expires", 10), uplink.line
            shutil.copy(at / "hall.key", tmp_path / "ours.key")
            shutil.copy(at / "hall.pem", ours)
            assert until(lambda: "u'hall'" in broker.log.read_text(), 30), "without a restart"
            assert until(lambda: uplink.line.connected and uplink.line.cause in CONNECTED, 30), uplink.line


@pytest.mark.parametrize(("left", "stage"), [(31, 0), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (-3, 7)])
def test_it_is_told_anew_at_thirty_fourteen_and_seven_days(left: int, stage: int) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert stage_of({"broker": now + left * DAY, "ca_file": now + 99 * DAY, "cert_file": None}, now) == stage
    assert stage_of({}, now) == 0


@pytest.mark.parametrize("year", [1999, 2030, 2049, 2050, 2099])
def test_the_end_is_read_as_openssl_wrote_it(tmp_path: Path, year: int) -> None:
    end = datetime(year, 7, 8, 9, 10, 11, tzinfo=UTC)
    path, _key = Authority(tmp_path, "ca").issue("x", begins=datetime(1990, 1, 1, tzinfo=UTC), ends=end)
    assert end_of_file(str(path)) == end
    assert end_of_file(str(tmp_path / "none.pem")) is None
    assert end_of(b"no certificate") is None


def test_only_what_ends_within_thirty_days_is_told() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert soonest({"broker": now + 31 * DAY, "ca_file": None}, now) == ""
    assert soonest({"broker": now + 31 * DAY, "ca_file": now + 7 * DAY}, now) == "ca_file: 7 d (2026-11-27)"
    assert soonest({}, now) == ""


def test_a_stranger_s_authority_is_not_believed(store: Store, tmp_path: Path, ca: Authority) -> None:
    stranger = Authority(tmp_path, "stranger").certificate
    with serving(ca, tmp_path, "right") as broker:  # noqa: SIM117
        with sending(store, broker.port, tls=True, ca_file=str(stranger)) as uplink:
            assert until(lambda: uplink.line.cause == "certificate_unknown_ca", 10), uplink.line


def test_a_port_without_tls_is_named(store: Store, tmp_path: Path, ca: Authority) -> None:
    with Broker(tmp_path / "broker") as broker:  # noqa: SIM117
        with sending(store, broker.port, tls=True, ca_file=str(ca.certificate)) as uplink:
            assert until(lambda: uplink.line.cause == "no_tls_there", 10), uplink.line


@pytest.mark.parametrize("known", [True, False])
def test_a_broker_that_asks_who_we_are(store: Store, tmp_path: Path, ca: Authority, known: bool) -> None:
    at = ca.certificate.parent
    ours = {"cert_file": str(at / "hall.pem"), "key_file": str(at / "hall.key")} if known else {}
    asks = (f"cafile {ca.certificate}", "require_certificate true", "use_identity_as_username true")
    with serving(ca, tmp_path, "right", *asks) as broker:
        with sending(store, broker.port, tls=True, ca_file=str(ca.certificate), **ours) as uplink:
            expected = CONNECTED if known else {"closed_before_login"}
            assert until(lambda: uplink.line.cause in expected, 10), uplink.line
        assert ("u'hall'" in broker.log.read_text()) == known


def test_no_option_skips_verification() -> None:
    assert not [name for name in UplinkSettings.__struct_fields__ if "insecure" in name or "verify" in name]
    text = "".join(path.read_text() for path in Path("edge").rglob("*.py"))
    assert "CERT_NONE" not in text
    assert "check_hostname = False" not in text

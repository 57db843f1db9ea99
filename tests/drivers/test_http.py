"""The one careful HTTP conversation: login, deadlines, limits, and devices that mean harm."""

import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from drivers.base import DeviceError, DeviceOffline, DeviceRefused
from drivers.http import client as client_module
from drivers.http import line
from drivers.http.client import Client
from drivers.http.digest import Challenge, Login
from drivers.http.line import Stopped
from drivers.http.options import HttpOptions
from tests.drivers.hikvision_site import password_file
from tests.edge.certificates import Authority
from tests.sim.isapi import Terminal
from tests.sim.web import HttpFaults

INFO = "/ISAPI/System/deviceInfo"


def client(terminal: Terminal, stop: threading.Event | None = None, **options: Any) -> Client:
    given = {"port": terminal.port, "password_file": password_file(terminal), **options}
    return Client(HttpOptions(terminal.host, **given), stop or threading.Event())


def failure(terminal: Terminal, **options: Any) -> DeviceError:
    """How one question ends."""
    asked = client(terminal, **options)
    with pytest.raises(DeviceError) as caught:
        asked.want("GET", INFO)
    asked.close()
    return caught.value


def test_the_digests_of_the_standards_examples() -> None:
    md5 = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="{}", opaque="{}"'
    nonce, opaque = (
        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    )
    login, cnonce = Login("Mufasa", "Circle of Life"), "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    for header, response in (
        (md5.format(nonce, opaque), "8ca523f5e9506fed4657c9700eebdbec"),
        (
            md5.replace("MD5", "SHA-256").format(nonce, opaque),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ):
        challenge = Challenge.parse(header)
        assert challenge is not None
        told = challenge.answer(login, "GET", "/dir/index.html", 1, cnonce)
        assert f'response="{response}"' in told
        assert "nc=00000001" in told
        assert f'opaque="{opaque}"' in told


def test_the_digest_of_the_older_standard() -> None:
    challenge = Challenge.parse(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    )
    assert challenge is not None
    told = challenge.answer(Login("Mufasa", "CircleOfLife"), "GET", "/dir/index.html", 1, "")
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in told
    assert "qop" not in told


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic realm=x",
        "Digest realm=x",
        'Digest realm="x", nonce="n", algorithm=SHA-512-256',
        'Digest realm="x", nonce="n", qop="auth-int"',
        'Digest realm="x\r\nX-Evil: 1", nonce="n"',
        'Digest realm="x", nonce="n\\"',
    ],
)
def test_a_challenge_that_cannot_be_answered_safely_is_none(header: str) -> None:
    assert Challenge.parse(header) is None


def test_of_two_challenges_the_digest_is_taken() -> None:
    found = Challenge.parse('Basic realm="b", Digest realm="d", nonce="n", stale=TRUE, qop="auth"')
    assert found == Challenge("d", "n", stale=True)


@pytest.mark.parametrize("kind", [("MD5", True), ("MD5", False), ("SHA-256", True)])
@pytest.mark.parametrize("keep_alive", [True, False])
def test_it_logs_in_and_stays_logged_in(kind: tuple[str, bool], keep_alive: bool) -> None:
    with Terminal(algorithm=kind[0], qop=kind[1], keep_alive=keep_alive) as terminal:
        asked = client(terminal)
        for _ in range(5):
            assert b"DeviceInfo" in asked.want("GET", INFO)
        asked.close()
        assert terminal.seen["requests"] == 6, "one challenge, five answers"
        assert terminal.seen["refused"] == 0
        assert terminal.connections == (1 if keep_alive else 6)


def test_a_nonce_that_ends_now_and_then_costs_one_request_more() -> None:
    with Terminal(http=HttpFaults(nonce_uses=3)) as terminal:
        asked = client(terminal)
        for _ in range(30):
            asked.want("GET", INFO)
        asked.close()
        assert terminal.seen["requests"] <= 30 + 11


def test_a_wrong_password_is_tried_once_and_then_left_to_a_person(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-one\n")
    with Terminal() as terminal:
        error = failure(terminal, password_file=str(wrong))
        assert isinstance(error, DeviceRefused)
        assert error.cause == "login_refused"
        assert terminal.seen["refused"] == 1, "a terminal locks the user out after a few"
    assert "not-the-one" not in str(error)


def test_a_storm_of_401_is_asked_twice_and_no_more() -> None:
    with Terminal(http=HttpFaults(unauthorized=10_000)) as terminal:
        error = failure(terminal)
        assert isinstance(error, DeviceRefused)
        assert terminal.seen["requests"] == 2
        terminal.http.stale = True
        failure(terminal)
        assert terminal.seen["requests"] == 2 + 3, "a stale nonce is worth one more"


def test_a_locked_login_is_not_even_tried() -> None:
    with Terminal(http=HttpFaults(locked=True)) as terminal:
        error = failure(terminal)
        assert (type(error), error.cause) == (DeviceRefused, "login_locked")
        assert terminal.seen["requests"] == 1


def test_basic_shows_the_password_only_where_a_person_said_so() -> None:
    with Terminal(auth="basic") as terminal:
        error = failure(terminal)
        assert (type(error), error.cause) == (DeviceRefused, "basic_only")
        asked = client(terminal, auth="basic")
        assert b"DeviceInfo" in asked.want("GET", INFO)
        asked.close()


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"", "one password"), (b"a\nb\n", "one password"), (b"\xff", "UTF-8")],
)
def test_a_password_file_that_holds_none_is_named_and_not_quoted(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with Terminal() as terminal, pytest.raises(DeviceRefused, match=why) as caught:
        client(terminal, password_file=str(path))
    assert caught.value.cause == "password_unreadable"
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("faults", "kind", "cause"),
    [
        (HttpFaults(silent=True), DeviceOffline, "no_answer"),
        (HttpFaults(drip_s=0.2), DeviceOffline, "no_answer"),
        (HttpFaults(endless=True), DeviceOffline, "answer_unreadable"),
        (HttpFaults(truncate=9), DeviceOffline, "connection_lost"),
        (HttpFaults(cut=9), DeviceOffline, "connection_lost"),
        (HttpFaults(redirect="http://198.51.100.1/"), DeviceRefused, "redirected"),
        (HttpFaults(redirect="//"), DeviceRefused, "redirected"),
        (HttpFaults(foreign=b"PP\x82\x7d" + bytes(64)), DeviceRefused, "foreign_device"),
        (
            HttpFaults(foreign=b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000),
            DeviceOffline,
            "connection_lost",
        ),
        (HttpFaults(status=403), DeviceRefused, "no_permission"),
        (HttpFaults(status=404), DeviceRefused, "not_supported"),
        (HttpFaults(status=503), DeviceOffline, "answer_unreadable"),
    ],
)
def test_a_device_that_means_harm_costs_one_deadline_at_most(
    faults: HttpFaults, kind: type[DeviceError], cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert line.CALL_S <= 5.0, "the rule of the door"
    monkeypatch.setattr(line, "CALL_S", 1.0)
    with Terminal(http=faults) as terminal:
        began = time.monotonic()
        error = failure(terminal)
        assert time.monotonic() - began < 3.0
        assert terminal.seen["requests"] <= 3
    assert (type(error), error.cause) == (kind, cause), error


def test_nothing_listens() -> None:
    with Terminal() as terminal:
        pass
    assert failure(terminal).cause == "no_answer"


@pytest.mark.parametrize(
    "faults", [HttpFaults(silent=True), HttpFaults(drip_s=0.3), HttpFaults(endless=False, slow_s=9)]
)
def test_a_stop_cuts_any_wait(faults: HttpFaults) -> None:
    stop = threading.Event()
    with Terminal(http=faults) as terminal:
        asked = client(terminal, stop)
        threading.Timer(0.3, stop.set).start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            asked.want("GET", INFO)
        assert time.monotonic() - began < 2.5
        asked.close()


def test_an_idle_connection_that_ended_is_opened_anew_without_a_word() -> None:
    with Terminal() as terminal:
        asked = client(terminal)
        for _ in range(5):
            asked.want("GET", INFO)
            terminal.drop()
        assert asked.opened == 5
        asked.close()


def test_neither_proxy_nor_netrc_of_the_machine_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login admin password stolen\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Terminal() as terminal:
        asked = client(terminal)
        assert b"DeviceInfo" in asked.want("GET", INFO)
        asked.close()
        assert terminal.seen["refused"] == 0


def test_https_believes_its_ca_alone_and_the_address_in_the_certificate(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    for named, ca, cause in (
        ("127.0.0.1", ours, ""),
        ("127.0.0.1", other, "certificate_untrusted"),
        ("10.9.9.9", ours, "certificate_untrusted"),
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ours.issue(f"terminal-{named}-{cause}", f"IP:{named}"))
        with Terminal(tls=context) as terminal:
            options = {"https": True, "ca_file": str(ca.certificate)}
            if cause:
                assert failure(terminal, **options).cause == cause
            else:
                asked = client(terminal, **options)
                assert b"DeviceInfo" in asked.want("GET", INFO)
                asked.close()


def test_each_threads_and_sockets_end_with_the_question() -> None:
    before = threading.active_count()
    with Terminal() as terminal:
        idle = threading.active_count()
        asked = client(terminal)
        for _ in range(20):
            asked.want("GET", INFO)
        assert threading.active_count() <= idle + 1, "the terminal's own for the connection"
        asked.close()
    assert threading.active_count() <= before + 1
    assert client_module.LOGINS_MAX == 2

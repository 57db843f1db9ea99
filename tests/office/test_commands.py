"""The commands `account` and `certificate`: where a secret goes, and that the daemon's pages open."""

import os
import pty
import re
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from edge.cli.listing import lines
from edge.office.certificate import FILE, fingerprint
from edge.store import FILE as DATABASE
from edge.store.filters import Filter
from tests.broker import free_port
from tests.hall import ALONE, OFFICE, SITE, Daemon, until

CONFIG = (
    SITE
    + ALONE
    + OFFICE
    + """\
names = ["office.test"]
"""
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG.format(folder=tmp_path / "edge", web=free_port(), office=free_port()))
    return path


def hall_edge(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.cli", *words, "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def on_a_terminal(config: Path, *words: str) -> str:
    """What a person sees who types this."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge.cli", *words, "--config", str(config)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs) as process:
        process.wait(60)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # nobody writes there any more
        while piece := os.read(ours, 65_536):
            seen += piece
    os.close(ours)
    return seen.decode()


def test_from_set_up_to_the_first_login(config: Path, tmp_path: Path) -> None:
    folder, kept = tmp_path / "edge", tmp_path / "secret"
    piped = hall_edge(config, "account", "init")
    assert (piped.returncode, "--secret-file" in piped.stderr) == (1, True), "no secret into a pipe"
    assert not (folder / "accounts.json").exists()
    seen = on_a_terminal(config, "account", "add", "wang", "--role", "supervisor")
    assert re.search(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", seen)
    made = hall_edge(config, "account", "init", "li", "--secret-file", str(kept))
    secret = kept.read_text().strip()
    assert made.returncode == 0, made.stderr
    assert secret not in made.stdout + made.stderr
    assert fingerprint(folder) in made.stdout
    assert {stat.S_IMODE(each.stat().st_mode) for each in (kept, folder / FILE)} == {0o600}
    assert hall_edge(config, "account", "init", "li", "--secret-file", str(kept)).returncode == 1, (
        "not over it"
    )
    daemon = Daemon(config, folder)
    daemon.start()
    try:
        port = re.search(r"port = (\d+)\nnames", config.read_text())
        assert port
        url = f"https://127.0.0.1:{port[1]}"
        with requests.Session() as http:
            http.trust_env, http.verify = False, str(folder / FILE)
            assert until(lambda: _answers(http, url), 20)
            token = re.search(r'name="token" value="(\w+)"', http.get(f"{url}/login", timeout=20).text)
            assert token
            form = {"token": token[1], "name": "li", "password": secret}
            answer = http.post(f"{url}/login", form, timeout=30)
            assert "首次登录必须更换" in answer.text
        added = hall_edge(config, "account", "add", "1001", "--role", "window", "--secret-file", f"{kept}2")
        assert added.returncode == 0, added.stderr
        assert "1001 window !" in hall_edge(config, "account", "list").stdout
        assert hall_edge(config, "account", "remove", "wang").stdout.strip() == "wang"
        told = "\n".join(lines(folder / DATABASE, Filter(kind="edge.audit"), "zh", False, True))
        for action in ("account.add.supervisor", "account.add.technician", "login", "account.add.window"):
            assert f'"action":"{action}"' in told, "also what was done before the daemon ran"
        assert "account.remove" in told
        assert secret not in told + daemon.log.read_text()
    finally:
        daemon.stop()


def _answers(http: requests.Session, url: str) -> bool:
    try:
        return http.get(f"{url}/login", timeout=20).status_code == 200
    except requests.ConnectionError:
        return False


def _causes(daemon: Daemon) -> list[str]:
    """What is wrong with the people's pages."""
    status = daemon.status()
    return [each.cause for each in status.problems if each.subject == "office"] if status else []


def test_without_certificate_the_hall_works_and_says_what_to_do(config: Path, tmp_path: Path) -> None:
    daemon = Daemon(config, tmp_path / "edge")
    daemon.start()
    try:
        assert until(lambda: _causes(daemon) == ["office_no_certificate"], 20), "in its next snapshot"
        renewed = hall_edge(config, "certificate")
        assert fingerprint(tmp_path / "edge") in renewed.stdout
        before = fingerprint(tmp_path / "edge")
        hall_edge(config, "certificate")
        assert fingerprint(tmp_path / "edge") == before
        hall_edge(config, "certificate", "--renew")
        assert fingerprint(tmp_path / "edge") != before
    finally:
        daemon.stop()

"""The real daemon as a process: a sheet made by the command line, the code on it opened, a rating stored."""

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import requests

from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.hall import ALONE, LISTEN, SITE, Daemon
from tests.kiosk.conftest import rating

CONFIG = (
    SITE
    + ALONE
    + LISTEN
    + """\
[device.phones]
driver = "phone"
windows = ["A01"]
"""
)


def test_a_code_printed_by_the_command_line_leads_to_a_rating(tmp_path: Path) -> None:
    config, folder, sheet = tmp_path / "edge.toml", tmp_path / "edge", tmp_path / "codes.html"
    config.write_text(CONFIG.format(folder=folder, web=free_port(), listen=free_port()))

    def edge(name: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "edge.cli", name, "--config", str(config), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def qr(*options: str) -> subprocess.CompletedProcess[str]:
        return edge("qr", *options)

    assert qr(str(sheet)).returncode == 5, "no daemon runs"
    daemon = Daemon(config, folder)
    daemon.start()
    try:
        done = qr(str(sheet), "--paper", "a5")
        assert done.returncode == 0, done.stderr
        (url,) = re.findall(r'class="url">(http[^<]+)<', sheet.read_text())
        with requests.Session() as phone:
            phone.trust_env = False
            ticket = phone.post(f"{url}open", data="{}", timeout=20).json()["ticket"]
            said = {**rating(1, "very_satisfied"), "ticket": ticket}
            assert phone.post(f"{url}rate", json=said, timeout=20).status_code == 200
            assert edge("sign-on", "A01", "1002").returncode == 0
            again = phone.post(f"{url}open", data="{}", timeout=20).json()["ticket"]
            said = {**rating(2, "satisfied"), "ticket": again}
            assert phone.post(f"{url}rate", json=said, timeout=20).status_code == 200
            assert qr("--renew").returncode == 0
            assert phone.get(url, timeout=20).status_code == 404
        assert (folder / "codes.json").stat().st_mode & 0o777 == 0o600
        assert urlsplit(url).path.split("/")[3] not in daemon.log.read_text(), "the log tells no code"
    finally:
        daemon.stop()
    with closing(Recents(folder / FILE)) as reader:
        stored = [each.data for each in reader.of(["evaluation.submitted"], 0, 9)]
        audits = [each.data["action"] for each in reader.of(["edge.audit"], 0, 9)]
    assert [(each["channel"], each["stars"], each.get("staff_no")) for each in stored] == [
        ("qr", 5, None),
        ("qr", 4, "1002"),
    ]
    assert audits == ["sign-on", "codes.renew"]

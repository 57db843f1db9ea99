"""The unit and its companions, as systemd itself reads them; the daemon under the unit's own filter."""

import grp
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.broker import free_port
from tests.confined import directive

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "systemd" / "hall-edge.service"
SERIAL = ROOT / "systemd" / "hall-edge-serial.conf"
RULES = ROOT / "systemd" / "99-hall-edge-serial.rules"
EXPOSURE_MAX = 15
SERIAL_EXPOSURE_MAX = 16
"""In tenths. Serial ports cost PrivateDevices=; only the halls that have them pay it."""

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)


def install(folder: Path, *, serial: bool = False) -> Path:
    """The unit with a program that exists here, and with the drop-in for serial ports."""
    text, count = re.subn(
        r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text("utf-8"), flags=re.M
    )
    assert count == 1
    unit = folder / UNIT.name
    unit.write_text(text, encoding="utf-8")
    if serial:
        drop_ins = folder / f"{UNIT.name}.d"
        drop_ins.mkdir()
        shutil.copy(SERIAL, drop_ins / "serial.conf")
    return unit


@pytest.mark.parametrize("serial", [False, True])
def test_systemd_finds_no_fault(tmp_path: Path, serial: bool) -> None:
    verified = run("systemd-analyze", "verify", "--man=no", install(tmp_path, serial=serial))
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


@pytest.mark.parametrize(("serial", "limit"), [(False, EXPOSURE_MAX), (True, SERIAL_EXPOSURE_MAX)])
def test_exposure_stays_small(tmp_path: Path, serial: bool, limit: int) -> None:
    unit = install(tmp_path, serial=serial)
    rated = run("systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={limit}", unit)
    assert rated.returncode == 0, rated.stdout[-300:] + rated.stderr
    assert "Overall exposure level" in rated.stdout


def test_unit_starts_the_command_this_project_has() -> None:
    program, *arguments = directive(UNIT.read_text("utf-8"), "ExecStart")[0].split()
    assert program == "/opt/hall-edge/.venv/bin/hall-edge"
    script = Path(sys.executable).with_name("hall-edge")
    shown = run(script, arguments[0], "--help")
    assert shown.returncode == 0, shown.stderr
    assert arguments[1] in shown.stdout


def test_daemon_works_under_the_units_filter(tmp_path: Path) -> None:
    """It says READY to systemd, may ask the kernel whether the clock is synchronised, and stops cleanly."""
    config = tmp_path / "hall-edge.toml"
    config.write_text(
        f'[site]\ncounty = "410421"\nhall = "hall-1"\nname = "厅"\n'
        f'[store]\nfolder = "{tmp_path}/state"\n[web]\nport = {free_port()}\n'
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, (tmp_path / "log").open("w+b") as log:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        hall_edge = Path(sys.executable).with_name("hall-edge")
        daemon = subprocess.Popen(
            [sys.executable, "-m", "tests.confined", UNIT, hall_edge, "run", "--config", config],
            cwd=ROOT,
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")},
            stderr=log,
        )
        try:
            assert systemd.recv(1024) == b"READY=1", (tmp_path / "log").read_text()
            assert systemd.recv(1024) == b"WATCHDOG=1"
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(30) == 0, (tmp_path / "log").read_text()
        finally:
            daemon.kill()
            daemon.wait()


def test_filter_lets_the_daemon_ask_for_the_clock_but_not_set_it() -> None:
    script = (
        "import ctypes, time\n"
        "libc = ctypes.CDLL(None)\n"
        "assert libc.adjtimex(ctypes.create_string_buffer(512)) != -1, 'adjtimex'\n"
        "try:\n"
        "    time.clock_settime(time.CLOCK_REALTIME, time.time())\n"
        "except PermissionError:\n"
        "    print('kept')\n"
    )
    asked = run(sys.executable, "-m", "tests.confined", UNIT, sys.executable, "-c", script)
    assert asked.stdout == "kept\n", asked.stderr
    assert directive(UNIT.read_text("utf-8"), "ProtectClock") == []


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers")
def test_user_and_folders_are_made(tmp_path: Path) -> None:
    systemd = UNIT.parent
    (tmp_path / "etc").mkdir()
    made = run("systemd-sysusers", f"--root={tmp_path}", systemd / "hall-edge.sysusers")
    assert (made.returncode, made.stderr.count("Failed")) == (0, 0), made.stderr
    user = next(line for line in (tmp_path / "etc/passwd").read_text().splitlines() if "hall-edge" in line)
    assert user.split(":")[5:] == ["/var/lib/hall-edge", "/usr/sbin/nologin"]
    text = UNIT.read_text("utf-8")
    assert directive(text, "User") == directive(text, "Group") == [user.split(":")[0]]

    made = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", systemd / "hall-edge.tmpfiles")
    assert (made.returncode, made.stderr) == (0, "")
    folder = (tmp_path / "etc/hall-edge").stat()
    group = next(line for line in (tmp_path / "etc/group").read_text().splitlines() if "hall-edge" in line)
    assert (folder.st_mode & 0o7777, folder.st_uid, folder.st_gid) == (0o750, 0, int(group.split(":")[2]))


def test_serial_group_exists_on_this_system() -> None:
    for group in directive(SERIAL.read_text("utf-8"), "SupplementaryGroups"):
        assert grp.getgrnam(group)


def test_udev_rules_have_the_right_form() -> None:
    """What `udevadm verify` would say where it is too old to know the word (before systemd 254)."""
    token = re.compile(
        r"(ACTION|SUBSYSTEM|SUBSYSTEMS|KERNEL|ENV\{[.A-Z_]+\}|SYMLINK|GOTO|LABEL)(==|!=|\+=|=)\"([^\"]*)\""
    )
    found: dict[str, set[str]] = {"GOTO": set(), "LABEL": set()}
    for line in RULES.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        parts = [token.fullmatch(part) for part in line.split(", ")]
        assert all(parts), line
        for part in filter(None, parts):
            found.get(part[1], set()).add(part[3])
    assert found["GOTO"] == found["LABEL"] == {"hall_edge_end"}


def test_udev_finds_no_fault() -> None:
    if not shutil.which("udevadm") or "verify" not in run("udevadm", "--help").stdout:
        pytest.skip("no udevadm that can verify (systemd 254)")
    verified = run("udevadm", "verify", RULES)
    assert verified.returncode == 0, verified.stdout + verified.stderr

"""A terminal that calls is recorded by the daemon: a file for support, without people and secrets."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.broker import free_port
from tests.commission.test_recording import CARD, DAY, IDS, KEY, NAMES, PIN_CODE, hunted
from tests.drivers.adms_site import driver as adms
from tests.drivers.adms_site import request
from tests.drivers.memory_link import MemoryLink
from tests.hall import SITE, Daemon, until
from tests.path.inside import hall_edge
from tests.sim.adms.calls import call

CONFIG = (
    SITE
    + """\
[web]
port = 0
[listen]
host = "127.0.0.1"
port = {port}
[device.face-1]
driver = "adms"
serial = "S1"
[device.fp-1]
driver = "zk"
host = "127.0.0.1"
port = 1
"""
)
LOG = "/iclock/cdata?SN=S1&table=ATTLOG&Stamp=9999"
TEMPLATE = "TmxlZmxlZmxlZg=="


def said(port: int) -> None:
    """Everything a terminal says in a day, with people in it."""
    people = "".join(
        f"USER PIN={IDS[n]}\tName={name}\tPri=0\tPasswd={PIN_CODE.decode()}\tCard={CARD + n}\tGrp=1\n"
        f"FP PIN={IDS[n]}\tFID=1\tSize=16\tValid=1\tTMP={TEMPLATE}\n"
        for n, name in enumerate(NAMES)
    )
    lines = [f"{IDS[n % 3]}\t{DAY:%Y-%m-%d} 08:00:{n:02}\t{n % 2}\t15\t{CARD}\t0\t0\n" for n in range(6)]
    operation = f"OPLOG 23\t{IDS[0]}\t2026-11-20 10:22:40\t{IDS[1]}\t0\t0\t0\n"
    photo = b"PIN=20260301080000-" + IDS[0].encode() + b".jpg\nSN=S1\nsize=4\nCMD=uploadphoto\0\xff\xd8\xff"
    greeting = f"/iclock/cdata?SN=S1&options=all&pushver=2.4.1&language=83&pushcommkey={KEY}&who={NAMES[2]}"
    told: list[tuple[str, bytes | None]] = [
        (greeting.replace(" ", "%20"), None),
        (f"{LOG}", "".join(lines).encode()),
        (f"{LOG}&CmdId=ours", f"{NAMES[0]} {IDS[0]} {CARD}\n".encode("gbk")),
        ("/iclock/cdata?SN=S1&table=OPERLOG&Stamp=9", (operation + people).encode("gbk")),
        ("/iclock/cdata?SN=S1&table=BIODATA", f"BIODATA Pin={IDS[0]}\tTmp={TEMPLATE}\n".encode()),
        ("/iclock/cdata?SN=S1&table=options", f"~DeviceName=SA40,MAC={CARD},Owner={NAMES[1]}".encode()),
        ("/iclock/getrequest?SN=S1&INFO=Ver%202.0.12,3,0,6,192.168.16.27,10,7,15,0,111", None),
        ("/iclock/devicecmd?SN=S1", f"ID=26&Return=0&CMD=INFO\nName={NAMES[0]}\n".encode()),
        ("/iclock/fdata?SN=S1&table=ATTPHOTO", photo),
    ]
    for target, body in told:
        assert call(("127.0.0.1", port), target, body).status in (200, 404), target


def test_what_a_terminal_says_is_recorded_without_its_people(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "face.jsonl"
    daemon = Daemon(tmp_path / "edge.toml", tmp_path / "edge")
    daemon.config.write_text(CONFIG.format(folder=daemon.folder, port=port))
    daemon.start()
    try:
        assert call(("127.0.0.1", port), LOG, b"1\t2026-03-01 07:00:00\t0\n").body == b"OK:1"
        command = [sys.executable, "-m", "edge.cli", "--lang", "en", "probe", "face-1", "--minutes", "5"]
        command += ["--record", str(file), "--config", str(daemon.config)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as recorder:
            assert recorder.stderr is not None
            assert "5 minutes" in recorder.stderr.readline()
            second = hall_edge("probe", "face-1", "--record", str(tmp_path / "x"), config=daemon.config)
            assert (second.returncode, "已有一次录制" in second.stderr) == (1, True)
            said(port)
            recorder.send_signal(signal.SIGINT)
            assert recorder.wait(20) == 0
            assert str(file) in recorder.stderr.read()
        assert until(lambda: call(("127.0.0.1", port), LOG, b"1\t2026-03-01 07:00:01\t0\n").ok, 10)
        again = hall_edge("probe", "face-1", "--record", str(file), config=daemon.config)
        assert again.returncode == 2, "no file is written over"
    finally:
        daemon.stop()
    text = file.read_text()
    assert hunted(text) == []
    assert TEMPLATE not in text
    assert file.stat().st_mode & 0o777 == 0o600
    head, *entries = (json.loads(line) for line in text.splitlines())
    assert (head["driver"], [each["dir"] for each in entries]) == ("adms", ["<", ">"] * 9)
    assert [each["body"] for each in entries[3:8:4]] == ["OK:6", "OK:7"]
    assert entries[6]["body"].splitlines()[0].startswith("OPLOG 23\t000000000\t2026-11-20 10:22:40")
    played_back(entries)


def played_back(entries: list[dict[str, object]]) -> None:
    """The same driver makes the same punches of it, of nobody."""
    site, here = adms(serial="S1"), MemoryLink()
    for entry in entries:
        query, body = entry.get("query"), entry.get("body")
        if entry["dir"] == "<" and isinstance(query, dict) and isinstance(body, str):
            asked = request(str(entry["path"]).removeprefix("/iclock/"), body.encode())
            told = {name: value for name, value in query.items() if isinstance(value, str)}
            site.handle(replace(asked, query=told), here)
    punches = [each for each in here.readings if each.kind == "attendance.punch"]
    assert [each.device_time[-2:] for each in punches] == [f"{n:02}" for n in range(6)]
    assert {each.facts["device_user_id"] for each in punches} == {f"{n:09}" for n in (1, 2, 3)}
    assert [each.facts["code"] for each in here.readings if each.kind == "device.alarm"] == ["log_deleted"]

"""The command line as a technician uses it, in both languages, with its exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from edge.cli import main
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.sim.zk import Faults

HOSTILE = "\x1b[31m指纹机\u202e<b>"


def hall_edge(*words: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {"HALL_EDGE_CONFIG": str(config)} if config else {}
    return subprocess.run(
        [sys.executable, "-m", "edge.cli", *words],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin", **env},
    )


def online(hall: Hall) -> bool:
    snapshot = hall.daemon.status()
    return snapshot is not None and snapshot.devices[0].state == "online" and snapshot.uplink.unconfirmed == 0


def test_a_disk_that_takes_nothing_at_the_start_is_waited_for(hall: Hall) -> None:
    folder, said = hall.daemon.folder, hall.folder / "said.log"
    folder.write_text("no folder")
    command = [sys.executable, "-m", "edge.cli", "run", "--config", str(hall.daemon.config)]
    with said.open("w") as log, subprocess.Popen(command, stderr=log) as daemon:
        try:
            assert until(lambda: "no start yet" in said.read_text(), 60)
            folder.unlink()
            assert until(lambda: hall.daemon.status() is not None, 60)
        finally:
            daemon.terminate()


def test_a_technicians_day(hall: Hall) -> None:
    for user in ("1001", "1002"):
        hall.terminal.punch(user)
    config = hall.daemon.config
    assert hall_edge("check-config", config=config).returncode == 0
    before = hall_edge("status", config=config)
    assert before.returncode == 5
    assert "没有运行" in before.stderr
    assert "SN0000001" in hall_edge("probe", "fp-1", config=config).stdout
    assert hall_edge("reread", config=config).returncode == 5
    hall.daemon.start()
    with consuming(hall.county):
        assert until(lambda: hall.held() == 2 and online(hall), 20)
        fine = hall_edge("status", config=config)
        assert (fine.returncode, "一切正常" in fine.stdout) == (0, True), fine.stdout
        assert "all is well" in hall_edge("--lang", "en", "status", config=config).stdout
        assert json.loads(hall_edge("status", "--json", config=config).stdout)["devices"][0]["stored"] == 2
        assert hall_edge("reread", "fp-1", config=config).stdout == "已执行: fp-1\n"
        unknown = hall_edge("reread", "fp-9", config=config)
        assert (unknown.returncode, "fp-9" in unknown.stderr) == (1, True)
        nothing = hall_edge("requeue", config=config)
        assert (nothing.returncode, "nothing is set aside" in nothing.stderr) == (1, True)
        none = hall_edge("--lang", "en", "parked", config=config)
        assert (none.returncode, none.stdout) == (0, "nothing is set aside\n")
        other = hall_edge("requeue", "7", config=config)
        assert (other.returncode, "#7 is not set aside" in other.stderr) == (1, True)
        probed = hall_edge("--lang", "en", "probe", "fp-1", config=config)
        assert "asked by the daemon" in probed.stdout
    listed = hall_edge("events", "--person", "1001", config=config).stdout.splitlines()
    assert len(listed) == 1
    assert "1001" in listed[0]
    raw = hall_edge("events", "--type", "attendance.punch", "--json", config=config).stdout.splitlines()
    assert [json.loads(line)["data"]["device_user_id"] for line in raw] == ["1001", "1002"]
    assert hall_edge("events", "--device", "no-such", config=config).stdout == ""
    assert hall_edge("events", "--day", "2020-01-01", config=config).stdout == ""
    second = hall_edge("run", config=config)
    assert second.returncode == 3
    assert str(hall.daemon.pid) in second.stderr
    hall.daemon.stop()
    after = hall_edge("status", config=config)
    assert after.returncode == 5
    assert "fp-1" in after.stdout or "指纹机 1" in after.stdout


@pytest.mark.parametrize(
    ("faults", "key", "words"),
    [
        (Faults(refuse_session=6001), "", "PUSH"),
        (Faults(foreign=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "", "协议"),
        (Faults(), "12", "密码"),
    ],
)
def test_probe_names_cause_and_next_step(hall: Hall, faults: Faults, key: str, words: str) -> None:
    hall.terminal.faults = faults
    if key:
        hall.terminal.comm_key = 45
        (hall.folder / "key").write_text(key)
        hall.configure(device=f'comm_key_file = "{hall.folder / "key"}"')
    said = hall_edge("probe", "fp-1", config=hall.daemon.config)
    assert said.returncode == 1
    assert words in said.stderr
    assert "下一步" in said.stderr
    assert key == "" or key not in said.stderr.replace("fp-1", "").replace(str(hall.folder), "")


def test_mistakes_have_their_exit_codes(hall: Hall, tmp_path: Path) -> None:
    assert hall_edge("check-config", config=tmp_path / "none.toml").returncode == 2
    assert hall_edge("probe", "fp-9", config=hall.daemon.config).returncode == 2
    hall.configure(device="prot = 1")
    wrong = hall_edge("check-config", config=hall.daemon.config)
    assert (wrong.returncode, "'port'" in wrong.stderr) == (2, True)


def test_hostile_names_are_inert(hall: Hall) -> None:
    text = hall.daemon.config.read_text().replace('"指纹机 1"', json.dumps(HOSTILE))
    hall.daemon.config.write_text(text)
    hall.terminal.punch("=1+1<b>")
    hall.daemon.start()
    assert until(lambda: (s := hall.daemon.status()) is not None and s.devices[0].stored == 1, 20)
    shown = hall_edge("status", config=hall.daemon.config).stdout
    shown += hall_edge("events", config=hall.daemon.config).stdout + hall.daemon.log.read_text()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)


def test_every_command_and_option_has_help_and_stands_in_both_readmes() -> None:
    readmes = [Path(name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command, name
        assert command.help, name
        for parameter in command.params:
            assert (
                isinstance(parameter, click.Argument) or getattr(parameter, "help", None) or name == "consume"
            )
        for readme in readmes:
            assert f"hall-edge {name}" in readme, name

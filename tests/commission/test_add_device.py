"""A device that answers gets its table; the file keeps every byte it had, and no secret is in it."""

import os
import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.hikvision.options import HikvisionOptions
from edge.cli import main
from edge.commission.table import appended, table, typed
from edge.commission.writing import ChangedMeanwhile, File
from edge.settings.complaints import ConfigError
from edge.settings.config import load
from tests.commission.conftest import Net
from tests.hall import Daemon, until
from tests.path.inside import hall_edge


def today() -> date:
    """The hall's."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def add(net: Net, name: str, *words: str, typing: str = "", lang: str = "zh") -> Result:
    arguments = ["--lang", lang, "add-device", name, *words, "--config", str(net.config)]
    return CliRunner().invoke(main, arguments, input=typing)


def udp(net: Net) -> list[str]:
    return ["--driver=zk", "--host=127.0.9.2", f"--port={net.zk}", "--set=transport=udp"]


def test_the_table_stands_behind_the_old_bytes_beside_the_running_daemon(net: Net) -> None:
    if os.geteuid() == 0:
        os.chown(net.config, 65534, 12)
    net.config.chmod(0o640)
    owned = net.config.stat()
    before, link = net.config.read_bytes(), net.config.with_name("link.toml")
    link.symlink_to(net.config)
    daemon = Daemon(net.config, net.folder)
    daemon.start()
    try:
        assert until(lambda: (s := daemon.status()) is not None and s.devices[0].state == "online", 20)
        connections = net.fp.connections
        found = hall_edge("discover", "--no-mdns", "--json", *net.ports, "127.0.9.0/30", config=net.config)
        assert '"configured":"fp-1"' in found.stdout
        assert net.fp.connections == connections, "the daemon has it: nobody else calls there"
        days = [today()]
        done = CliRunner().invoke(
            main, ["add-device", "fp-2", *udp(net), "--title=二楼", "--config", str(link)]
        )
        days.append(today())
        assert done.exit_code == 0, done.output
        assert "SN0000002" in done.stdout
        assert "systemctl restart" in done.stdout
        assert link.is_symlink()
        after = net.config.read_bytes()
        assert after.startswith(before)
        assert net.config.with_name("edge.toml.bak").read_bytes() == before
        assert not net.config.with_name("edge.toml.new").exists()
        kept = net.config.stat()
        assert (kept.st_uid, kept.st_gid, kept.st_mode) == (owned.st_uid, owned.st_gid, owned.st_mode)
        (new,) = (each for each in load(net.config).devices if each.device_id == "fp-2")
        day = new.keys.in_service_from
        assert (new.fault, new.name, day in days) == ("", "二楼", True)
        assert f"# {day} hall-edge add-device: SimuZK SN0000002 Ver 6.60 Sim" in after.decode()
        again = add(net, "fp-3", *udp(net))
        assert (again.exit_code, "fp-2" in again.stderr) == (2, True)
        net.locked.options["~SerialNumber"] = "SN0000001"
        net.locked.comm_key = 0
        other = add(net, "fp-3", "--driver=zk", "--host=127.0.9.3", f"--port={net.zk}")
        assert (other.exit_code, "SN0000001" in other.stderr, "fp-1" in other.stderr) == (2, True, True)
        assert net.config.read_bytes() == after
    finally:
        daemon.stop()


def test_a_comm_key_is_asked_for_and_kept_in_a_file_of_its_own(net: Net) -> None:
    words = ["--driver=zk", "--host=127.0.9.3", f"--port={net.zk}"]
    before, key_file = net.config.read_bytes(), net.config.with_name("fp-3.commkey")
    wrong = add(net, "fp-3", *words, typing="815\n", lang="en")
    assert (wrong.exit_code, "wrong" in wrong.stderr, "not changed" in wrong.stderr) == (1, True, True)
    assert net.config.read_bytes() == before
    assert not key_file.exists()
    done = add(net, "fp-3", *words, "--in-service-from=2026-02-03", typing="4711\n")
    assert done.exit_code == 0, done.output
    assert "4711" not in done.output.replace(str(net.config.parent), "")
    assert "4711" not in net.config.read_text().removeprefix(before.decode())
    assert (key_file.read_text(), key_file.stat().st_mode & 0o777) == ("4711\n", 0o640)
    assert load(net.config).devices[1].keys.in_service_from == date(2026, 2, 3)


def test_a_password_is_tried_once_and_a_wrong_one_leaves_nothing(net: Net) -> None:
    words = ["--driver=hikvision", "--host=127.0.9.4", f"--port={net.web}", "--set=pass_minors=[1, 75]"]
    before = net.config.read_bytes()
    wrong = add(net, "face", *words, typing="guess\n")
    assert (wrong.exit_code, "拒绝登录" in wrong.stderr, net.face.seen["refused"]) == (1, True, 1)
    assert net.config.read_bytes() == before
    assert not list(net.config.parent.glob("face*"))
    net.config.with_name("face.password").write_text("somebody's\n")
    there = add(net, "face", *words, typing="hall-2026\n")
    assert (there.exit_code, "face.password" in there.stderr) == (1, True)
    named = net.config.with_name("other.password")
    named.write_text("hall-2026\n")
    done = add(net, "face", *words, f"--password-file={named}")
    assert done.exit_code == 0, done.output
    new = tomllib.loads(net.config.read_text())["device"]["face"]
    assert (new["password_file"], new["pass_minors"]) == (str(named), [1, 75])
    assert net.config.with_name("face.password").read_text() == "somebody's\n"


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("fp-1", ["--driver=zk", "--host=127.0.9.2"], "fp-1"),
        ("fp 2", ["--driver=zk", "--host=127.0.9.2"], "设备编号"),
        ("x]\n[uplink", ["--driver=zk", "--host=127.0.9.2"], "设备编号"),
        ("fp-2", ["--driver=zkk", "--host=127.0.9.2"], "zkk"),
        ("fp-2", ["--driver=zk"], "host"),
        ("fp-2", ["--driver=zk", "--host=8.8.8.8"], "不在内网"),
        ("fp-2", ["--driver=zk", "--host=terminal.local"], "terminal.local"),
        ("fp-2", ["--driver=zk", "--host=127.0.9.2", "--set=prot=1"], "'port'"),
        ("fp-2", ["--driver=zk", "--host=127.0.9.2", "--set=enabled=false"], "enabled"),
        ("fp-2", ["--driver=zk", "--host=127.0.9.2", "--set=x = 1\n[uplink"], "KEY=VALUE"),
        ("fp-2", ["--driver=zk", "--host=127.0.9.2", "--set=poll_seconds=soon"], "poll_seconds"),
        ("face", ["--driver=adms", "--serial=ABC123"], "[listen]"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(
    config: Path, name: str, words: list[str], said: str
) -> None:
    before = config.read_bytes()
    done = CliRunner().invoke(main, ["add-device", name, *words, "--config", str(config)])
    assert (done.exit_code, said in done.stderr) == (2, True), done.output
    assert config.read_bytes() == before
    assert sorted(path.name for path in config.parent.iterdir()) == ["edge", "edge.toml"]
    assert ".toml.new" not in done.output


def test_one_that_calls_us_is_written_without_a_question(config: Path) -> None:
    config.write_text(config.read_text() + '[listen]\nhost = "127.0.0.1"')
    words = ["add-device", "face", "--driver=adms", "--serial=0011", "--config", str(config)]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, "主动上报" in done.stdout) == (0, True), done.output
    device = load(config).devices[-1]
    assert (device.device_id, device.calls, device.fault) == ("face", True, "")
    assert tomllib.loads(config.read_text())["device"]["face"]["serial"] == "0011"
    twice = CliRunner().invoke(main, ["add-device", "f2", *words[2:]])
    assert (twice.exit_code, "face" in twice.stderr) == (2, True)


def test_a_folder_that_takes_nothing_is_told(net: Net) -> None:
    (net.config.parent / "edge.toml.new").mkdir()
    before = net.config.read_bytes()
    done = add(net, "fp-2", *udp(net))
    assert (done.exit_code, "未改动" in done.stderr) == (1, True), done.output
    assert net.config.read_bytes() == before


def test_a_file_that_changed_meanwhile_is_left_alone(config: Path) -> None:
    file = File(config)
    with config.open("a") as other:
        other.write("# a technician was here\n")
    now = config.read_bytes()
    with pytest.raises(ChangedMeanwhile):
        file.put(file.text + "# more\n")
    with pytest.raises(ConfigError, match=re.escape(f"{config}:")):
        File(config).put(file.text + "[sitee]\n")
    assert config.read_bytes() == now
    assert sorted(path.name for path in config.parent.iterdir()) == ["edge", "edge.toml"]


@settings(max_examples=60)
@example("\x7f\x00\u2028\\", "a\nb = 1\x7f", True, 1)
@given(st.text(), st.text(max_size=200), st.booleans(), st.integers(0, 99))
def test_any_text_becomes_one_well_formed_table(value: str, comment: str, windows: bool, number: int) -> None:
    value = value.encode("utf-8", "replace").decode()
    keys = {"name": value, "on": windows, "n": number, "list": [1, 2], "day": date(2026, 1, 2)}
    end = "\r\n" if windows else "\n"
    old = f"# 头{end}[site] # x{end}a = 1"
    new = appended(old, table("a-1", comment, keys))
    assert new.startswith(old)
    assert tomllib.loads(new) == {"site": {"a": 1}, "device": {"a-1": keys}}
    assert new.count("\n") == new.count(end)


def test_a_value_is_a_text_where_the_driver_wants_one() -> None:
    assert typed(HikvisionOptions, "username", "0011") == "0011"
    assert typed(HikvisionOptions, "port", "0") == 0
    assert typed(HikvisionOptions, "https", "true") is True
    assert typed(HikvisionOptions, "port", "http") == "http"

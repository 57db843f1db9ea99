"""The configuration: the sample loads, and every mistake is named with file, line, table and key."""

import re
from pathlib import Path

import msgspec
import pytest

from edge.settings import networks
from edge.settings.complaints import ConfigError
from edge.settings.config import TABLES, load
from edge.settings.families import known_drivers, load_driver
from edge.settings.settings import DeviceKeys

SAMPLE = Path("config/hall-edge.toml")
GOOD = """
[site]
county = "410421"
hall = "hall-1"

[device.fp-1]
driver = "zk"
host = "192.168.1.9"
"""


PUSHES = """[device.face-1]
driver = "adms"
serial = "A1"
"""
PADS = """[site]
county = "410421"
hall = "hall-1"
[device.pads]
port = "COM3"
driver = "keypad"
window = "A01"
mode = "ascii-key"
keys = { 1 = 'very_satisfied', 2 = 'satisfied', 3 = 'dissatisfied' }
"""
LISTEN = "[listen]\nhost = '10.0.0.1'\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    """What is said of a text: of the whole file, or of its one device."""
    try:
        settings = load(written(folder, text))
    except ConfigError as error:
        return str(error)
    return "\n".join(device.fault for device in settings.devices if device.fault)


def test_the_sample_loads_whole() -> None:
    settings = load(SAMPLE)
    assert {device.fault for device in settings.devices} == {""}
    assert {device.keys.driver for device in settings.devices} == set(known_drivers())
    assert settings.site.name == "宝丰县政务服务中心"


def test_the_sample_shows_every_key_and_no_other() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    sections = re.split(r"^\[([\w.-]+)\]$", text, flags=re.M)[1:]
    shown: dict[str, set[str]] = {}
    for name, body in zip(sections[::2], sections[1::2], strict=True):
        found = re.findall(r"^(?:# )?(\w+) = ", body, flags=re.M)
        shown.setdefault(name.split(".")[0], set()).update(found)
    for table, kind in TABLES.items():
        assert shown[table] == {field.name for field in msgspec.structs.fields(kind)}, table
    device = {field.name for field in msgspec.structs.fields(DeviceKeys)}
    options = {key for name in known_drivers() for key in load_driver(name).Options.__dataclass_fields__}
    assert shown["device"] == device | options


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (GOOD.replace("hall =", "hal ="), [":4", "[site]", "hal", "'hall'"]),
        (GOOD.replace("[site]", "[siet]"), ["[siet]", "'site'"]),
        (GOOD.replace('"410421"', '"4104"'), [":3", "[site]", "county"]),
        (GOOD.replace('"410421"', "410421"), [":3", "[site]", "county"]),
        (GOOD.replace('hall = "hall-1"\n', ""), ["[site]", "hall"]),
        (GOOD + "prot = 1\n", [":9", "[device.fp-1]", "prot", "'port'"]),
        (GOOD + 'port = "4370"\n', [":9", "[device.fp-1]", "port"]),
        (GOOD + "port = 99999\n", [":9", "[device.fp-1]", "port"]),
        (GOOD + "poll_seconds = 0\n", [":9", "[device.fp-1]", "poll_seconds"]),
        (GOOD.replace('"zk"', '"kz"'), [":7", "[device.fp-1]", "driver", "zk"]),
        (GOOD.replace('driver = "zk"\n', ""), ["[device.fp-1]", "driver"]),
        (GOOD + 'zone = "Asia/Shangai"\n', [":9", "zone", "Asia/Shanghai"]),
        (GOOD.replace("[device.fp-1]", '[device."fp 1"]'), ["device.fp 1", "A-Z"]),
        (GOOD.replace("device.fp-1", "device.office"), [":6", "[device.office]", "supervision office"]),
        (GOOD + "[office]\ncontact_days = 91\n", [":10", "[office] contact_days", "90"]),
        (GOOD + 'in_service_from = "soon"\n', [":9", "[device.fp-1]", "in_service_from"]),
        (GOOD + "[device.fp-1]\n", [":9", "TOML"]),
        (PADS, [":5", "[device.pads]", "port", "by-id"]),
        (PADS.replace("COM3", "socket://8.8.8.8:4001"), ["[device.pads]", "'8.8.8.8'", "private network"]),
        (
            PADS.replace("COM3", "/dev/ttyS0").replace(" 3 = 'dissatisfied'", " 3 = 'good'"),
            ["[device.pads]", "keys", "good"],
        ),
        ("[site\n", [":1", "TOML"]),
        (GOOD + "[uplink]\nconfirm = ['a b']\n", [":10", "[uplink]", "confirm"]),
        (GOOD + "[uplink]\ncert_file = 'x'\n", ["[uplink]", "key_file"]),
        (GOOD + "[crypto]\nsuite = 'md5'\n", [":10", "[crypto]", "suite"]),
        (GOOD + "[web]\nport = -1\n", [":10", "[web]", "port"]),
        ("", ["[site]", "county"]),
        (GOOD.replace("[device.fp-1]", "[[device]]"), ["device", "[device.ID]"]),
        ("device = 5\n" + GOOD.split("[device")[0], [":1", "device", "[device.ID]"]),
        ("x = " + "[" * 5000 + "\n", ["TOML"]),
        (GOOD + '[store]\nfolder = "a\\u0000b"\n', [":10", "[store]", "folder"]),
        (GOOD + "[store]\nfolder = ''\n", [":10", "[store]", "folder"]),
        (GOOD.replace("[device.fp-1]", "[devices.fp-1]"), [":6 [devices]", "'device'"]),
        (GOOD.replace("[site]", "[SITE]"), [":2 [SITE]", "'site'"]),
        (GOOD + "Port = 4370\n", [":9", "Port", "'port'"]),
        (GOOD + "in_service_from = 2026-13-01\n", [":9 in_service_from", "TOML"]),
        (GOOD + "in_service_from = 2026-01-01T00:00:00\n", [":9", "2026-01-01T00:00:00".replace("T", " ")]),
        (GOOD + "encoding = 'rot13'\n", [":9", "[device.fp-1]", "encoding", "rot13"]),
        (GOOD + "[clock]\ntrust = 'sistem'\n", [":10", "trust", "'kernel', 'system'"]),
        (GOOD + "[uplink]\nkeepalive = 60\n", [":10", "keepalive", "at most 15"]),
        (GOOD + "[uplink]\ntls = 'no'\n", [":10", "tls", "true or false"]),
        (GOOD + "[uplink]\nhost = 'mqtt://broker:1883'\n", [":10", "[uplink] host", "mqtt://"]),
        (GOOD + "[uplink]\nhost = 'broker:1883'\n", [":10", "[uplink] host", "broker:1883"]),
        (GOOD + "[uplink]\nconfirm = ['a', 'a']\n", [":10", "[uplink] confirm"]),
        (GOOD + "[listen]\nhost = 'eth0'\n", [":10", "[listen] host", "eth0"]),
        (GOOD + PUSHES, [":10", "[device.face-1]", "[listen]"]),
        (GOOD + PUSHES + LISTEN + PUSHES.replace("-1", "-2"), [":16", "[device.face-2]", "face-1"]),
        (GOOD + PUSHES.replace("A1", "A 1") + LISTEN, [":11", "[device.face-1]", "serial"]),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, text: str, wanted: list[str]) -> None:
    said = complaint(tmp_path, text)
    assert "edge.toml" in said
    for part in wanted:
        assert part in said, said
    for line in said.splitlines():
        assert re.search(r"[\u4e00-\u9fff].* / .*[a-z]", line), f"not in both languages: {line}"
        assert "`" not in line, line


def test_a_host_may_be_a_name_or_an_address(tmp_path: Path) -> None:
    for host in ("", "mqtt.example", "10.0.0.1", "fd00::1"):
        assert complaint(tmp_path, GOOD + f"[uplink]\nhost = '{host}'\n") == ""


def test_a_driver_that_cannot_be_loaded_costs_its_devices_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import drivers

    (tmp_path / "broken.py").write_text("DRIVER = (\n")
    monkeypatch.setattr(drivers, "__path__", [*drivers.__path__, str(tmp_path)])
    settings = load(written(tmp_path, GOOD + "\n[device.fp-2]\ndriver='broken'\n"))
    good, bad = settings.devices
    assert good.driver is not None
    assert "SyntaxError" in bad.fault


def test_a_bad_device_leaves_the_others_running(tmp_path: Path) -> None:
    settings = load(
        written(tmp_path, GOOD + "port = 0x1FFFF\n\n[device.fp-2]\ndriver='zk'\nhost='10.0.0.2'\n")
    )
    bad, good = settings.devices
    assert bad.driver is None
    assert bad.fault
    assert good.driver is not None


def test_a_secret_in_place_of_a_file_name_is_not_shown(tmp_path: Path) -> None:
    assert "4711" not in complaint(tmp_path, GOOD + "comm_key_file = 4711\n")
    assert "4711" not in complaint(tmp_path, GOOD + "[uplink]\npassword_file = 4711\n")


def test_a_device_that_calls_is_known_as_one(tmp_path: Path) -> None:
    spare = PUSHES.replace("-1", "-2") + "enabled = false\n"
    asked, calls, off = load(written(tmp_path, GOOD + LISTEN + PUSHES + spare)).devices
    assert (asked.calls, calls.calls) == (False, True)
    assert (off.driver, off.fault) == (None, ""), "a spare table of the same terminal does no harm"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text(GOOD, encoding="utf-8-sig")
    assert load(tmp_path / "edge.toml").site.hall == "hall-1"


def test_a_missing_file_and_wrong_bytes_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none.toml"):
        load(tmp_path / "none.toml")
    (tmp_path / "gbk.toml").write_bytes('[site]\nname = "宝丰"\n'.encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "gbk.toml")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "172.31.0.9", "192.168.1.64", "::1", "fd00::5", "fe80::1", "::ffff:10.0.0.1"],
)
def test_a_device_may_stand_in_a_private_network(tmp_path: Path, host: str) -> None:
    assert complaint(tmp_path, GOOD.replace("192.168.1.9", host)) == ""


@pytest.mark.parametrize(
    "host",
    [
        "8.8.8.8",
        "59.200.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "172.32.0.1",
        "2001:db8::1",
        "::ffff:8.8.8.8",
        "::",
    ],
)
def test_a_device_may_not_stand_elsewhere_unless_a_person_added_the_network(
    tmp_path: Path, host: str
) -> None:
    text = GOOD.replace("192.168.1.9", host)
    said = complaint(tmp_path, text)
    assert "host" in said
    assert "device_networks" in said
    added = text.replace('hall = "hall-1"', 'hall = "hall-1"\ndevice_networks = ["59.200.0.0/16"]')
    assert (complaint(tmp_path, added) == "") == (host == "59.200.1.1")


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "59.200.1.1/16", "example.org", "8.0.0.0/7", ""])
def test_a_network_is_a_network_and_not_the_world(tmp_path: Path, network: str) -> None:
    text = GOOD.replace('hall = "hall-1"', f'hall = "hall-1"\ndevice_networks = ["{network}"]')
    assert "device_networks" in complaint(tmp_path, text)


def test_the_unit_lets_through_what_a_device_may_be() -> None:
    unit = Path("systemd/hall-edge.service").read_text(encoding="utf-8")
    allowed = re.findall(r"^IPAddressAllow=(.*)$", unit, flags=re.M)
    listed = {network for line in allowed for network in line.split()} - {"localhost"}
    assert {str(network) for network in networks.LOCAL} == listed | {"127.0.0.0/8", "::1/128"}

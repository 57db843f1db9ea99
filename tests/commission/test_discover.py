"""A sweep finds each family by its own wire protocol, disturbs nobody, and says what comes next."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.sighting import Seen
from edge.commission import announced
from edge.commission.findings import Finding
from edge.commission.ranges import ADDRESSES_MAX, RangeRefused, addresses, asked, connected, usual
from edge.commission.sweep import Family, Pace, sweep
from tests.commission.conftest import NETWORK, Net
from tests.hall import until
from tests.path.inside import hall_edge
from tests.sim.web import HttpFaults
from tests.sim.zk import Faults


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.zk.sighting.PATIENCE_S", 2.0)
    monkeypatch.setattr("drivers.zk.wire.SLICE_S", 0.2)
    monkeypatch.setattr("drivers.zk.wire.FAREWELL_S", 0.1)


def found(net: Net, *more: str) -> dict[str, dict[str, object]]:
    done = hall_edge("discover", "--no-mdns", "--json", *net.ports, *more, NETWORK, config=net.config)
    assert done.returncode == 0, done.stderr
    return {row["address"]: row for row in json.loads(done.stdout)}


def test_each_family_is_told_apart_without_a_login(net: Net) -> None:
    rows = found(net)
    told = {at: (row["driver"], row["serial"], row["model"], row["locked"]) for at, row in rows.items()}
    assert told == {
        "127.0.9.1": ("zk", "SN0000001", "SimuZK", False),
        "127.0.9.2": ("zk", "SN0000002", "SimuZK", False),
        "127.0.9.3": ("zk", "", "", True),
        "127.0.9.4": ("hikvision", "", "DS-K1T341AM", True),
        "127.0.9.5": ("dahua", "7J0A1D2PAZ00001", "", True),
    }
    assert rows["127.0.9.1"]["configured"] == "fp-1"
    assert rows["127.0.9.1"]["next"] == ""
    add = "hall-edge add-device"
    assert rows["127.0.9.2"]["next"] == (
        f"{add} zk-2 --driver zk --host 127.0.9.2 --port={net.zk} --set=transport=udp"
    )
    assert rows["127.0.9.4"]["next"] == (
        f"{add} hikvision-4 --driver hikvision --host 127.0.9.4 --port={net.web}"
    )
    for web in (net.face, net.gate):
        assert web.seen["refused"] == 0
        assert all(path.startswith("GET ") for path in web.paths)
        assert len(web.paths) <= 2
    assert 1102 not in net.locked.commands, "no key is tried"
    assert {*net.fp.commands} <= {1000, 11, 1100, 1001}, "connect, options, version, exit"
    assert until(lambda: net.fp.commands[-1] == 1001, 20), "its farewell is waited for only a moment"


def test_the_table_is_chinese_first_and_ends_in_a_command(net: Net) -> None:
    done = hall_edge("discover", "--no-mdns", *net.ports, NETWORK, config=net.config)
    assert "已配置为" in done.stdout
    assert "hall-edge add-device zk-3 --driver zk --host 127.0.9.3" in done.stdout
    assert NETWORK in done.stderr
    said = hall_edge("--lang", "en", "discover", "--no-mdns", *net.ports, NETWORK, config=net.config)
    assert "in use" in said.stdout


def test_what_answers_otherwise_is_no_terminal(net: Net) -> None:
    net.fp.faults = Faults(foreign=b"SSH-2.0-OpenSSH_9\r\n")
    net.locked.faults = Faults(silent=True)
    net.face.login.realm = "router"
    net.gate.http = HttpFaults(foreign=b"\x00\x01\x02\r\n\r\n")
    net.udp.faults = Faults(refuse_session=6001)
    rows = found(net)
    assert [(at, row["cause"], row["driver"]) for at, row in rows.items()] == [
        ("127.0.9.2", "encrypted_firmware", "adms")
    ]
    assert "--driver adms --serial SERIAL" in str(rows["127.0.9.2"]["next"])


def test_hostile_words_of_a_device_are_inert(net: Net) -> None:
    net.fp.options["~DeviceName"] = "\x1b[2J\u202eevil\n[device.x]"
    net.face.login.realm = "DS-K1T\x1b]0;evil(1)"
    done = hall_edge("discover", "--no-mdns", *net.ports, NETWORK, config=net.config)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("8.8.8.0/30", "不在内网"),
        ("10.0.0.0/8", "地址太多"),
        ("0.0.0.0/0", "不在内网"),
        ("fe80::/64", "地址太多"),
        ("192.168.1.0/33", "不是网段"),
        ("2001:db8::/126", "不在内网"),
    ],
)
def test_foreign_and_absurd_ranges_are_refused(config: Path, network: str, words: str) -> None:
    done = hall_edge("discover", "--no-mdns", network, config=config)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert hall_edge("discover", "--port=zk=0", NETWORK, config=config).returncode == 2


ROUTES = """Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
wan0\t00007BCB\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t00001EAC\t0101A8C0\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def test_where_nobody_names_a_network_it_is_that_of_this_machine() -> None:
    own = connected(ROUTES)
    assert own == ["192.168.1.0/24", "172.17.0.0/16", "203.123.0.0/24"]
    swept, large = usual(own, ["59.200.7.0/28"])
    assert [str(network) for network in swept] == ["59.200.7.0/28", "192.168.1.0/24"]
    assert [str(network) for network in large] == ["172.17.0.0/16"]
    hosts = list(addresses(swept))
    assert (len(hosts), hosts[0], hosts[-1]) == (14 + 254, "59.200.7.1", "192.168.1.254")
    assert asked(["10.1.2.3/20"], [])[0].num_addresses == ADDRESSES_MAX
    with pytest.raises(RangeRefused):
        asked(["192.168.1.7", "10.1.2.3/20"], [])


def test_nothing_there_says_what_to_look_at(config: Path) -> None:
    done = hall_edge("discover", "--no-mdns", "127.0.10.0/30", config=config)
    assert (done.returncode, "没有发现设备" in done.stderr) == (1, True)


def test_a_sweep_keeps_its_pace_and_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.commission.sweep.AT_ONCE", 8)
    running, most, began = [0], [0], time.monotonic()

    class Slow:
        PORT = 1

        @staticmethod
        def sighted(host: str, port: int, before: Callable[[], None]) -> Seen | None:
            before()
            running[0] += 1
            most[0] = max(most[0], running[0])
            time.sleep(0.02)
            running[0] -= 1
            return Seen(serial=host)

    hosts, told = [str(n) for n in range(60)], [0]

    def count(more: int) -> None:
        told[0] += more

    seen = list(sweep(hosts, [Family("x", 1, 1, Slow())], Pace(200), count))
    assert {each.seen.serial for each in seen} == {*hosts}
    assert told[0] == 60
    assert most[0] <= 8
    assert time.monotonic() - began >= 59 / 200


def test_one_odd_device_does_not_end_the_sweep() -> None:
    class Odd:
        PORT = 1

        @staticmethod
        def sighted(host: str, port: int, before: Callable[[], None]) -> Seen | None:
            if host == "3":
                raise ValueError(host)
            return Seen(serial=host)

    hosts = [str(n) for n in range(6)]
    seen = list(sweep(hosts, [Family("x", 1, 1, Odd())], Pace(1000), lambda _n: None))
    assert sorted(each.host for each in seen) == ["0", "1", "2", "4", "5"]


def test_mdns_is_heard_with_the_extra_and_missed_without(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announced, "LISTEN_S", 0.1)
    from zeroconf import ServiceInfo, Zeroconf

    kind = "_http._tcp.local."
    speaker = Zeroconf(interfaces=["127.0.0.1"])
    info = ServiceInfo(
        kind,
        f"HIKVISION DS-K1T341AM - 4711.{kind}",
        port=80,
        parsed_addresses=["127.0.9.4"],
        server="k1.local.",
    )
    ear = announced.Ear(["127.0.0.1"])
    try:
        speaker.register_service(info)
        wanted = {"127.0.9.4": "HIKVISION DS-K1T341AM - 4711"}
        assert until(lambda: ear.names() == wanted, 20)
    finally:
        ear.close()
        speaker.close()
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    done = hall_edge("discover", *net.ports, NETWORK, config=net.config)
    assert done.returncode == 0
    assert "hall-edge[discover]" in done.stderr


def test_a_finding_says_by_default_that_nothing_is_known() -> None:
    assert Finding(address="10.0.0.1", driver="zk").next == ""

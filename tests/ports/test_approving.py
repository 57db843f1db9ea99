"""A person lets in who was turned away: one stranger, one address, written down before it is said."""

import msgspec
import pytest

from edge.commands import Refused
from edge.ports import Approving, callers, strangers
from edge.settings import approved
from tests.drivers.adms_site import records
from tests.ports.conftest import Door

POLL = "/iclock/getrequest?SN={}"


@pytest.fixture
def approving(door: Door) -> Approving:
    devices = [each.device for each in door.receivers]
    return Approving(door.port.desk, devices, door.store, door.clock, door.folder)


def approve(approving: Approving, **arguments: str) -> str:
    return approving.commands["approve"](arguments)


def test_a_stranger_becomes_a_table_beside_the_config(door: Door, approving: Approving) -> None:
    assert door.call(POLL.format("NEW1")).status == 403
    assert approve(approving, serial="NEW1", device="face-9", name="新机") == "face-9: NEW1 @ 127.0.0.1"
    assert approving.begin_anew
    table = {**approved.approved(door.folder)["face-9"]}
    assert len(table.pop("in_service_from")) == len("2026-11-20")
    assert table == {"driver": "adms", "serial": "NEW1", "name": "新机"}
    assert msgspec.json.decode((door.folder / "callers.json").read_bytes())["NEW1"] == "127.0.0.1"
    assert door.port.desk.turned_away == ()


def test_a_table_of_the_config_file_takes_its_place(door: Door) -> None:
    mine = {"driver": "adms", "serial": "A"}
    approved.approve(door.folder, "x", mine)
    approved.approve(door.folder, "y", {"driver": "adms", "serial": "B"})
    for tables in ({"x": {"driver": "zk"}}, {"other": mine}):
        assert approved.beside(tables, door.folder).keys() == {*tables, "y"}
    assert approved.beside({}, door.folder)["x"] == mine


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"serial": "NOBODY"}, "nobody with this serial"),
        ({"device": "t1"}, "taken"),
        ({"device": "../x"}, "no device id"),
        ({"name": "a\nb"}, "a name"),
        ({"since": "yesterday"}, "isoformat"),
        ({"address": "127.0.0.9"}, "--address"),
    ],
)
def test_what_is_not_clear_is_refused(
    door: Door, approving: Approving, wrong: dict[str, str], why: str
) -> None:
    door.call(POLL.format("NEW1"))
    with pytest.raises(Refused, match=why):
        approve(approving, **{"serial": "NEW1", **wrong})
    assert (approving.begin_anew, approved.approved(door.folder)) == (False, {})
    assert door.call(POLL.format("NEW1")).status == 403


def test_of_two_who_claim_one_serial_a_person_names_the_address(door: Door, approving: Approving) -> None:
    for source in ("127.0.0.2", "127.0.0.3"):
        door.call(POLL.format("NEW1"), source=source)
    with pytest.raises(Refused, match=r"127\.0\.0\.2, 127\.0\.0\.3"):
        approve(approving, serial="NEW1")
    assert approve(approving, serial="NEW1", address="127.0.0.3").endswith("@ 127.0.0.3")


def test_a_serial_that_no_terminal_can_have_is_shown_without_a_command(
    door: Door, approving: Approving
) -> None:
    door.call(POLL.format("x%3Breboot"))
    (told,) = door.port.attention()
    assert (told.cause, told.command) == ("unknown_terminal", "")
    with pytest.raises(Refused, match="serial"):
        approve(approving, serial="x;reboot", device="face-9")


def test_a_device_that_is_asked_is_not_let_in_by_its_call(door: Door, approving: Approving) -> None:
    door.port.desk._strangers.turned_away("", "192.0.2.9", "", "hikvision")
    with pytest.raises(Refused, match="a terminal that pushes"):
        approve(approving, serial="", device="face-9")


def test_nothing_is_let_in_that_the_disk_does_not_take(
    door: Door, approving: Approving, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.call(POLL.format("NEW1"))

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(approved, "write_whole", full)
    with pytest.raises(Refused, match="no space left"):
        approve(approving, serial="NEW1")
    assert not approving.begin_anew


def test_a_moved_device_is_bound_anew_unless_its_table_names_the_address(
    door: Door, approving: Approving
) -> None:
    assert door.call(POLL.format("SN1")).status == 200
    assert door.call(POLL.format("SN1"), source="127.0.0.2").status == 403
    (told,) = door.port.attention()
    assert told.command == "hall-edge approve SN1 --address 127.0.0.2"
    assert approve(approving, serial="SN1") == "t1: SN1 @ 127.0.0.2"
    assert door.call(POLL.format("SN1"), source="127.0.0.2").status == 200
    assert door.call(POLL.format("SN1")).status == 403, "and not where it was"
    assert not approving.begin_anew


def test_who_is_turned_away_too_often_is_no_longer_heard_and_others_are(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "CALLS_MAX", 5)
    upload = "/iclock/cdata?SN=SN1&table=ATTLOG"
    statuses = [door.call(POLL.format(f"F{n}"), source="127.0.0.5").status for n in range(8)]
    assert statuses == [403] * 6 + [0] * 2
    assert door.call("/elsewhere", source="127.0.0.5").status == 0
    assert door.call(upload, records(0, 3)).body == b"OK:3", "another address"
    (caller, *_) = door.port.desk.turned_away
    assert caller.calls == 1
    monkeypatch.setattr(strangers, "MINUTE_S", 0.0)
    assert door.call(POLL.format("F1"), source="127.0.0.5").status == 403, "after a while it is heard again"


def test_where_a_device_is_at_home_strangers_do_not_shut_it_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "CALLS_MAX", 5)
    assert door.call(POLL.format("SN1")).status == 200
    assert {door.call(POLL.format(f"F{n}")).status for n in range(20)} == {403}
    assert door.call(POLL.format("SN1")).status == 200


def test_nonsense_counts_as_a_call_that_came_to_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "CALLS_MAX", 3)
    answers = [door.call("/x y\x01", source="127.0.0.6").status for _ in range(6)]
    assert answers[0] == 400
    assert answers[-1] == 0


def test_the_port_is_open_before_any_terminal_is_configured() -> None:
    assert [family.__name__ for family in callers.families()] == ["Adms"]

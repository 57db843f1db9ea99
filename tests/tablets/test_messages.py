"""What a tablet on a line may say, without a socket: the map of messages, failures, a thousand mutants."""

import json
import random
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.base import DeviceRefused, IntakeClosed, LinkRevoked, Order, Request, StoreBusy
from drivers.tablet_ws import WsTablet
from edge.causes import CAUSES
from tests.drivers.memory_link import ZONE, MemoryLink

LOGIN = {"code": 40001, "data": {"work_no": "10086", "key": "secret"}}
GOOD: dict[str, Any] = {"window": "A01", "address": "192.0.2.7", "login": "10086", "scheme": "stars"}


class Voice:
    """Our side of a line, in memory."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.up = True

    def say(self, text: str) -> None:
        self.said.append(json.loads(text))

    def hang_up(self) -> None:
        self.up = False

    @property
    def codes(self) -> list[tuple[int, int]]:
        return [(each["code"], each["state"]) for each in self.said]


def made(folder: Path, **options: Any) -> WsTablet:
    key = folder / "key"
    key.write_text("secret\n")
    return WsTablet(WsTablet.Options(**{**GOOD, "key_file": str(key), **options}))


def line(tablet: WsTablet, link: MemoryLink) -> Voice:
    """A line that has logged in."""
    voice = Voice()
    tablet.greet(voice, link)
    assert tablet.hear(voice, json.dumps(LOGIN), link) == "known"
    return voice


def rated(number: int, **told: object) -> str:
    data = {"id": str(number), "satisfaction": "5", "assessTime": f"2026-11-20 09:{number:02d}:00", **told}
    return json.dumps({"code": 50200, "data": data})


def test_the_published_protocol_is_spoken_word_for_word(tmp_path: Path) -> None:
    tablet, link = made(tmp_path), MemoryLink()
    voice = line(tablet, link)
    assert voice.said == [
        {"code": 40001, "state": 0, "msg": "请发送工号"},
        {"code": 40001, "state": 1, "msg": "登录成功"},
    ]
    tablet.hear(voice, '{"code":40000,"data":1603780630492}', link)
    assert (voice.said[-1]["code"], voice.said[-1]["state"]) == (40000, 1)
    assert link.observations[-1].device_clock == "2020-10-27T14:37:10"
    tablet.hear(voice, '{"code":', link)
    tablet.hear(voice, '{"code":7}', link)
    assert voice.codes[-2:] == [(40002, 0), (50000, 0)]
    assert tablet.show("https://pj.example.gov.cn/?u=1", 60, link)
    assert voice.said[-1] == {
        "code": 50100,
        "state": 1,
        "msg": "打开网址",
        "data": "https://pj.example.gov.cn/?u=1",
    }
    assert "example" not in str(link.readings)
    assert "example" not in str(link.cursor)


def test_messages_are_those_of_the_vendor_where_the_config_says_so(tmp_path: Path) -> None:
    hears = {"rating": '{"cmd":"pj","no":"{id}","star":"{code}"}', "beat": ""}
    says = {"thanks": '{"cmd":"ok","no":"{id}"}', "invite": '{"cmd":"ask","s":"{timeout_s}"}', "card": ""}
    tablet = made(
        tmp_path,
        hears=hears,
        says=says,
        ids="unique",
        levels={"a": "satisfied", "b": "dissatisfied", "c": "very_satisfied"},
        scheme="",
    )
    link = MemoryLink()
    voice = line(tablet, link)
    tablet.hear(voice, '{"cmd":"pj","no":17,"star":"b"}', link)
    assert voice.said[-1] == {"cmd": "ok", "no": 17}
    assert link.readings[-1].facts["level"] == "dissatisfied"
    assert link.readings[-1].facts["scale"] == 3
    assert link.observations[-1].device_clock, "it tells no time: the clock is ours"
    tablet.hear(voice, '{"code":40000,"data":1}', link)
    assert voice.said[-1]["code"] == 50000, "this one has no heartbeat"


@pytest.mark.parametrize("error", [IntakeClosed("disk full"), StoreBusy("slow"), LinkRevoked("late")])
def test_what_is_not_stored_is_not_thanked_for_and_counts_when_it_comes_again(
    tmp_path: Path, error: Exception
) -> None:
    tablet, link = made(tmp_path), MemoryLink()
    voice = line(tablet, link)
    link.failures = [error]
    with pytest.raises(type(error)):
        tablet.hear(voice, rated(1), link)
    assert (50200, 1) not in voice.codes
    tablet.hear(voice, rated(1), link)
    tablet.hear(voice, rated(1), link)
    assert voice.codes[-2:] == [(50200, 1), (50200, 1)], "a copy is thanked for too"
    assert [each.kind for each in link.readings] == ["evaluation.invited", "evaluation.submitted"]


def test_another_life_knows_the_copies(tmp_path: Path) -> None:
    link = MemoryLink()
    for _ in range(2):
        tablet = made(tmp_path)
        voice = line(tablet, link)
        for number in range(5):
            tablet.hear(voice, rated(number), link)
    assert len(link.readings) == 10


def test_a_second_answer_to_one_invitation_is_late(tmp_path: Path) -> None:
    tablet, link, answers = made(tmp_path), MemoryLink(), list[str]()
    voice = line(tablet, link)
    link.waiting = [Order("invite", answers.append, about={"window": "A01"})]
    tablet.ordered(link)
    now = link.now().replace("T", " ")
    for number in (1, 2):
        tablet.hear(voice, rated(number, session=answers[0], assessTime=now), link)
    assert sum(each.kind == "evaluation.submitted" for each in link.readings) == 1


def test_an_answer_given_in_time_counts_though_it_is_brought_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead, time=time.time)
    for name in ("driver", "window"):
        monkeypatch.setattr(f"drivers.tablet_ws.{name}.time", clock)
    tablet, link, answers = made(tmp_path, timeout_s=10), MemoryLink(), list[str]()
    voice = line(tablet, link)
    link.waiting = [Order("invite", answers.append, about={"window": "A01"})]
    tablet.ordered(link)
    now = link.now().replace("T", " ")
    tablet.gone(voice)
    ahead = 7200.0
    tablet.look(link)
    assert [each.kind for each in link.readings] == ["evaluation.invited"], "no verdict while it is away"
    voice = line(tablet, link)
    assert voice.codes[-1] == (50101, 1), "it is asked again: nobody knows whether it was shown"
    tablet.hear(voice, rated(1, session=answers[0], assessTime=now), link)
    assert link.readings[-1].facts["session_id"] == answers[0]
    assert int(str(link.readings[-1].facts["dwell_ms"])) <= 10_000


def test_an_invitation_ends_once_the_tablet_was_heard_and_holds_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead, time=time.time)
    for name in ("driver", "window"):
        monkeypatch.setattr(f"drivers.tablet_ws.{name}.time", clock)
    tablet, link, answers = made(tmp_path, timeout_s=10), MemoryLink(), list[str]()
    voice = line(tablet, link)
    link.waiting = [Order("invite", answers.append, about={"window": "A01"})]
    tablet.ordered(link)
    assert tablet.restless
    ahead = 11.0
    tablet.look(link)
    assert not tablet.restless
    assert link.readings[-1].kind == "evaluation.unrated"
    assert voice.said[-1]["code"] == 50102
    tablet.hear(voice, rated(1, session=answers[0]), link)
    assert link.readings[-1].facts["session_id"] != answers[0], "a session has one outcome"


def test_a_page_of_one_citizen_has_its_time_and_no_second_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead, time=time.time)
    for name in ("driver", "window"):
        monkeypatch.setattr(f"drivers.tablet_ws.{name}.time", clock)
    tablet, link, answers = made(tmp_path), MemoryLink(), list[str]()
    voice = line(tablet, link)
    page = "https://pj.example.gov.cn/?u=1"
    session = tablet.show(page, 60, link)
    ahead = 59.0
    tablet.look(link)
    assert tablet.show(page, 60, link) == "busy"
    link.waiting = [Order("invite", answers.append, about={"window": "A01"})]
    tablet.ordered(link)
    assert answers == ["busy"]
    assert tablet.restless
    ahead = 61.0
    tablet.look(link)
    assert voice.said[-1] == {"code": 50102, "state": 1, "msg": "取消评价", "data": {"session": session}}
    assert not tablet.restless
    assert page not in str(vars(tablet))
    assert tablet.show(page, 60, link) not in ("busy", session)


def test_who_is_not_logged_in_is_asked_to_and_not_heard(tmp_path: Path) -> None:
    tablet, link, voice = made(tmp_path), MemoryLink(), Voice()
    tablet.greet(voice, link)
    assert tablet.hear(voice, rated(1), link) == "stranger"
    wrong = {"code": 40001, "data": {"work_no": "10086", "key": "guess"}}
    assert tablet.hear(voice, json.dumps(wrong), link) == "forged"
    assert not voice.up
    assert link.readings == []
    assert "secret" not in str(voice.said)


def test_orders_without_a_line_are_answered_at_once(tmp_path: Path) -> None:
    tablet, link, answers = made(tmp_path), MemoryLink(), list[str]()
    link.waiting = [Order(name, answers.append) for name in ("invite", "cancel", "welcome")]
    tablet.ordered(link)
    assert answers == ["away"] * 3
    assert tablet.show("https://x/", 60, link) == "away"
    voice = line(tablet, link)
    link.waiting = [Order(name, answers.append) for name in ("dance", "cancel", "welcome")]
    tablet.ordered(link)
    assert answers[3:] == ["unsupported", "nothing is asked there", "done"]
    assert voice.codes[-1] == (50104, 1)


def test_a_thousand_mutated_messages_invent_no_rating(tmp_path: Path) -> None:
    tablet, link, chance = made(tmp_path), MemoryLink(), random.Random(7)
    good = [rated(3), json.dumps(LOGIN), '{"code":40000,"data":1603780630492}']
    voice, taken = line(tablet, link), 0
    for _ in range(1000):
        bad = bytearray(chance.choice(good).encode())
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(bad))
            bad[at : at + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
        text = bad.decode("utf-8", "replace")
        before = len(link.readings)
        if tablet.hear(voice, text, link) == "forged" or not voice.up:
            voice = line(tablet, link)
        if len(link.readings) > before:
            taken += 1
            data = json.loads(text)["data"]
            assert link.readings[-1].facts["raw_code"] == str(data["satisfaction"])
            assert datetime.fromisoformat(data["assessTime"]).isoformat() == link.readings[-1].device_time
    assert taken < 200
    assert all(each.facts.get("raw_code", "5") in list("12345") for each in link.readings)


def test_it_is_known_by_address_and_path_alone(tmp_path: Path) -> None:
    tablet, at = made(tmp_path), datetime(2026, 11, 20, tzinfo=ZONE)
    call = {"upgrade": "websocket"}
    for peer, path, headers, known in (
        ("192.0.2.7", "/ws", call, True),
        ("::ffff:192.0.2.7", "/ws", call, True),
        ("192.0.2.8", "/ws", call, False),
        ("192.0.2.7", "/", call, False),
        ("192.0.2.7", "/ws", {}, False),
    ):
        claimed = tablet.identify(Request("GET", path, {}, headers, b"", peer, at))
        assert (claimed == tablet.known_by) is known
    assert tablet.handle(Request("GET", "/ws", {}, {}, b"", "192.0.2.7", at), MemoryLink()).status == 426


def test_a_key_that_cannot_be_read_has_a_cause(tmp_path: Path) -> None:
    tablet, link = made(tmp_path), MemoryLink()
    (tmp_path / "key").write_text("")
    with pytest.raises(DeviceRefused) as refused:
        tablet.hear(Voice(), json.dumps(LOGIN), link)
    assert refused.value.cause in CAUSES


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"address": "tablet.local"}, "address"),
        ({"login": ""}, "login"),
        ({"key_file": ""}, "key_file"),
        ({"path": "ws"}, "path"),
        ({"timeout_s": 2}, "timeout_s"),
        ({"hears": {"rating": ""}}, "hears: rating"),
        ({"hears": {"ratng": "{}"}}, "hears: .*ratng"),
        ({"hears": {"rating": '{"star":"{code}"}'}}, "hears: rating"),
        ({"hears": {"rating": '{"star":"{code}","id":"{id}"}'}}, "hears: rating"),
        ({"says": {"open": '{"url":"{uri}"}'}}, "says: open: .*uri.*url"),
        ({"says": {"open": '{"code":1}'}}, "says: open: .*url"),
        ({"says": {"thanks": "{"}}, "says: thanks"),
    ],
)
def test_options_complain_by_name(tmp_path: Path, given: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}"):
        made(tmp_path, **given)

"""Only who holds a key is let in, and each request once: on the real port, over a real store."""

import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from drivers.base import Link, Listener, Observation, Reply, Request
from edge.clock.clock import WallClock
from edge.commands import Refused
from edge.device.receiver import Receiver
from edge.pairing import codes
from edge.pairing.duty import Listed
from edge.pairing.replays import NONCES_MAX, WINDOW_MS, Replays
from edge.ports import DevicePort
from edge.settings.settings import Device, DeviceKeys, ListenSettings
from edge.store import Store
from edge.store.books import Books
from tests.broker import free_port
from tests.gate import say
from tests.sim.tablet import NotPaired, Tablet
from tests.store.halls import ZONE, open_store

ATTACKER = "127.0.0.9"


class Page(Listener):
    """A device that proves itself, and counts what was said under a key."""

    serial = "kiosk-3"  # type: ignore[assignment]
    proves_itself = True

    def __init__(self) -> None:
        super().__init__(None)
        self.heard: list[tuple[str, bytes]] = HEARD

    @staticmethod
    def identify(request: Request) -> str | None:
        return "kiosk-3" if request.path.startswith("/w/3/") else None

    def handle(self, request: Request, link: Link) -> Reply:
        if not request.part:
            return Reply(200, b"page") if request.method == "GET" else Reply(401)
        link.observed(Observation("kiosk-3"))
        self.heard.append((request.part, request.body))
        return Reply(200, b"{}", {"Content-Type": "application/json"})


HEARD: list[tuple[str, bytes]] = []


class Door:
    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store, self.clock = folder, store, WallClock(ZONE, "system")
        HEARD.clear()
        self.open()

    def open(self) -> None:
        """A life of the daemon, as far as the port goes."""
        device = Device("tablet-3", DeviceKeys(driver="page"), Page, calls=True)
        self.receiver = Receiver(device, self.store, self.clock)
        settings = ListenSettings(host="127.0.0.1", port=free_port())
        self.port = DevicePort([self.receiver], self.clock, settings, self.folder, self.store)
        self.receiver.start()
        self.port.start()

    def order(self, name: str, **arguments: str) -> str:
        return self.port.commands[name]({**arguments, "actor": "li"})

    def tablet(self, source: str = "127.0.0.1") -> Tablet:
        return Tablet(self.port.port, "/w/3/", "kiosk-3", source)

    def paired(self, part: str = "tablet") -> Tablet:
        tablet = self.tablet()
        assert tablet.pair(self.order("pair", device="tablet-3", part=part)) == part
        assert tablet.send("POST", "say", 0).status == 200
        HEARD.clear()
        return tablet

    def told(self, kind: str) -> list[dict[str, object]]:
        with closing(Books(self.store.path)) as books:
            return [msgspec.json.decode(each, type=dict[str, object]) for each in books.own(kind)]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    store = open_store(tmp_path)
    made = Door(tmp_path, store)
    yield made
    made.port.stop()
    made.receiver.stop.set()
    store.close()


def test_a_code_pairs_once_for_its_device_and_the_key_never_travels(door: Door) -> None:
    code = door.order("pair", device="tablet-3", part="desk")
    assert len(code.replace("-", "")) == codes.LENGTH
    with pytest.raises(NotPaired):
        door.tablet().pair("AAAA-AAAA-AAAA-AAAA")
    tablet = door.tablet()
    assert tablet.pair(code.lower().upper()) == "desk"
    with pytest.raises(NotPaired):
        door.tablet().pair(code)
    answer = tablet.send("POST", "say", {"a": 1})
    assert (answer.status, answer.vouched) == (200, True)
    assert HEARD == [("desk", b'{"a": 1}')]
    kept = door.folder / "pairings.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    audits = " ".join(str(each) for each in door.told("edge.audit"))
    assert "pairing.paired" in audits
    assert code not in audits + kept.read_text()
    with pytest.raises(Refused):
        door.order("pair", device="tablet-9")


def test_what_is_no_proof_is_refused_like_a_wrong_one(door: Door) -> None:
    door.order("pair", device="tablet-3")
    for nonce, proof in (
        ("0" * 32, "é" * 64),
        ("é" * 32, "0" * 64),
        ("0" * 32, "\x00"),
        ("0" * 99, "0" * 64),
    ):
        offer = json.dumps({"nonce": nonce, "proof": proof}, ensure_ascii=False).encode()
        assert door.tablet().call("POST", "/w/3/pair", offer, {})[0] == 401


def test_a_code_ends_and_an_older_one_is_void(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (door.order("pair", device="tablet-3") for _ in range(2))
    with pytest.raises(NotPaired):
        door.tablet().pair(old)
    monkeypatch.setattr(codes, "LIFE_S", -1.0)
    late = door.order("pair", device="tablet-3", part="desk")
    with pytest.raises(NotPaired):
        door.tablet().pair(late)
    assert door.tablet().pair(new) == "tablet"


def test_a_revoked_key_is_a_forgery_and_a_restart_keeps_the_others(door: Door) -> None:
    one, other = door.paired(), door.paired("desk")
    listed = msgspec.json.decode(door.order("pairings"), type=list[Listed])
    assert [key[:2] for key in listed[0].keys] == [(one.key_id, "tablet"), (other.key_id, "desk")]
    door.order("unpair", key=one.key_id)
    refused = one.send("POST", "say", 1)
    assert (refused.status, refused.vouched) == (401, False)
    old = other.signed("POST", "/w/3/say", b"2")
    door.port.stop()
    door.open()
    other.port = door.port.port
    assert other.call("POST", "/w/3/say", b"2", old)[0] == 401, "signed for another life of the daemon"
    assert other.send("POST", "say", 3).status == 200
    assert [body for _, body in HEARD] == [b"3"]


@pytest.mark.parametrize("many", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_forged_and_replayed_requests_are_all_refused_with_one_alarm(door: Door, many: int) -> None:
    tablet, attacker = door.paired(), door.tablet(ATTACKER)
    body = b'{"level": "very_satisfied"}'
    true = tablet.signed("POST", "/w/3/say", body)
    assert tablet.call("POST", "/w/3/say", body, true)[0] == 200
    with ThreadPoolExecutor(8) as pool:
        replay = partial(attacker.call, "POST", "/w/3/say", body, true)
        replayed = [each.result()[0] for each in [pool.submit(replay) for _ in range(many)]]
    assert set(replayed) == {409}
    forgeries = [{**true, name: _other(true[name])} for name in true]
    requests = [(body, each) for each in forgeries] + [(body + b" ", true), (b"", true)]
    sources = [door.tablet(f"127.0.1.{1 + n % 200}") for n in range(many)]
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(source.call, "POST", "/w/3/say", *requests[n % 6]) for n, source in enumerate(sources)
        ]
        forged = {each.result()[0] for each in calls}
    assert forged == {401}, "each was looked at"
    headers = tablet.signed("POST", "/w/3/say", body)
    answers = [attacker.call("POST", "/w/3/say?level=5", body, headers)[0] for _ in range(25)]
    assert set(answers) == {401, 429}
    assert [("tablet", body)] == HEARD
    assert tablet.send("POST", "say", "after").status == 200, "the tablet itself is not held up"
    door.receiver.supervise()
    door.receiver.supervise()
    assert [each["code"] for each in door.told("device.alarm")] == ["auth_failed"]
    refused = [each for each in door.told("edge.audit") if each["result"] == "refused"]
    assert [(each["action"], each["role"], each["detail"]) for each in refused] == [
        ("pairing.replayed", "unknown", ATTACKER)
    ]
    assert [each.cause for each in door.port.attention()] == ["forged_requests"]
    figures = {"forged": many, "replayed": many, "accepted": len(HEARD) - 2, "alarms": 1}
    say("E2 E3", **figures)


def _other(text: str) -> str:
    return text[:-1] + ("1" if text[-1] == "0" else "0")


def test_the_same_request_at_once_is_served_once(door: Door) -> None:
    tablet = door.paired()
    for _ in range(5):
        headers = tablet.signed("POST", "/w/3/say", b"1")
        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(tablet.call, "POST", "/w/3/say", b"1", headers) for _ in range(8)]
            assert sorted(each.result()[0] for each in calls) == [200] + [409] * 7
    assert len(HEARD) == 5


def test_what_nobody_signed_reads_the_page_and_is_no_sign_of_life(door: Door) -> None:
    assert door.tablet().call("GET", "/w/3/", b"", {})[2] == b"page"
    assert door.tablet().call("POST", "/w/3/say", b"1", {})[0] == 401
    assert (HEARD, door.receiver._heard_s) == ([], None)
    door.paired()
    assert door.receiver._heard_s is not None


def test_a_nonce_is_kept_as_long_as_its_time_could_pass() -> None:
    replays = Replays()
    assert replays.judge("k", "a", 1000, 1000) == "fresh"
    assert replays.judge("k", "a", 1000, 1000 + WINDOW_MS) == "seen"
    assert replays.judge("k", "b", 1000, 1001 + WINDOW_MS) == "stale"
    assert replays.judge("k", "c", 5000 + WINDOW_MS, 4999) == "stale"
    assert {replays.judge("k", str(n), 1000, 1000) for n in range(NONCES_MAX - 1)} == {"fresh"}
    assert replays.judge("k", "d", 1000, 1000) == "busy"
    assert replays.judge("other", "d", 1000, 1000) == "fresh"
    assert replays.judge("k", "e", 1001 + WINDOW_MS, 1001 + WINDOW_MS) == "fresh", "the old ones are let go"


def test_a_tablet_that_calls_every_two_seconds_all_day_takes_little_room() -> None:
    replays = Replays()
    for ms in range(0, 3_600_000, 2_000):
        assert replays.judge("k", str(ms), ms, ms) == "fresh"
    assert len(replays._seen["k"]) <= 3 * WINDOW_MS // 2_000
    replays.judge("other", "a", 3_900_000, 3_900_000)
    assert list(replays._seen) == ["other"], "a key that is silent takes none"

"""A person's events are emptied where upstream holds them, for good, and the log says so without a name."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from drivers.base import Reading, Reject
from edge.commands import Refused
from edge.contract import Event
from edge.duty import erasure as room
from edge.duty.erasure import Erasure, holds
from edge.events import Origin, digest_of, normalize
from edge.payloads import Audit
from edge.proof.verify import verify
from edge.store import FILE, Intake, Store, position, sqlite
from edge.store.contacts import Contact, Contacts
from tests.store import forge
from tests.store.halls import NOW, ZONE, open_store

WHO, OTHER = "4711", "471"
ORDER = {"person": WHO, "reason": "离职申请", "actor": "li.wei"}


def punches(user: str, *seconds: int, device: str = "fp-1", serial: str = "SN1", **rest: object) -> Intake:
    origin, drafts = Origin(device, "zk", ZONE, 0, True), []
    for second in seconds:
        time = f"2026-11-20T08:{second // 60:02d}:{second % 60:02d}"
        facts = {"device_user_id": user, "verify_method": "face", "punch_state": "check_in"}
        reading = Reading("attendance.punch", serial, f"{time}|{user}|0", time, facts)
        drafts.append(normalize(reading, origin, NOW))
    return Intake(device, serial, tuple(drafts), str(seconds), **rest)  # type: ignore[arg-type]


class Hall:
    def __init__(self, store: Store) -> None:
        self.store, self.retired = store, position(1, 0)
        self.erasure = Erasure(store, lambda: self.retired)

    def confirm(self) -> None:
        self.retired = self.store.tip.position

    def stubs(self) -> list[int]:
        """Numbers that are erased."""
        return self.ask(
            "SELECT position & 1099511627775 FROM event WHERE emptied = 'erased' ORDER BY position"
        )

    def ask(self, query: str) -> list[int]:
        with closing(sqlite.connect_reader(self.store.path)) as connection:
            return [value for (value,) in connection.execute(query).fetchall()]

    def audits(self) -> list[Audit]:
        with closing(self.store.reader()) as reader:
            events = [
                msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 10_000) if row.body
            ]
        return [msgspec.json.decode(event.data, type=Audit) for event in events if "edge.audit" in event.type]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """Number 1 opens the epoch; 2–4 and 7 are WHO's, 7 on another terminal; 5–6 are somebody else's."""
    store = open_store(tmp_path)
    store.take(punches(WHO, 1, 2, 3))
    store.take(punches(OTHER, 4, 5))
    store.take(punches(WHO, 6, device="fp-2", serial="SN2"))
    yield Hall(store)
    store.close()


def test_what_upstream_holds_is_emptied_and_what_stays_proves_it(hall: Hall) -> None:
    hall.confirm()
    assert "4 条事件" in hall.erasure.count(ORDER)
    assert hall.stubs() == [], "counting changes nothing"
    assert "erased: 4 events" in hall.erasure.erase(ORDER)
    assert hall.stubs() == [2, 3, 4, 7]
    assert hall.store.take(punches(WHO, 1, 2, 3)) == 0, "a terminal read again revives nothing"
    report = verify(hall.store.path.parent, [])
    assert (report.bad, report.epochs[0].erased) == (None, 4)
    (audit,) = hall.audits()
    assert (audit.actor, audit.action, audit.result) == ("li.wei", "person.erase", "done")
    assert WHO not in str(audit)
    hashes = hall.ask("SELECT hash FROM event WHERE emptied = 'erased' ORDER BY position")
    digest = digest_of("sha256")(b"".join(hashes)).hex()  # type: ignore[arg-type]
    assert audit.detail == f"events=4 rejects=0 digest={digest} reason=离职申请"
    hall.confirm()
    hall.erasure.erase(ORDER)
    assert len(hall.audits()) == 1, "where nothing is left nothing is done"


def test_what_waits_for_upstream_is_left_and_told(hall: Hall) -> None:
    hall.retired = position(1, 3)
    with pytest.raises(Refused, match=r"已删除 2 条.*2 条尚待上级确认.*2 wait for upstream"):
        hall.erasure.erase(ORDER)
    assert hall.stubs() == [2, 3]
    hall.confirm()
    hall.erasure.erase(ORDER)
    assert hall.stubs() == [2, 3, 4, 7]
    assert [audit.detail[:8] for audit in hall.audits()] == ["events=2"] * 2


def test_what_is_set_aside_is_held_by_nobody_upstream(hall: Hall) -> None:
    hall.confirm()
    forge.sql(
        hall.store.path.parent, "INSERT INTO parked (position, reason, since) VALUES ( @3 , 'too large', '')"
    )
    with pytest.raises(Refused, match="1 wait for upstream or are set aside"):
        hall.erasure.erase(ORDER)
    assert hall.stubs() == [2, 4, 7]

    def never(*_: object) -> Audit:
        raise AssertionError("nothing was erased")

    assert (hall.store.erase([position(1, 3)], (), never), hall.stubs()) == (0, [2, 4, 7]), (
        "also where it was set aside a moment ago"
    )


def test_a_number_on_one_terminal_may_be_somebody_else_on_another(hall: Hall) -> None:
    hall.confirm()
    hall.erasure.erase({**ORDER, "device": "fp-2"})
    assert hall.stubs() == [7]
    with pytest.raises(Refused, match="fp-9"):
        hall.erasure.erase({**ORDER, "device": "fp-9"})


def test_each_commit_says_what_it_erased(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STEP", 3)
    hall.store.take(punches(WHO, *range(100, 110)))
    hall.confirm()
    assert "erased: 14 events" in hall.erasure.erase(ORDER)
    counts = [int(re.findall(r"events=(\d+)", audit.detail)[0]) for audit in hall.audits()]
    assert counts == [3, 3, 3, 3, 2]


def test_an_id_that_json_escapes_is_found(hall: Hall) -> None:
    hall.store.take(punches('甲"\\', 200))
    hall.confirm()
    assert "erased: 1 events" in hall.erasure.erase({**ORDER, "person": '甲"\\'})


def test_a_citizen_is_found_among_the_contact_details(hall: Hall) -> None:
    contacts = Contacts(hall.store.path.parent)
    contacts.keep(Contact("c-1", "T1", "complaint.filed", "王芳", "138 0000-1111", "2026-11-20"))
    contacts.keep(Contact("c-2", "T2", "complaint.filed", "李雷", "13900002222", "2026-11-20"))
    order = {"person": "13800001111", "reason": "本人要求", "actor": "li.wei"}
    assert "1 条联系方式" in hall.erasure.count(order)
    assert len(contacts.all()) == 2
    assert "1 contact details" in hall.erasure.erase({**order, "person": "王芳"})
    assert [each.ref for each in contacts.all()] == ["c-2"]
    (audit,) = hall.audits()
    assert audit.detail.startswith("events=0 rejects=0 contacts=1 digest=")
    hall.erasure.erase(order)
    assert len(hall.audits()) == 1, "where nothing is left nothing is done"
    contacts.keep(Contact("c-3", "T3", "complaint.filed", WHO, "", "2026-11-20"))
    hall.confirm()
    hall.erasure.erase({**ORDER, "device": "fp-2"})
    assert len(contacts.all()) == 2, "a number on one device is no name of a citizen"


def test_a_complaint_about_a_member_of_the_staff_is_that_persons_too(hall: Hall) -> None:
    facts = {
        "complaint_no": "T1",
        "via": "phone",
        "content": "x",
        "real_name": False,
        "target": {"staff": WHO},
    }
    reading = Reading("complaint.filed", "office", "k", "2026-11-20T08:00:00", facts)
    draft = normalize(reading, Origin("office", "forms", ZONE, 0, True), NOW)
    hall.store.take(Intake("office", "office", (draft,), None))
    hall.confirm()
    hall.erasure.erase(ORDER)
    assert 8 in hall.stubs()


def test_the_payload_is_gone_from_the_disk(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(punches(WHO, *range(0, 500)))
    store.take(punches(OTHER, *range(500, 1000)))
    hall = Hall(store)
    hall.confirm()
    hall.erasure.erase(ORDER)
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith(FILE))
    assert content.count(b'"device_user_id":"471"') == 500
    assert content.count(b'"device_user_id":"4711"') == 0


def test_raw_records_that_name_the_person_are_emptied(hall: Hall) -> None:
    theirs = b"\x07\x00" + WHO.encode().ljust(24, b"\0") + bytes(14)
    rejects = (
        Reject.record("impossible date", theirs),
        Reject.record("impossible date", theirs.replace(b"4711", b"4712")),
        Reject.frame(f"control characters in 'SN1|2026|{WHO}|x'", b"abc"),
    )
    intake = punches(OTHER, 300, rejects=rejects)
    hall.store.take(intake)
    hall.confirm()
    assert re.search(r"2 条隔离原文.*另有 1 条原文认不出", hall.erasure.erase(ORDER))
    assert hall.ask("SELECT raw IS NULL FROM quarantine ORDER BY id") == [1, 0, 1]
    assert WHO not in str(hall.ask("SELECT reason FROM quarantine"))
    hall.store.take(intake)
    assert hall.ask("SELECT count(*) FROM quarantine") == [3], "read again they stay as they are"
    assert "rejects=2" in hall.audits()[0].detail


@pytest.mark.parametrize(
    ("raw", "held"),
    [
        (b"4711\0", True),
        (b"\x00\x014711", True),
        (b"SN1\t4711\t2026", True),
        (b"14711\0", False),
        (b"47110\0", False),
        (b"4711 ", False),
        (b"", False),
    ],
)
def test_an_id_is_known_where_it_is_a_field_of_its_own(raw: bytes, held: bool) -> None:
    assert holds(raw, WHO) == held


@pytest.mark.parametrize(
    "given",
    [
        {"person": " "},
        {"person": ""},
        {"reason": ""},
        {"reason": "two\nlines"},
        {"reason": "x" * 201},
        {"reason": f"{WHO} 离职"},
    ],
)
def test_an_order_that_says_too_little_or_too_much_is_refused(hall: Hall, given: dict[str, str]) -> None:
    hall.confirm()
    with pytest.raises(Refused):
        hall.erasure.erase({**ORDER, **given})
    assert hall.stubs() == []
    assert hall.audits() == []

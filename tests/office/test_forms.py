"""The forms of the supervision office over HTTPS, without scripts and as their script sends them."""

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import msgspec
import pytest
import requests

from drivers.base import IntakeClosed
from edge.duty.fading import Fading
from edge.settings.settings import OfficeSettings
from edge.store.contacts import FILE, Contact
from edge.store.recent import Recent, Recents
from tests.office.conftest import Office, Person

JSON = {"accept": "application/json"}
KINDS = ("guestbook.entry", "complaint.filed", "inspection.recorded")


@pytest.fixture
def desk(office: Office) -> Iterator[Person]:
    with office.person("supervisor") as person:
        person.get("/supervision?lang=zh")
        yield person


def events(office: Office) -> list[Recent]:
    with closing(Recents(office.store.path)) as reader:
        return reader.of(KINDS, 0, 1000)


def fresh(person: Person, form: str) -> dict[str, str]:
    """What an opened form sends of itself."""
    page = person.get(f"/forms/{form}").text
    found = dict(re.findall(r'<input[^>]* name="([a-z_]+)"[^>]*? value="([^"]*)"', page))
    return {name: found[name] for name in found if name in ("id", "token") or name.endswith("_on")}


def praise(person: Person, **more: str) -> dict[str, str]:
    return {**fresh(person, "guestbook"), "category": "praise", "content": "服务很好", **more}


def test_each_form_becomes_one_event_with_its_number(office: Office, desk: Person) -> None:
    before = len(events(office))
    answers = [
        desk.post("/forms/guestbook", **praise(desk, window="A03", staff="1001", stars="5")),
        desk.post(
            "/forms/complaint",
            **fresh(desk, "complaint"),
            via="onsite",
            content="等候一小时\r\n无人受理",
            window="A01",
            number="T2026-0031",
        ),
        desk.post(
            "/forms/inspection",
            **{
                **fresh(desk, "inspection"),
                "inspector": "leader",
                "mode": "open",
                "place": "大厅",
                "i.E2.1.result": "pass",
            },
        ),
    ]
    assert [each.status_code for each in answers] == [303] * 3
    assert re.search("已保存：D[0-9]{8}-[A-Z2-9]{5}", desk.get("/supervision").text)
    entry, complaint, inspection = events(office)[before:]
    assert (entry.data["window_no"], entry.data["stars"], entry.data["transcribed_by"]) == (
        "A03",
        5,
        "supervisor",
    )
    assert entry.data["time_quality"] == "synced"
    assert entry.data["driver"] == "forms"
    assert (complaint.data["complaint_no"], complaint.data["target"]) == ("T2026-0031", {"window": "A01"})
    assert complaint.data["content"] == "等候一小时\n无人受理"
    assert inspection.data["items"] == [{"code": "E2", "target": "大厅", "result": "pass"}]
    shown = desk.get("/supervision").text
    assert "领导 · 明查 · 不合格 0/1" in shown
    assert "T2026-0031" in shown


def test_what_is_wrong_is_beside_its_field_and_nothing_typed_is_lost(office: Office, desk: Person) -> None:
    before = len(events(office))
    form = praise(desk, window="Z9", content="<b>不好</b>", contact_phone="12345")
    answer = desk.post("/forms/guestbook", **form)
    assert answer.status_code == 422
    assert "窗口清单中没有这个窗口" in re.search(r'data-fault="window">([^<]*)<', answer.text)[1]  # type: ignore[index]
    assert "&lt;b&gt;不好&lt;/b&gt;</textarea>" in answer.text
    for kept in ('value="Z9"', 'value="12345"', f'value="{form["id"]}"', 'value="praise" checked'):
        assert kept in answer.text
    english = desk.post("/forms/guestbook?lang=en", JSON, **form)
    assert english.json()["faults"] == {"window": "there is no such window; leave it empty if not known"}
    assert desk.post("/forms/guestbook", **{**form, "window": "A01"}).status_code == 303
    assert len(events(office)) == before + 1
    assert "服务很好" not in desk.get("/forms/guestbook?lang=zh").text


def test_sent_eight_times_at_once_it_is_one_event(office: Office, desk: Person) -> None:
    before, form, answers = len(events(office)), praise(desk, contact_phone="13800001111"), []

    def send() -> None:
        url = office.url + "/forms/guestbook"
        answers.append(
            requests.post(
                url, form, headers=JSON, cookies=desk.http.cookies, verify=desk.http.verify, timeout=20
            )
        )

    threads = [threading.Thread(target=send) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    told = [each.json() for each in answers]
    assert {each["state"] for each in told} == {"saved"}
    assert len({each["number"] for each in told}) == 1
    assert sum("没有重复" in each["text"] for each in told) == 7
    assert len(events(office)) == before + 1
    assert desk.post("/forms/guestbook", **{**form, "content": "别的"}).status_code == 303
    assert len(events(office)) == before + 1


def test_typed_an_hour_ago_it_bears_that_time(office: Office, desk: Person) -> None:
    desk.post("/forms/guestbook", JSON, **praise(desk, waited_s="3600"))
    data = events(office)[-1].data
    assert data["replayed"] is True
    assert data["time_quality"] == "synced"


def test_while_nothing_can_be_written_it_says_so_and_keeps_what_was_typed(
    office: Office, desk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, form = len(events(office)), praise(desk, contact_name="王芳芳", contact_phone="13800009999")
    monkeypatch.setattr(office.store, "intake_closed", "disk full")
    page = desk.post("/forms/guestbook", **form)
    assert page.status_code == 503
    assert "未保存，本机现在不能写入（disk full）" in page.text
    assert "服务很好</textarea>" in page.text
    assert desk.post("/forms/guestbook", JSON, **form).json()["state"] == "closed"
    assert not [each for each in office.contacts.all() if each.name == "王芳芳"]
    monkeypatch.setattr(office.store, "intake_closed", "")

    def refused(_contact: Contact) -> None:
        raise IntakeClosed("no room for contacts")

    with monkeypatch.context() as patch:
        patch.setattr(office.contacts, "keep", refused)
        assert desk.post("/forms/guestbook", JSON, **form).status_code == 503
    assert len(events(office)) == before, "no event without the contact it refers to"
    assert desk.post("/forms/guestbook", JSON, **form).json()["state"] == "saved"


def test_contact_details_are_beside_the_log_and_for_the_office_alone(office: Office, desk: Person) -> None:
    name, phone = "欧阳测试", "13911112222"
    desk.post(
        "/forms/complaint",
        **fresh(desk, "complaint"),
        via="phone",
        content="请回电",
        real_name="yes",
        contact_name=name,
        contact_phone=phone,
    )
    event = events(office)[-1]
    (kept,) = [each for each in office.contacts.all() if each.name == name]
    assert (event.data["contact_ref"], event.data["real_name"]) == (kept.ref, True)
    holders = [path.name for path in office.folder.iterdir() if phone.encode() in path.read_bytes()]
    assert holders == [FILE]
    page = desk.get("/contacts").text
    assert name in page
    assert phone in page
    looked = office.audited()[-1]
    assert (looked["actor"], looked["action"]) == ("supervisor", "contact.view")
    assert name not in str(office.audited())
    for role in ("technician", "auditor"):
        with office.person(role) as other:
            assert other.get("/contacts").status_code == 403
            assert name not in other.get(f"/{'devices' if role == 'technician' else 'audit'}").text
    desk.post("/contacts", token=desk.token("/contacts"), ref=kept.ref)
    assert "已记为移交" in desk.get("/contacts").text
    desk.post("/contacts", token=desk.token("/contacts"), ref=kept.ref)
    assert "没有这条联系方式，或已移交" in desk.get("/contacts").text
    handed = [each for each in office.audited() if each["action"] == "contact.handed_over"]
    assert [(each["target"], each["role"]) for each in handed] == [(kept.entry_no, "supervisor")]
    fading = Fading(office.contacts, OfficeSettings(), office.clock)
    fading.look()
    assert phone.encode() not in (office.folder / FILE).read_bytes()
    assert events(office)[-1] == event


def test_they_fade_by_the_calendar_alone_and_only_while_the_clock_is_trusted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = office.clock.now().date()
    days = {"c-old": 30, "c-young": 29}
    for ref, ago in days.items():
        office.contacts.keep(
            Contact(ref, "T", "complaint.filed", ref, "1", (today - timedelta(ago)).isoformat())
        )

    def left() -> set[str]:
        return {each.ref for each in office.contacts.all()} & days.keys()

    fading = Fading(office.contacts, OfficeSettings(), office.clock)
    with monkeypatch.context() as patch:
        patch.setattr(office.clock, "trusted", lambda: False)
        fading.look()
        assert left() == {"c-old", "c-young"}
    fading.look()
    assert left() == {"c-young"}
    office.contacts.keep(Contact("c-old", "T", "complaint.filed", "n", "1", "2000-01-01"))
    fading.look()
    assert left() == {"c-old", "c-young"}, "once a day"


def test_covert_is_seen_by_the_office_alone(office: Office, desk: Person) -> None:
    desk.post(
        "/forms/inspection",
        **{
            **fresh(desk, "inspection"),
            "inspector": "social_supervisor",
            "mode": "covert",
            "place": "A03",
            "i.B02.1.result": "fail",
            "i.B02.1.note": "玩手机游戏",
        },
    )
    assert "社会监督员 · 暗访 · 不合格 1/1 · B02 A03 玩手机游戏" in desk.get("/supervision").text
    seen = [msgspec.json.encode(office.take()).decode(), str(office.audited())]
    for role, path in (("technician", "/devices"), ("auditor", "/audit")):
        with office.person(role) as other:
            seen.append(other.get(path).text)
            for page in ("/supervision", "/supervision/events", "/forms/inspection", "/forms/session"):
                assert other.get(page).status_code == 403
    for told in seen:
        assert "玩手机游戏" not in told
        assert "covert" not in told
        assert "暗访" not in told


def test_a_whole_checklist_with_long_notes_is_taken(office: Office, desk: Person) -> None:
    codes = re.findall(r'data-code="(\w+)"', desk.get("/forms/inspection").text)
    assert len(codes) == 25
    items = {
        f"i.{code}.1.{part}": word
        for code in codes
        for part, word in (("result", "fail"), ("note", "长" * 500))
    }
    form = {**fresh(desk, "inspection"), "inspector": "third_party", "mode": "open", "place": "大厅", **items}
    assert desk.post("/forms/inspection", JSON, **form).json()["state"] == "saved"
    assert [item["code"] for item in events(office)[-1].data["items"]] == codes  # type: ignore[attr-defined]

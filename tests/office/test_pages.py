"""Every page and role: who may see it, that no foreign form or host passes, and what an order becomes."""

import http.client
import socket
import ssl
import threading
import time
import warnings
from unittest.mock import MagicMock

import msgspec
import pytest

from edge.office.accounts import ROLES
from edge.office.app import pages_of
from edge.office.visit import ANYBODY
from edge.snapshot import Caller, StaffPart
from tests.hall import until
from tests.office.conftest import Office, Person
from tests.web.halls import DEAD_GATE, TROUBLE

PAGES = pages_of(*[MagicMock()] * 9)


def test_the_route_table_is_walked_by_every_role_and_by_nobody(office: Office) -> None:
    guarded = [page for page in PAGES if page.roles != ANYBODY]
    assert len(guarded) >= 14
    with Person(office) as nobody:
        for page in guarded:
            assert nobody.get(page.path).headers["location"] == "/login", page.path
            if page.take:
                assert nobody.post(page.path, order="reread").headers["location"] == "/login", page.path
    for role in ROLES:
        if role == "window":
            continue
        with office.person(role) as person:
            for page in guarded:
                if page.path == "/supervision/events" and role in page.roles:
                    continue  # it does not end
                answer = person.get(page.path)
                expected = (200, 303) if role in page.roles else (403,)
                assert answer.status_code in expected, (role, page.path)
                if role not in page.roles and page.take:
                    assert person.post(page.path).status_code == 403
    assert office.ordered == []


def test_a_window_account_has_its_pin_and_nothing_else(office: Office) -> None:
    with Person(office) as person:
        assert person.login("window", "246813").headers["location"] == "/password"
        assert "6–12 位数字" in person.get("/password").text
        for path in ("/devices", "/import", "/supervision", "/supervision/events", "/audit", "/contacts"):
            assert person.get(path).status_code == 403


def test_no_form_passes_without_the_token_of_its_own_session(office: Office) -> None:
    with office.person("technician") as person, office.person("technician") as other:
        form = {"order": "reread", "device": "zk-gate"}
        assert person.post("/devices", **form).status_code == 403
        assert person.post("/devices", token=other.token("/devices"), **form).status_code == 403
        token = person.token("/devices")
        foreign = {"origin": "https://evil.example"}
        assert person.post("/devices", token="é" * 64, **form).status_code == 403
        assert person.post("/devices", headers=foreign, token=token, **form).status_code == 403
        cross = {"sec-fetch-site": "cross-site"}
        assert person.post("/devices", headers=cross, token=token, **form).status_code == 403
        assert office.ordered == []
        assert person.post("/devices", token=token, **form).status_code == 303
        assert office.ordered == [("reread", {"device": "zk-gate", "actor": "technician"})]


def test_an_order_is_the_command_of_the_command_line_and_says_what_became_of_it(office: Office) -> None:
    swapped = msgspec.structs.replace(
        DEAD_GATE, cause="terminal_swapped", detail="SN1 K40 → SN2 K40", state="offline"
    )
    out = msgspec.structs.replace(TROUBLE.devices[1], state="disabled", cause="out_of_service")
    office.now = msgspec.structs.replace(TROUBLE, devices=(swapped, out))
    with office.person("technician") as person:
        shown = person.get("/devices").text
        assert "确认换机，接受 SN2" in shown
        assert "恢复启用" in shown
        token = person.token("/devices")
        person.post("/devices", token=token, order="accept", device="zk-gate", serial="SN2", to="evil")
        assert "已执行: accept zk-gate" in person.get("/devices?lang=zh").text
        person.post("/devices", token=token, order="service", device="zk-gate", to="out", reason="no")
        assert "未执行: 因故拒绝" in person.get("/devices").text
        person.post("/devices", token=token, order="erase", device="zk-gate")
    assert office.ordered == [
        ("accept", {"device": "zk-gate", "serial": "SN2", "actor": "technician"}),
        ("service", {"device": "zk-gate", "to": "out", "reason": "no", "actor": "technician"}),
    ]
    told = [each for each in office.audited() if each["action"].startswith("order.")][-2:]
    assert [(each["actor"], each["action"], each["target"], each["result"]) for each in told] == [
        ("technician", "order.accept", "zk-gate", "done"),
        ("technician", "order.service", "zk-gate", "refused"),
    ]


def test_who_was_turned_away_is_let_in_by_a_button(office: Office) -> None:
    seen = {"first": "2026-11-25T09:00:00+08:00", "last": "2026-11-25T09:00:00+08:00", "driver": "adms"}
    stranger = Caller(serial='N"7<b>', address="192.0.2.7", device_id="", **seen)
    moved = Caller(serial="SN1", address="192.0.2.8", device_id="zk-gate", **seen)
    office.now = msgspec.structs.replace(TROUBLE, turned_away=())
    with office.person("technician") as person:
        assert "批准" not in person.get("/devices").text
        office.now = msgspec.structs.replace(TROUBLE, turned_away=(stranger, moved))
        shown = person.get("/devices").text
        assert 'value="N&#34;7&lt;b&gt;"' in shown
        assert "它自称是 zk-gate" in shown
        token, order = person.token("/devices"), {"order": "approve", "serial": "SN1"}
        person.post("/devices", token=token, address="192.0.2.8", device="", driver="zk", **order)
        assert "已执行: approve" in person.get("/devices").text
    (told,) = office.ordered
    assert told == ("approve", {"serial": "SN1", "address": "192.0.2.8", "actor": "technician"})
    assert office.audited()[-1]["target"] == "SN1"


def test_orders_about_people_are_given_and_their_answers_shown(office: Office) -> None:
    waits = StaffPart(
        order="a1",
        command="staff.revoke",
        user="1007",
        actor="li.wei",
        device_id="zk-gate",
        state="waiting",
        given="2025-11-22T08:00:00+08:00",
        since="2025-11-22T08:00:00+08:00",
        expires="2026-02-20T08:00:00+08:00",
        cause="no_answer",
    )
    office.now = msgspec.structs.replace(TROUBLE, staff=(waits,))
    with office.person("technician") as person:
        shown = person.get("/devices?lang=zh").text
        assert "撤销 · 1007" in shown
        assert "设备没有应答" in shown
        token = person.token("/devices")
        push = {"person": "1001", "name": "张伟", "card": "", "devices": "", "days": "365"}
        person.post("/devices", token=token, order="staff-push", **push)
        person.post("/devices", token=token, order="staff-revoke", person="1007", devices="zk-gate")
    assert office.ordered == [
        ("staff-push", {"person": "1001", "name": "张伟", "actor": "technician"}),
        ("staff-revoke", {"person": "1007", "devices": "zk-gate", "actor": "technician"}),
    ]


def test_every_answer_is_sealed_and_meant_for_this_host(office: Office) -> None:
    with office.person("technician") as person:
        for path in ("/login", "/devices", "/nowhere", "/static/office.css", "/static/../accounts.json"):
            headers = person.get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'self'"), path
            assert "unsafe" not in headers["content-security-policy"]
            assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert "scrypt" not in person.get("/static/%2e%2e/accounts.json").text
        for host, status in (("office.test", 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421)):
            assert person.get("/login", headers={"host": host}).status_code == status, host
    with socket.create_connection(("127.0.0.1", office.server.port), 20) as plain:
        plain.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200" not in plain.recv(4096)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    connection = http.client.HTTPSConnection("127.0.0.1", office.server.port, context=old, timeout=20)
    with pytest.raises(ssl.SSLError, match="(?i)protocol"):
        connection.request("GET", "/login")


def test_what_people_typed_is_inert_in_the_audit(office: Office) -> None:
    with Person(office) as person:
        person.login("<script>alert(1)</script>", "x")
    with office.person("auditor") as person:
        shown = person.get("/audit").text
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_bad_rating_is_there_within_a_second_and_a_window_never_sees_it(office: Office) -> None:
    office.happens("evaluation.submitted", 1, window_no="3", level="satisfied", stars=4, tags=["413"])
    with office.person("supervisor") as person:
        page = person.get("/supervision").text
        assert "满意" in page
        after = page.split('data-after="')[1].split('"')[0]
        lines: list[str] = []
        stream = person.get(f"/supervision/events?after={after}", stream=True)
        reader = threading.Thread(target=lambda: lines.extend(_first(stream)))
        reader.start()
        began = time.monotonic()
        office.happens(
            "evaluation.submitted", 2, window_no="3", level="very_dissatisfied", stars=1, comment="<b>等太久"
        )
        assert until(lambda: lines, 20)
        assert time.monotonic() - began < 2
        reader.join(20)
        assert msgspec.json.decode(lines[0].removeprefix("data: "))["bad"] is True
        assert "&lt;b&gt;等太久" in person.get("/supervision").text


def test_a_bad_rating_is_told_though_hundreds_follow_at_once_and_hides_no_complaint(office: Office) -> None:
    office.happens("complaint.filed", 1, complaint_no="C7", content="投诉内容")
    with office.person("supervisor") as person:
        after = person.get("/supervision").text.split('data-after="')[1].split('"')[0]
        office.happens("evaluation.submitted", 10, window_no="3", level="very_dissatisfied", stars=1)
        many = 250
        for number in range(many):
            office.happens("evaluation.submitted", 100 + number, window_no="3", level="satisfied", stars=4)
        stream = person.get(f"/supervision/events?after={after}", stream=True)
        told = [msgspec.json.decode(line.removeprefix("data: ")) for line in _first(stream, many + 1)]
        assert [each["bad"] for each in told] == [True] + [False] * many
        assert len({each["position"] for each in told}) == many + 1
        assert "投诉内容" in person.get("/supervision").text


def _first(stream, many: int = 1) -> list[str]:
    lines: list[str] = []
    for line in stream.iter_lines(decode_unicode=True):
        if line.startswith("data: "):
            lines.append(line)
        if len(lines) == many:
            stream.close()
            break
    return lines


def test_a_code_is_shown_once_to_the_technician_and_written_down_nowhere(office: Office) -> None:
    with office.person("technician") as person:
        token = person.token("/pairing")
        shown = person.post("/pairing", token=token, order="pair", device="tablet-3", part="desk").text
        assert "ABCD-EFGH-JKLM-NPQR" in shown
        assert "ABCD-EFGH" not in person.get("/pairing").text
        assert "0123456789abcdef" in shown
        person.post("/pairing", token=token, order="unpair", key="0123456789abcdef")
        assert "已执行" in person.get("/pairing").text
    assert office.ordered == [
        ("pair", {"device": "tablet-3", "part": "desk", "actor": "technician"}),
        ("unpair", {"key": "0123456789abcdef", "actor": "technician"}),
    ]
    assert "ABCD-EFGH" not in str(office.audited())


def test_the_codes_are_shown_to_who_prints_them_and_are_text_where_they_are_text(office: Office) -> None:
    for role in ("technician", "supervisor"):
        with office.person(role) as person:
            shown = person.get("/codes?paper=a5").text
            assert 'class="sheet a5" data-kind="local" data-window="A01"' in shown
            assert "<p>&lt;b&gt;</p>" in shown
            assert "img-src 'self' data:" in person.get("/codes").headers["content-security-policy"]
            assert "@page a5" in person.get("/static/sheet.css").text

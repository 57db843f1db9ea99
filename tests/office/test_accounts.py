"""Who gets in: first secrets, passwords, growing waits, sessions that end; and that each step is audited."""

import json
import stat

import pytest

from edge.commands import Refused
from edge.office import sessions
from edge.office.accounts import Accounts
from edge.office.passwords import Hashed, fault, made, made_pin
from edge.office.waits import FREE, LONGEST_S, Waits
from tests.office.conftest import PASSWORD, Office, Person


def test_the_first_secret_opens_only_the_page_that_replaces_it(office: Office) -> None:
    secret = office.account("newcomer", "technician")
    assert secret not in (office.folder / "accounts.json").read_text()
    assert stat.S_IMODE((office.folder / "accounts.json").stat().st_mode) == 0o600
    with Person(office) as person:
        assert person.login("newcomer", secret).headers["location"] == "/devices"
        assert person.get("/devices").headers["location"] == "/password"
        token = person.token("/password")
        wrong = person.post(
            "/password", token=token, old=secret, new="newcomer-newcomer", again="newcomer-newcomer"
        )
        assert (wrong.status_code, "不能包含账号" in wrong.text) == (400, True)
        assert person.post("/password", token=token, old="?", new=PASSWORD, again=PASSWORD).status_code == 400
        done = person.post("/password", token=token, old=secret, new=PASSWORD, again=PASSWORD)
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert "密码已更换" in person.get("/devices").text
    with Person(office) as other:
        assert other.login("newcomer", secret).status_code == 401
        assert other.login("newcomer", PASSWORD).status_code == 303
    told = [(each["actor"], each["action"], each["result"]) for each in office.audited()]
    assert ("root", "account.add.technician", "done") in told
    assert [each[1:] for each in told if each[0] == "newcomer"] == [
        ("login", "done"),
        ("account.password", "refused"),
        ("account.password", "done"),
        ("login", "failed"),
        ("login", "done"),
    ]


def test_who_guesses_waits_longer_each_time_and_fills_no_log(office: Office) -> None:
    office.account("victim", "auditor")
    before = len(office.audited())
    with Person(office) as person:
        answers = [person.login("victim", f"guess {number}") for number in range(40)]
        assert [each.status_code for each in answers[:FREE]] == [401] * FREE
        assert {each.status_code for each in answers[FREE:]} == {429}
        assert "秒后再试" in answers[-1].text
        assert len(office.audited()) - before <= FREE + 1
        assert person.login("technician", PASSWORD).status_code == 303, "another account is not held back"


def test_an_unknown_account_is_answered_as_a_wrong_password(office: Office) -> None:
    with Person(office) as one, Person(office) as other:
        known, unknown = one.login("technician", "?"), other.login("nobody", "?")
    assert known.status_code == unknown.status_code == 401
    assert "账号或密码不对" in known.text
    assert _without_token(known.text) == _without_token(unknown.text)


def _without_token(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if 'name="token"' not in line)


def test_a_session_ends_by_logout_by_order_and_by_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.person("auditor") as person:
        cookie = person.http.cookies["__Host-office"]
        assert person.post("/logout", token=person.token("/audit")).headers["location"] == "/login"
        person.http.cookies.set("__Host-office", cookie)
        assert person.get("/audit").headers["location"] == "/login", "ended here, not only in the browser"
    with office.person("auditor") as person:
        assert person.get("/audit").status_code == 200
        monkeypatch.setattr(sessions, "IDLE_S", -1.0)
        assert person.get("/audit").status_code == 303
        monkeypatch.undo()
    office.account("leaver", "auditor")
    office.accounts.change("leaver", PASSWORD)
    with Person(office) as person:
        person.login("leaver", PASSWORD)
        assert person.get("/audit").status_code == 200
        office.accounts.commands["account-remove"]({"name": "leaver"})
        assert person.get("/audit").status_code == 303
        assert person.login("leaver", PASSWORD).status_code == 401


def test_a_cookie_is_for_this_host_over_tls_and_no_script(office: Office) -> None:
    with Person(office) as person:
        cookie = person.login("technician", PASSWORD).headers["set-cookie"]
    assert cookie.startswith("__Host-office=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))


def test_waits_grow_and_are_forgotten() -> None:
    waits = Waits(2)
    assert [waits.failed("a", 0.0).until_s for _ in range(4)] == [0.0, 15.0, 30.0, 60.0]
    assert waits.left("a", 10.0) == 50.0
    assert (waits.left("b", 10.0), waits.left("a", 60.0)) == (0.0, 0.0)
    assert waits.failed("a", 60.0).refused == 1
    for _ in range(40):
        last = waits.failed("a", 60.0)
    assert last.until_s == 60.0 + LONGEST_S
    waits.passed("a")
    assert waits.left("a", 60.0) == 0.0
    for number in range(3000):
        waits.failed(str(number), 0.0)
    assert len(waits._known) <= 2000


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("short", "short"),
        ("x" * 129, "long"),
        ("my-technician-1", "name"),
        ("123456789012", "dull"),
        ("qwertyuiopasdf", "dull"),
        ("aaaaaaaaaaaaaaaa", "dull"),
        (PASSWORD, None),
        ("窗口 三 号 的 猫 爱 吃 鱼", None),
    ],
)
def test_a_password_that_would_be_guessed_is_not_taken(secret: str, why: str | None) -> None:
    assert fault(secret, "technician") == why


def test_secrets_are_made_afresh_and_kept_under_a_salt() -> None:
    assert len({made() for _ in range(50)} | {made_pin() for _ in range(5)}) > 50
    assert fault(made(), "technician") is None
    one, other = Hashed.of("a secret of ours"), Hashed.of("a secret of ours")
    assert one.digest != other.digest
    assert one.fits("a secret of ours")
    assert not one.fits("a secret of our")
    assert [fault(pin, "1001", pin=True) for pin in ("1001", "111111", "123456", "246813")] == [
        "digits",
        "dull",
        "dull",
        None,
    ]


def test_a_file_that_cannot_be_read_lets_nobody_in_and_is_not_overwritten(tmp_path) -> None:
    accounts = Accounts(tmp_path, lambda: "2026-11-25T09:00:00+08:00")
    accounts.commands["account-add"]({"name": "a", "role": "auditor"})
    kept = tmp_path / "accounts.json"
    text = kept.read_text()
    kept.write_text(text[:-10])
    for name in ("account-add", "account-list"):
        with pytest.raises(Refused):
            accounts.commands[name]({"name": "b", "role": "auditor"})
    assert kept.read_text() == text[:-10]
    kept.write_text(text)
    assert json.loads(text)["untold"][0]["action"] == "account.add.auditor"
    with pytest.raises(Refused, match="已有"):
        accounts.commands["account-add"]({"name": "a", "role": "auditor"})
    with pytest.raises(Refused, match="角色"):
        accounts.commands["account-add"]({"name": "b", "role": "root"})

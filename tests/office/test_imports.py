"""A technician's upload over HTTPS: behind the session, with its token, under the technician's name."""

import re

import msgspec
import pytest

from edge.commands import Arguments
from edge.duty.export_file import Looked
from tests.office.conftest import Office, Person

KIND = {"content-type": "application/octet-stream"}


@pytest.fixture
def given(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Arguments]]:
    """What the daemon was ordered."""
    seen: list[tuple[str, Arguments]] = []

    def order(name: str, answer: str):
        def ordered(arguments: Arguments) -> str:
            seen.append((name, arguments))
            return answer

        return ordered

    looked = msgspec.json.encode(Looked(new=2)).decode()
    for name, answer in (("import-look", looked), ("import-lines", looked), ("import-end", "")):
        monkeypatch.setitem(office.commands, name, order(name, answer))
    return seen


def post(person: Person, path: str, body: bytes, token: str, **more: str) -> int:
    url, headers = person.office.url + path, {**KIND, "x-form-token": token, **more}
    return person.http.post(url, body, headers=headers, allow_redirects=False, timeout=20).status_code


def test_only_a_technician_with_the_token_of_the_session_uploads(
    office: Office, given: list[tuple[str, Arguments]]
) -> None:
    look = "/import/look?device=zk-gate&name=A12345_attlog.dat"
    with office.person("technician") as person, office.person("technician") as other:
        page = person.get("/import").text
        assert "大门指纹机" in page
        token = person.token("/import")
        assert post(person, look, b"1\n2\n", "") == 403
        assert post(person, look, b"1\n2\n", other.token("/import")) == 403
        assert post(person, look, b"1\n2\n", token, origin="https://evil.example") == 403
        assert post(person, look, b"1\n2\n", token, **{"content-type": "text/plain"}) == 415
        assert given == []
        answer = person.http.post(
            office.url + look, b"1\n2\n", headers={**KIND, "x-form-token": token}, timeout=20
        ).json()
        assert post(person, f"/import/take?token={answer['token']}", b"", token) == 200
        assert [name for name, _ in given] == ["import-look", "import-lines", "import-end"]
        assert given[-1][1]["actor"] == "technician"
        script = person.get("/static/import.js")
        assert (script.status_code, "x-form-token" in script.text) == (200, True)
        assert re.search(r'src="/static/import.js"', page)
    for role in ("supervisor", "auditor"):
        with office.person(role) as person:
            assert person.get("/import").status_code == 403
            assert post(person, look, b"1\n", office.app.state.sessions.form_token(cookie(person))) == 403
    with Person(office) as nobody:
        assert post(nobody, look, b"1\n", "") == 403
    assert len(given) == 3


def cookie(person: Person) -> str:
    return person.http.cookies.get("__Host-office") or ""

"""The people's pages as people reach them: over TLS with their own certificate, on a real store."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pytest
import requests

from edge.clock.clock import WallClock
from edge.commands import Arguments, Refused
from edge.documents.pictures import Picture
from edge.documents.posts import Held
from edge.documents.shapes import Staff, WindowGroup
from edge.events import own_event
from edge.office import Accounts, Audits, Entries, Life, Parts, create_office, passwords
from edge.office.accounts import ROLES, Role
from edge.office.certificate import FILE, make
from edge.pairing.duty import Listed
from edge.phones.codes import Code
from edge.phones.sheet import body
from edge.snapshot import Snapshot
from edge.store.books import Books
from edge.store.contacts import Contacts
from edge.web import WebServer
from tests.store.halls import NOW, ZONE, open_store
from tests.web.halls import TROUBLE

CHEAP = (6, 8, 1)
"""scrypt for tests that are not about its cost."""
PASSWORD = "correct horse battery"
HELD = Held(
    {
        number: Staff(staff_no=number, name=name, dept_code="D1")
        for number, name in (("1001", "张一"), ("1002", "李二"))
    },
    (WindowGroup(group_id="g", windows=("A01", "A03")),),
)


class Person:
    """One browser without scripts."""

    def __init__(self, office: "Office") -> None:
        self.office, self.http = office, requests.Session()
        self.http.trust_env = False  # no proxy, no other authority
        self.http.verify = str(office.folder / FILE)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.http.get(self.office.url + path, allow_redirects=False, timeout=20, **more)

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> requests.Response:
        url = self.office.url + path
        return self.http.post(url, fields, headers=headers, allow_redirects=False, timeout=20)

    def token(self, path: str) -> str:
        found = re.search(r'name="token" value="(\w+)"', self.get(path).text)
        assert found, path
        return found[1]

    def login(self, name: str, password: str) -> requests.Response:
        return self.post("/login", token=self.token("/login"), name=name, password=password)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()


class Office:
    """The pages of one hall; `ordered` = what was ordered of the daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, TROUBLE
        self.store, clock = open_store(folder), WallClock(ZONE, "system")
        self.clock, self.contacts, self.held = clock, Contacts(folder), HELD
        self.accounts = Accounts(folder, clock.text)
        self.audits = Audits(self.store, clock, self.accounts)
        self.ordered: list[tuple[str, dict[str, str]]] = []
        named = ("accept", "approve", "service", "reread", "erase", "staff-push", "staff-revoke")
        self.commands = {name: self._command(name) for name in named}
        self.commands |= {
            "qr-sheet": self._sheet,
            "pair": self._code,
            "unpair": self._command("unpair"),
            "pairings": self._pairings,
        }
        make(folder, ("127.0.0.1", "office.test"))
        self.app = create_office(
            self.take,
            self.commands,
            self.accounts,
            self.audits,
            self.store.path,
            ("office.test",),
            "测试大厅",
            Parts(Entries(self.store, clock, self.contacts), self.contacts, Life(30, 0), lambda: self.held),
        )
        self.accounts.changed = self.app.state.sessions.end_all
        self.server = WebServer(self.app, "127.0.0.1", 0, None, folder / FILE)
        self.server.start()
        self.url = f"https://127.0.0.1:{self.server.port}"

    def take(self) -> Snapshot:
        return self.now

    def _command(self, name: str):
        def command(arguments: Arguments) -> str:
            self.ordered.append((name, dict(arguments)))
            if arguments.get("reason") == "no":
                raise Refused("因故拒绝 / refused")
            return f"{name} {arguments.get('device')}"

        return command

    def _code(self, arguments: Arguments) -> str:
        self.ordered.append(("pair", dict(arguments)))
        return "ABCD-EFGH-JKLM-NPQR"

    def _sheet(self, arguments: Arguments) -> str:
        """As the daemon answers: two codes, one of them issued."""
        drawn = Picture("image/png", b"\x89PNG\r\n\x1a\n")
        codes = [
            Code("A01", "综合受理", "local", "http://192.0.2.9:8081/q/A01/x/"),
            Code("A02", "<b>", "issued", picture=drawn),
        ]
        assert arguments["part"]
        return body("测试大厅", codes, "a5" if arguments["paper"] == "a5" else "a4")

    def _pairings(self, _arguments: Arguments) -> str:
        key = ("0123456789abcdef", "tablet", "2026-11-25T09:00:00+08:00", "li")
        return msgspec.json.encode([Listed("tablet-3", (key,))]).decode()

    def account(self, name: str, role: Role) -> str:
        """A fresh account; its first secret."""
        return self.accounts.commands["account-add"]({"name": name, "role": role, "actor": "root"})

    def person(self, role: Role) -> Person:
        """Somebody of this role who is logged in and has a password of their own."""
        person = Person(self)
        assert person.login(role, PASSWORD).status_code == 303
        return person

    def happens(self, kind: str, number: int, **data: object) -> None:
        """An event of our own is stored."""
        payload = msgspec.defstruct("Payload", list(data))(**data)
        self.store.add(own_event(kind, self.store.tip.epoch, kind, number, NOW, payload))

    def audited(self) -> list[dict[str, str]]:
        with closing(Books(self.store.path)) as books:
            return [msgspec.json.decode(each, type=dict[str, str]) for each in books.own("edge.audit")]

    def close(self) -> None:
        self.server.stop()
        self.store.close()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all tests: each role has an account of its own name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", CHEAP)
        made = Office(tmp_path_factory.mktemp("office"))
        for role in ROLES:
            made.account(role, role)
            made.accounts.change(role, "246813" if role == "window" else PASSWORD)
        yield made
        made.close()


@pytest.fixture
def office(built: Office) -> Iterator[Office]:
    """As `built`, with nothing ordered and nobody held back."""
    built.ordered.clear()
    built.app.state.forgive()
    yield built
    built.now = TROUBLE

"""The accounts of the people who work with the hall: a file of mode 0600 beside the database.

There is no account and no password before a person made one by `hall-edge account`. Each change is kept
together with the words for its audit, so that none is missed while no daemon runs.
"""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from edge.commands import Arguments, Commands, Refused
from edge.office.passwords import Fault, Hashed, fault, made, made_pin
from edge.whole import read_kept, write_whole

FILE = "accounts.json"
Role = Literal["window", "supervisor", "technician", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")
ACCOUNTS_MAX = 500
NOBODY = Hashed("00" * 16, "", (14, 8, 5))
"""What an unknown name is held against, so that it takes as long."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account. fresh: the secret was made by us and must be replaced at the first login.

    A `window` account is named by the staff number and has a PIN.
    """

    name: str
    role: Role
    secret: Hashed
    fresh: bool = True
    since: str = ""


class Untold(msgspec.Struct, frozen=True):
    """A change that the log does not hold yet."""

    at: str
    actor: str
    action: str
    target: str


class Book(msgspec.Struct, frozen=True):
    """What the file holds."""

    accounts: dict[str, Account] = {}
    untold: tuple[Untold, ...] = ()


class Accounts:
    """The accounts of one hall; any thread may call. `now` tells the time as text."""

    def __init__(self, folder: Path, now: Callable[[], str]) -> None:
        self._path, self._now = folder / FILE, now
        self._lock = threading.Lock()
        self.changed: Callable[[str], None] = lambda _name: None
        """Told the name of an account whose sessions end: its secret was replaced, or it was removed."""
        self.commands: Commands = {
            "account-add": self._add,
            "account-reset": self._reset,
            "account-remove": self._remove,
            "account-list": self._list,
        }

    def check(self, name: str, secret: str) -> Account | None:
        """The account, if it is there and this is its password."""
        account = self._read().accounts.get(name)
        fits = (account.secret if account else NOBODY).fits(secret)
        return account if fits else None

    def change(self, name: str, secret: str) -> Fault | None:
        """A person takes a new password; why it cannot be taken, or None. Refused."""
        with self._lock:
            account = self._account(name)
            if why := fault(secret, name, account.role == "window"):
                return why
            replaced = msgspec.structs.replace(account, secret=Hashed.of(secret), fresh=False)
            self._write(replaced, name, "account.password")
            return None

    def untold(self) -> tuple[Untold, ...]:
        """Changes that the log does not hold yet, oldest first."""
        return self._read().untold

    def told(self, count: int) -> None:
        """The log holds the oldest `count` of them."""
        with self._lock:
            book = self._read()
            self._save(msgspec.structs.replace(book, untold=book.untold[count:]))

    def _add(self, arguments: Arguments) -> str:
        """Make an account; answers with its first secret, which is kept nowhere."""
        name, role = arguments.get("name", ""), arguments.get("role", "")
        with self._lock:
            book = self._read()
            if not NAME.fullmatch(name):
                raise Refused("账号为 1–32 个 A-Z a-z 0-9 . _ - / an account name is 1–32 of these")
            if role not in ROLES:
                raise Refused(f"角色只能是 / the role is one of {', '.join(ROLES)}")
            if name in book.accounts or len(book.accounts) >= ACCOUNTS_MAX:
                raise Refused(
                    f"{name}: 已有这个账号，或账号太多 / it is there already, or there are too many"
                )
            secret = made_pin() if role == "window" else made()
            account = Account(name=name, role=role, secret=Hashed.of(secret), since=self._now())
            self._write(account, _actor(arguments), f"account.add.{role}")
            return secret

    def _reset(self, arguments: Arguments) -> str:
        """Replace a forgotten password; answers with a fresh secret."""
        with self._lock:
            account = self._account(arguments.get("name", ""))
            secret = made_pin() if account.role == "window" else made()
            replaced = msgspec.structs.replace(account, secret=Hashed.of(secret), fresh=True)
            self._write(replaced, _actor(arguments), "account.reset")
        self.changed(account.name)
        return secret

    def _remove(self, arguments: Arguments) -> str:
        """Remove an account and end its sessions."""
        with self._lock:
            account = self._account(arguments.get("name", ""))
            self._write(account, _actor(arguments), "account.remove", gone=True)
        self.changed(account.name)
        return account.name

    def _list(self, arguments: Arguments) -> str:
        """Who has an account: a line each, `name role`, and `!` where the first secret was not replaced."""
        accounts = self._read().accounts.values()
        return "\n".join(f"{each.name} {each.role}{' !' if each.fresh else ''}" for each in accounts) or "–"

    def _account(self, name: str) -> Account:
        account = self._read().accounts.get(name)
        if account is None:
            raise Refused(f"{name}: 没有这个账号 / no such account")
        return account

    def _write(self, account: Account, actor: str, action: str, gone: bool = False) -> None:
        book = self._read()
        accounts = {**book.accounts, account.name: account}
        if gone:
            del accounts[account.name]
        untold = (*book.untold, Untold(self._now(), actor, action, account.name))
        self._save(Book(accounts, untold))

    def _read(self) -> Book:
        book = read_kept(self._path, Book, "nobody can log in")
        if book is None and self._path.exists():
            raise Refused(f"{self._path}: 读不出 / cannot be read; put back a copy or remove it")
        return book or Book()

    def _save(self, book: Book) -> None:
        try:
            write_whole(self._path, msgspec.json.encode(book), private=True)
        except OSError as error:
            raise Refused(f"写不下来，未执行 / it cannot be written down: {error}") from error


def _actor(arguments: Arguments) -> str:
    return arguments.get("actor", "?")[:64]

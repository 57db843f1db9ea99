"""People on a terminal that calls: commands for its next question, and what its results mean.

    C:<id>:DATA UPDATE USERINFO PIN=1001<TAB>Name=张伟[<TAB>Card=…]      C:<id>:DATA DELETE USERINFO PIN=1001

Only what the order says is named, so that password, privilege and what is enrolled stay [X]. The id is made
of the order's, which comes again after a crash: the terminal gets the same command twice, and one person.
Firmware that does not know these words is asked in the older ones [X].
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from drivers.adms.attlog import names
from drivers.base import VOID, Order, Person

AGAIN_S = 300.0
"""A command without a result is given again."""
NAME_BYTES = 24
"""As wide as the field of terminals that are asked [X]."""
CARD_MAX = 0xFFFF_FFFF
CHINESE = "83"
"""The language of a terminal whose texts are GB2312; all others' are UTF-8 (protocols §4)."""
PUSHES = ("DATA UPDATE USERINFO ", "DATA USER ")
REVOKES = ("DATA DELETE USERINFO ", "DATA DEL_USER ")
UNKNOWN_WORDS, NOBODY = -1002, -10
MEANINGS = {-1001: "users_full", -1003: "busy", -1005: "busy", -1006: "name_too_long"}
CHECK = "CHECK"
"""Makes a terminal greet again, and so tell its language [X]."""


class Unfit(Exception):
    """It cannot be said to this terminal: a word of causes, and why."""


class Given(NamedTuple):
    """An order as it was given last. words: which dialect; at_s: None = not yet."""

    order: Order
    words: int = 0
    at_s: float | None = None


@dataclass(slots=True)
class Tongue:
    """How a terminal is spoken to. by_hand: from the config; language: as it told it, "" = not yet."""

    by_hand: str = ""
    language: str = ""

    @property
    def encoding(self) -> str:
        """Of its texts; "" = not known."""
        told = "gbk" if self.language == CHINESE else "utf-8" if self.language else ""
        return self.by_hand or told


class People:
    """The staff orders of one life."""

    def __init__(self) -> None:
        self._held: dict[str, Given] = {}
        self._checked_s: float | None = None

    def take(self, order: Order) -> None:
        """Hold an order until it has its answer; the same one again takes its own place."""
        person = order.person()
        if person is None:
            order.done(VOID)
            return
        name = sha256(person.order.encode()).hexdigest()[:16]
        before = self._held.get(name)
        self._held[name] = before._replace(order=order) if before else Given(order)

    def due(self, now_s: float, tongue: Tongue) -> list[tuple[str, str]]:
        """What to say now, as `(id, command)`."""
        found: list[tuple[str, str]] = []
        for name, given in list(self._held.items()):
            if given.at_s is not None and now_s - given.at_s < AGAIN_S:
                continue
            try:
                command = _command(given, tongue)
            except Unfit as unfit:
                self._answer(name, ": ".join(map(str, unfit.args)))
                continue
            if command is None:
                self._answer(name, VOID)
            elif command == CHECK:
                found += self._check(now_s)
            else:
                self._held[name] = given._replace(at_s=now_s)
                found.append((name, command))
        return found

    def result(self, name: str, code: int) -> None:
        """The terminal says what became of a command."""
        given = self._held.get(name)
        if given is None:
            return
        revokes = given.order.name == "staff_revoke"
        if code >= 0:
            self._answer(name, "ok")
        elif code == NOBODY and revokes:
            self._answer(name, "absent")
        elif code == UNKNOWN_WORDS and given.words + 1 < len(PUSHES):
            self._held[name] = Given(given.order, given.words + 1)
        else:
            self._answer(name, f"{MEANINGS.get(code, 'staff_refused')}: {code}")

    def _check(self, now_s: float) -> list[tuple[str, str]]:
        if self._checked_s is not None and now_s - self._checked_s < AGAIN_S:
            return []
        self._checked_s = now_s
        return [("C0", CHECK)]

    def _answer(self, name: str, result: str) -> None:
        self._held.pop(name).order.done(result)


def _command(given: Given, tongue: Tongue) -> str | None:
    """The words for an order that still stands; Unfit."""
    person = given.order.person()
    if person is None:
        return None
    if not names(person.user):
        raise Unfit("user_unfit", person.user)
    if given.order.name == "staff_revoke":
        return f"{REVOKES[given.words]}PIN={person.user}"
    if not tongue.encoding and not person.name.isascii():
        return CHECK
    _fits(person, tongue.encoding or "ascii")
    card = f"\tCard={int(person.card)}" if person.card else ""
    return f"{PUSHES[given.words]}PIN={person.user}\tName={person.name}{card}"


def _fits(person: Person, encoding: str) -> None:
    try:
        size = len(person.name.encode(encoding))
    except UnicodeEncodeError as error:
        raise Unfit("name_unfit", f"{person.name[error.start]} {encoding}") from error
    if size > NAME_BYTES:
        raise Unfit("name_too_long", f"{size} > {NAME_BYTES} bytes")
    if not person.name.isprintable():
        raise Unfit("name_unfit", "control character")
    if person.card and int(person.card) > CARD_MAX:
        raise Unfit("card_unfit", f"{person.card} > {CARD_MAX}")

"""Terminals with a web interface that say, every so often, something else than they hold. See `mutant_zk`.

told      a body under a head that fits: bytes changed, lines or events lost, doubled, exchanged, numbers made
          others, or one recorded elsewhere in its place.
damaged   an answer changed anywhere, head and all, or cut.

The judge reads what was sent with parsers of its own, by the rules of JSON, XML and `key=value`; what two
lines of one record contradict was not said.
"""

import json
import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from edge.store.books import PUNCH, Books
from tests.drivers.hikvision_site import password_file
from tests.faults.heard import decoded, events, number, wall_clock
from tests.faults.mutated import Site
from tests.faults.oracle import Verdict
from tests.faults.wounds import Chance
from tests.sim import dahua, isapi
from tests.sim.isapi.terminal import DENIED, PASSES

START = datetime.fromisoformat("2026-09-01T08:00:00")
CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "isapi_samples.json"
TABLE = """
[device.{name}]
driver = "{driver}"
host = "127.0.0.1"
port = {port}
password_file = "{password}"
"""
MATTER = ("RecNo", "CreateTime", "UserID", "Method", "Status", "ErrorCode", "AttendanceState", "Type")
PASSED = {("5", str(minor)) for minor in PASSES}
NUMBER = re.compile(rb"\d+")
Terminal = isapi.Terminal | dahua.Terminal


def recorded() -> list[bytes]:
    """Recorded answers; nothing where the recordings are not on this machine."""
    if not CAPTURES.exists():
        return []
    samples = [entry["sample"] for entry in json.loads(CAPTURES.read_text()) if entry["sample"]]
    return [each.encode() if isinstance(each, str) else json.dumps(each).encode() for each in samples]


class MutantWeb(Site):
    """Mutates what a terminal says; `said`: native key -> who, as it was said at some moment."""

    driver: str
    log_path: str

    def __init__(self, name: str, terminal: Terminal, seed: int, every: int = 5) -> None:
        super().__init__(name, terminal, Chance(seed, every))
        self.terminal = terminal
        self.said: dict[str, set[str]] = defaultdict(set)
        self._recorded = recorded()
        self._path, self._damage = "", False
        for turn in range(150):
            self._punch(turn)
        terminal.http.tell, terminal.http.spoil = self._tell, self._spoil

    def table(self, _folder: Path) -> str:
        """See `Site`."""
        password = password_file(self.terminal)
        return TABLE.format(name=self.name, driver=self.driver, port=self.terminal.port, password=password)

    def step(self) -> None:
        """A person passes."""
        self.terminal.paths.clear()
        self._punch(len(self.terminal.log))

    def _punch(self, number: int) -> None:
        user, at = str(1001 + number % 40), START + timedelta(seconds=61 * number)
        self.terminal.punch(user, at=at)
        if number % 6 == 0:
            self.denied(user, at + timedelta(seconds=1))

    def due(self) -> set[str]:
        """See `Site`."""
        return {f"{each.time.isoformat()}|{each.number}" for each in self.terminal.punches}

    def judge(self, books: Books) -> Verdict:
        """See `Site`."""
        due = self.due()
        for each in self.terminal.punches:
            self.said[f"{each.time.isoformat()}|{each.number}"].add(each.user)
        stored = [json.loads(raw) for raw in books.of_kind(self.serial, PUNCH)]
        keys = [str(each["native_key"]) for each in stored]
        return Verdict(
            len(due),
            lost=tuple(due - {*keys}),
            invented=tuple(key for key in keys if key not in self.said),
            altered=tuple(
                f"{each['native_key']} {each['device_user_id']!r}"
                for each in stored
                if each["device_user_id"] not in self.said[each["native_key"]]
            ),
            double=tuple({key for key in keys if keys.count(key) > 1}) if len(keys) != len({*keys}) else (),
            figures={
                "mutants": self.chance.count,
                "quarantined": len(books.rejects(self.serial)),
                "said": len(self.said),
            },
        )

    def _tell(self, path: str, body: bytes) -> bytes:
        with self.chance.lock:
            self._path = path
            if not self.chance.strikes(3 if path.startswith(self.log_path) else 1):
                return body
            self._damage = self.chance.random.random() < 0.3
            if self._damage:
                return body
            told = self._mutated(body)
            self._heard(path, told)
            return told

    def _mutated(self, body: bytes) -> bytes:
        chance = self.chance.random
        match chance.randrange(10):
            case 0 if self._recorded:
                return chance.choice(self._recorded)
            case 1 | 2:
                return self._other_number(body)
            case 3:
                return self.chance.anyhow(body)
            case 4 | 5 | 6:
                return self.moved(body)
        return self.chance.in_place(body)

    def _other_number(self, body: bytes) -> bytes:
        found = list(NUMBER.finditer(body))
        if not found:
            return self.chance.in_place(body)
        place, chance = self.chance.random.choice(found), self.chance.random
        number = int(place[0]) + chance.choice((-1, 1, 10, -10, 1000, 1 << 31, chance.randrange(10**9)))
        return body[: place.start()] + str(number).encode() + body[place.end() :]

    def _spoil(self, whole: bytes) -> bytes:
        with self.chance.lock:
            if not self._damage:
                return whole
            self._damage = False
            chance = self.chance
            sent = chance.random.choice((chance.in_place, chance.in_place, chance.anyhow, chance.cut))(whole)
            self._heard(self._path, sent.partition(b"\r\n\r\n")[2])
            return sent

    def _heard(self, path: str, body: bytes) -> None:
        if path.startswith(self.log_path):
            for key, user in self.read(body):
                self.said[key].add(user)

    @abstractmethod
    def denied(self, user: str, at: datetime) -> None:
        """Somebody known is not let in: no punch."""

    @abstractmethod
    def moved(self, body: bytes) -> bytes:
        """With records lost, doubled or exchanged."""

    @abstractmethod
    def read(self, body: bytes) -> Iterator[tuple[str, str]]:
        """The punches in a body: key and user."""


class MutantIsapi(MutantWeb):
    """A Hikvision terminal."""

    driver, log_path = "hikvision", "/ISAPI/AccessControl/AcsEvent"
    terminal: isapi.Terminal

    def denied(self, user: str, at: datetime) -> None:
        """See `MutantWeb`."""
        self.terminal.event(5, DENIED, at, user)

    def moved(self, body: bytes) -> bytes:
        """See `MutantWeb`."""
        begin, end = (b"<Info>", b"</Info>") if body.startswith(b"<") else (b'{"major"', b"}")
        items = re.findall(re.escape(begin) + rb".*?" + re.escape(end), body, re.DOTALL)
        if not items:
            return self.chance.in_place(body)
        one, other = self.chance.random.choice(items), self.chance.random.choice(items)
        return body.replace(one, self.chance.random.choice((other, one + other, b"")), 1)

    def read(self, body: bytes) -> Iterator[tuple[str, str]]:
        """See `MutantWeb`."""
        for item in events(body):
            time = str(item.get("time") or item.get("dateTime") or "")[:19].replace(" ", "T")
            user = (
                str(item.get("employeeNoString") or "").strip() or str(item.get("employeeNo") or "").strip()
            )
            if (str(item.get("major")).strip(), str(item.get("minor")).strip()) in PASSED:
                yield f"{time}|{number(item.get('serialNo'))}", user


class MutantDahua(MutantWeb):
    """A Dahua terminal."""

    driver, log_path = "dahua", "/cgi-bin/recordFinder.cgi"
    terminal: dahua.Terminal

    def denied(self, user: str, at: datetime) -> None:
        """See `MutantWeb`."""
        self.terminal.record(at, user, status=0, error=16)

    def moved(self, body: bytes) -> bytes:
        """See `MutantWeb`."""
        lines, chance = body.split(b"\r\n"), self.chance.random
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(3):
            case 0:
                del lines[place]
            case 1:
                lines.insert(other, lines[place])
            case 2:
                lines[place], lines[other] = lines[other], lines[place]
        return b"\r\n".join(lines)

    def read(self, body: bytes) -> Iterator[tuple[str, str]]:
        """See `MutantWeb`."""
        records: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for line in decoded(body).split("\n"):
            found = re.fullmatch(r"\s*records\[(\d+)\]\.(\w+)\s*=(.*)", line, re.DOTALL)
            if found:
                records[str(int(found[1]))][found[2]].add(found[3].strip())
        for fields in records.values():
            if all(len(fields[name]) < 2 for name in MATTER):
                told = {name: next(iter(values)) for name, values in fields.items() if values}
                if (told.get("Status") or {"0": "1"}.get(told.get("ErrorCode", ""))) != "1":
                    continue
                yield (
                    f"{wall_clock(told.get('CreateTime', ''))}|{number(told.get('RecNo'))}",
                    told.get("UserID", ""),
                )


def isapi_sites() -> list[MutantIsapi]:
    """One that speaks JSON, and one that speaks XML."""
    plain = isapi.Terminal(serial="HIKJSON1", password="json-2026")
    xml = isapi.Terminal(serial="HIKXML1", password="xml-2026", faults=isapi.Faults(xml=True))
    return [MutantIsapi("hik-json", plain, 1), MutantIsapi("hik-xml", xml, 2)]


def dahua_sites() -> list[MutantDahua]:
    """One that counts seconds, and one that writes its times as text."""
    plain = dahua.Terminal(serial="DAHUA1", password="plain-2026")
    text = dahua.Terminal(
        serial="DAHUA2",
        password="text-2026",
        faults=dahua.Faults(text_times=True, refuse_epoch=True, total=True),
    )
    return [MutantDahua("dahua-epoch", plain, 3), MutantDahua("dahua-text", text, 4)]

"""Requests of a terminal and our answers as they may be shown: who punched becomes a number, counted from 1.

Kept is what is listed: when, how and in which state somebody punched, what the terminal says of itself. Of
any other value the length and the places of its digits stay. What stands in a table that may hold a picture
or a template is withheld whole. A communication key is a secret.
"""

import re

from drivers.adms.attlog import names, plain, split, text
from drivers.base import Link, Reply, Request
from drivers.tape import Entry, Tape, tape_of, withheld

SECRETS = ("pushcommkey", "commkey", "comkey", "password", "passwd", "pwd")
_ASKED = """sn options pushver language devicetype pushoptionsflag table stamp opstamp photostamp count
    packcnt packidx cmdid type"""
_DEVICE = """~DeviceName ~Platform ~OS ~SerialNumber ~ZKFPVersion FWVersion PushVersion TransactionCount
    UserCount FPCount FaceCount MaxAttLogCount MaxUserCount FingerFunOn FaceFunOn AlarmReRec DelRecord ID
    Return CMD AttlogSum PIN2Width PhotoFunOn MultiBioDataSupport"""
_PERSON = "fid valid type no index format majorver minorver size pri duress tz grp"
IN_QUERY, OF_ITSELF, OF_PEOPLE = (frozenset(words.split()) for words in (_ASKED, _DEVICE, _PERSON))
BODY_MAX = 16 << 10
VALUE_MAX = 80
_WORDS = re.compile(r"[A-Za-z0-9 _.:/()+~-]*")
_PATH = re.compile(r"/iclock/[a-z]{1,16}(\.aspx)?", re.IGNORECASE)
_KEY = re.compile(r"~?[A-Za-z]\w{0,32}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_CODE = re.compile(r"\d{1,3}|" + _TIME.pattern, re.ASCII)
_HARMLESS = re.compile(r"C:\w+:(CHECK|(DATA QUERY|VERIFY SUM) ATTLOG [\w=:\t -]*)|OK(:\d+)?|again|not here|")


class Taping:
    """Puts what one terminal says, and what it is answered, on a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._people: dict[str, str] = {}

    def heard(self, request: Request) -> None:
        """A request as it came."""
        query = {
            name if _KEY.fullmatch(name) else _shape(name): self._query(name.lower(), value)
            for name, value in request.query.items()
        }
        path = request.path if _PATH.fullmatch(request.path) else _shape(request.path)[:VALUE_MAX]
        head: Entry = {"method": request.method, "path": path, "query": query}
        if not request.whole:
            head["whole"] = False
        table = next((each for name, each in request.query.items() if name.lower() == "table"), "").upper()
        self.tape.keep("<", {**head, **self._body(request, table)})

    def answered(self, reply: Reply) -> None:
        """Our answer."""
        told = reply.body.decode("utf-8", "replace")
        if told.startswith("GET OPTION FROM:"):
            self.tape.keep(">", {"status": reply.status, "body": told})
            return
        lines = [line if _HARMLESS.fullmatch(line) else _command(line) for line in told.split("\n")]
        self.tape.keep(">", {"status": reply.status, "body": "\n".join(lines)})

    def _query(self, name: str, value: str) -> object:
        if name in SECRETS:
            return withheld(value.encode(), "secret")
        if name == "info":
            first, comma, rest = value.partition(",")
            return _plain(first) + comma + ",".join(_shape(part) for part in rest.split(","))
        return _plain(value) if name in IN_QUERY else _shape(value)[:VALUE_MAX]

    def _body(self, request: Request, table: str) -> Entry:
        body, name = request.body, request.path.lower().rpartition("/")[2].removesuffix(".aspx")
        if not body:
            return {}
        if len(body) > BODY_MAX:
            return withheld(body, "unknown")
        if name == "cdata" and table == "ATTLOG":
            return {"body": self._punches(body)}
        if name == "cdata" and table == "OPERLOG":
            return {"body": "".join(self._said(line) for line in split(body))}
        if name == "devicecmd" or (name == "cdata" and table == "OPTIONS"):
            return {"body": _pairs(text(plain(body)))}
        return withheld(body, "template")

    def _punches(self, body: bytes) -> str:
        """Each line with its time, state and verify, under the number of who it is about."""
        return "".join(f"{self._punch(text(line))}\n" for line in split(plain(body)))

    def _punch(self, line: str) -> str:
        fields = line.strip("\0 ").split("\t")
        at = next((place for place, field in enumerate(fields) if _TIME.fullmatch(field)), 0)
        shown = [_shape(field) for field in fields]
        if at:
            shown[at - 1] = self._number(fields[at - 1])
            shown[at : at + 3] = [
                field if _CODE.fullmatch(field) else _shape(field) for field in fields[at : at + 3]
            ]
        return "\t".join(shown)

    def _said(self, line: bytes) -> str:
        """An operation without who did it; a person as a number, with what is enrolled by its length."""
        word, blank, rest = text(line).strip("\0 ").partition(" ")
        fields = rest.split("\t")
        if word == "OPLOG":
            told = [field if _TIME.fullmatch(field) else _shape(field) for field in fields[1:]]
            return word + blank + "\t".join([_plain(fields[0]), *told]) + "\n"
        if not re.fullmatch(r"[A-Z]{2,12}", word):
            return _shape(text(line)) + "\n"
        return word + blank + "\t".join(map(self._field, fields)) + "\n"

    def _field(self, told: str) -> str:
        key, sign, value = told.partition("=")
        if not sign or not _KEY.fullmatch(key):
            return _shape(told)
        return f"{key}={self._of(key, value)}"

    def _of(self, key: str, value: str) -> str:
        if key.lower() == "pin":
            return self._number(value)
        if key.lower() in OF_PEOPLE:
            return _plain(value)
        return f"({len(value)})" if value else ""

    def _number(self, pin: str) -> str:
        if not names(pin):
            return _shape(pin)
        number = self._people.setdefault(pin, str(len(self._people) + 1))
        return number.zfill(len(pin))


class Tapes:
    """The tape that the Link carries now."""

    def __init__(self) -> None:
        self._taping: Taping | None = None

    def of(self, link: Link) -> Taping | None:
        """What puts on it; None where there is none."""
        tape = tape_of(link)
        if tape is None:
            self._taping = None
        elif self._taping is None or self._taping.tape is not tape:
            self._taping = Taping(tape)
        return self._taping


def _pairs(told: str) -> str:
    """`key=value` between commas, ampersands or line ends; values of what is about the device alone."""
    parts = re.split(r"([,&\r\n]+)", told)
    return "".join(part if number % 2 else _pair(part) for number, part in enumerate(parts))


def _pair(told: str) -> str:
    key, sign, value = told.partition("=")
    if not sign or not _KEY.fullmatch(key.strip()):
        return _shape(told)
    return f"{key}={_plain(value) if key.strip() in OF_ITSELF else _shape(value)}"


def _command(line: str) -> str:
    """A command of ours about a person, by its first words alone."""
    found = re.match(r"C:\w+:[A-Z_]+( [A-Z_]+)*(?= |$)", line)
    return found[0] + " …" if found else _shape(line)


def _plain(value: str) -> str:
    """A value that says how or how many; a long or odd one by its shape."""
    return value if len(value) <= VALUE_MAX and _WORDS.fullmatch(value) else _shape(value)[:VALUE_MAX]


def _shape(value: str) -> str:
    return re.sub(r"[^\W\d]", "x", re.sub(r"\d", "0", value))

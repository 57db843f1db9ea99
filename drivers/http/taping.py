"""Questions and answers over HTTP as they may be shown: what is known to be about the device, by its key.

Any other value keeps its length and the places of its digits, so that the answer can still be read. A body
that is neither JSON nor XML nor lines of `key=value` is withheld whole: it may be a picture. Of a login only
its kind stays.
"""

import json
import re
from typing import Any

from drivers.http.line import Answer
from drivers.tape import Entry, Tape, withheld

_DEVICE = "serialNumber model firmwareVersion firmwareReleasedDate deviceType sn type version"
_CLOCK = "timeMode localTime timeZone result"
_SEARCH = """searchID searchResultPosition maxResults startTime endTime beginSerialNo endSerialNo
    timeReverseOrder picEnable responseStatusStrg numOfMatches totalMatches found totalCount"""
_EVENT = """major minor time serialNo frontSerialNo cardType cardReaderNo doorNo userType currentVerifyMode
    attendanceStatus statusValue RecNo CreateTime Method Status ErrorCode AttendanceState Type Door
    ReaderID"""
_OTHER = """userNumber totalNum statusCode statusString subStatusCode errorCode lockStatus retryLoginTime
    unlockTime"""
KEPT = frozenset(" ".join((_DEVICE, _CLOCK, _SEARCH, _EVENT, _OTHER)).split())
"""Keys whose values are about the device, or say when and how, and never who."""
VALUE_MAX = 80
_KEY = re.compile(r"[A-Za-z][\w@.-]{0,40}", re.ASCII)
_LINE = re.compile(r"([\w.\[\]]{1,120})=([^\r\n]*)", re.ASCII)
_OPENED = re.compile(r"<([\w:.-]+)((?:\s+[\w:.-]+=\"[^\"]*\")*)\s*(/?)>([^<]*)")
_CHALLENGE = re.compile(r'(nonce|opaque)\s*=\s*"[^"]*"', re.IGNORECASE)


class Taping:
    """Puts what one conversation says on a tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def asked(self, method: str, uri: str, body: bytes | None, login: str) -> None:
        """A request; login: its `Authorization`."""
        kind = login.partition(" ")[0].lower()
        told = {"login": kind} if kind else {}
        self._tape.keep(">", {"method": method, "uri": uri, **told, **shown(body or b"")})

    def answered(self, answer: Answer) -> None:
        """What came."""
        told: Entry = {"status": answer.status}
        if answer.challenge:
            told["challenge"] = _CHALLENGE.sub(lambda found: f'{found[1]}="0"', answer.challenge)
        self._tape.keep("<", {**told, **shown(answer.body)})


def shown(body: bytes) -> Entry:
    """A body as it may be shown."""
    if not body:
        return {}
    try:
        text = body.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        return withheld(body, "unknown")
    masked = _masked(text.strip())
    return withheld(body, "unknown") if masked is None else {"body": masked}


def _masked(text: str) -> str | None:
    if text.startswith(("{", "[")):
        try:
            return json.dumps(_json("", json.loads(text)), ensure_ascii=False)
        except (ValueError, RecursionError):
            return None
    if text.startswith("<"):
        return _xml(text)
    lines = [_LINE.fullmatch(line) for line in text.splitlines()]
    if not all(lines):
        return None
    told = ((line[1], line[2]) for line in lines if line)
    return "".join(f"{key}={_value(key.rpartition('.')[2], value)}\r\n" for key, value in told)


def _json(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        if not all(map(_KEY.fullmatch, value)):
            raise ValueError("a key that says more than what stands there")
        return {name: _json(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_json(key, inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return _value(key, value)
    return value if key in KEPT else 0


def _xml(text: str) -> str | None:
    """Elements with the texts they may show; nothing but elements, so that nothing hides beside them."""
    text = re.sub(r"^<\?xml[^>]*\?>\s*", "", text)
    if "<!" in text or "<?" in text:
        return None

    def opened(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        attributes = "".join(re.findall(r'\s+(?:xmlns|version)="[\w:/.-]*"', found[2]))
        return f"<{found[1]}{attributes}{found[3]}>{_value(name, found[4])}"

    masked = _OPENED.sub(opened, text)
    rest = re.sub(r"(</[\w:.-]+>)[^<]*", r"\1", masked)
    left = re.sub(r"</?[\w:.-]+(?:\s+[\w:.-]+=\"[^\"]*\")*\s*/?>[^<]*", "", rest)
    return None if left.strip() else rest


def _value(key: str, text: str) -> str:
    if key in KEPT and len(text) <= VALUE_MAX:
        return text
    return re.sub(r"[^\W\d]", "x", re.sub(r"\d", "0", text))

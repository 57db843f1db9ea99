"""One question without a login, to see how a device with a web interface refuses it."""

import re
import threading
from collections.abc import Callable

from drivers.http.line import Answer, Line

BODY_MAX = 1 << 16
_REALM = re.compile(r'realm\s*=\s*"([^"]{0,200})"', re.IGNORECASE)


def unasked(host: str, port: int, path: str, before: Callable[[], None]) -> Answer:
    """What a device says to who does not log in; DeviceError where it says nothing."""
    before()
    address = f"[{host}]" if ":" in host else host
    line = Line(f"http://{address}:{port}", "", threading.Event(), BODY_MAX)
    try:
        return line.send("GET", path, None, {})
    finally:
        line.close()


def realm(answer: Answer) -> str:
    """The realm of a refusal; "" where there is none."""
    found = _REALM.search(answer.challenge) if answer.status == 401 else None
    return found[1] if found else ""

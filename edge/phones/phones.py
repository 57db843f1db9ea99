"""Who comes in by a code at a window: its mark is looked at, openings are counted, before the driver hears.

Whatever the address says wrong is answered by one plain page in both languages. The card of who is on duty is
not shown: everybody on the Wi-Fi may open this page.
"""

import secrets
import threading
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec

from drivers.base import Reply, Request
from drivers.kiosk.pages import phone_parts
from edge.clock.clock import WallClock
from edge.device.receiver import Receiver
from edge.documents.hall import Hall
from edge.evaluation.tags import in_force
from edge.phones.keys import Keys
from edge.phones.limits import PER_WINDOW, SENT_MAX, Kind, Limits
from edge.phones.marks import Opened, fits, opened_by, ticket
from edge.windows.shown import shown

BODY_MAX = 16 << 10
JSON = {"Content-Type": "application/json"}
PAGE = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
VOID = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>二维码无效</title></head><body><main><h1>二维码无效或已更换</h1>
<p>请扫描窗口现在张贴的二维码，或使用评价器、纸质意见表。</p>
<p lang="en">This code is not valid, or was replaced. Please scan the one at the window now, or use the
evaluator or a paper form.</p></main></body></html>
"""


class Phones:
    """Of one hall; any thread may call. name: of the hall."""

    def __init__(self, keys: Keys, hall: Hall, name: str, clock: WallClock) -> None:
        self.keys, self._hall, self._name, self._clock = keys, hall, name, clock
        self._one, self._limits = threading.Lock(), Limits()

    def serve(self, receiver: Receiver, request: Request) -> Reply:
        """The answer to a request at `/q/{window}/{mark}/…`."""
        window, mark, rest = phone_parts(request.path) or ("", "", "")
        key = self.keys.known()
        if key is None or window not in receiver.device.windows or not fits(key, window, mark):
            return Reply(404, VOID.encode(), PAGE)
        if len(request.body) > BODY_MAX:
            return _said(413, {"error": "too long"})
        if request.method == "POST" and rest == "open":
            return self._open(key, window, receiver, request)
        told = {}
        if request.method == "POST":
            opened = opened_by(key, window, _ticket(request.body), _wall(request))
            if opened is None or self._about(window)["page"] != "local":
                return _said(410, {"error": "over"})
            if not self._come("session", opened.session, SENT_MAX):
                return _said(429, {"error": "busy"})
            told = opened._asdict()
        return receiver.serve(replace(request, part="phone", query=told))

    def _open(self, key: bytes, window: str, receiver: Receiver, request: Request) -> Reply:
        """A page was opened: what it shows, and its ticket."""
        about = self._about(window)
        most = receiver.listener.options.per_address if receiver.listener else 0
        if not (self._come("address", request.peer, most) and self._come("window", window, PER_WINDOW)):
            return _said(429, {"error": "busy"})
        opened = Opened(secrets.token_hex(16), _wall(request).isoformat(timespec="seconds"))
        return _said(200, {**about, "ticket": ticket(key, window, opened)})

    def _come(self, kind: Kind, name: str, most: int) -> bool:
        with self._one:
            return self._limits.come(kind, name, most, monotonic())

    def _about(self, window: str) -> dict[str, Any]:
        held = self._hall.documents.held
        about = shown(self._name, window, None, held, in_force(held.profile))
        return {name: about[name] for name in ("hall", "page", "url", "tag_dict_version", "tags")}


def _wall(request: Request) -> datetime:
    return request.at.replace(tzinfo=None)


def _ticket(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Brings).ticket
    except (msgspec.MsgspecError, UnicodeError):
        return ""


class _Brings(msgspec.Struct):
    ticket: str


def _said(status: int, values: dict[str, Any]) -> Reply:
    return Reply(status, msgspec.json.encode(values), JSON)

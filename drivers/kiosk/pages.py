"""The files of the pages: served to anybody in the hall's LAN, under a name made of their content.

A tablet that starts while nobody answers takes them from its own cache; a new release has another version,
and the page loads it when nothing waits in its queue.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from drivers.base import Reply

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
JSON = {"Content-Type": "application/json"}
KEPT_S = 7 * 86_400
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": f"max-age={KEPT_S}",
}
PAGES = {"k": "kiosk.html", "w": "window.html", "q": "phone.html"}
PHONE = re.compile(r"/q/([A-Za-z0-9_-]{1,32})/([^/]{1,64})/(.*)")
PATH = re.compile(r"/([kw])/([A-Za-z0-9_-]{1,32})/(.*)")
FILE = re.compile(r"s/[0-9a-f]{12}/([a-z0-9]{1,20}\.(?:js|css))")


@cache
def files() -> dict[str, bytes]:
    """Name -> content."""
    return {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in TYPES}


@cache
def version() -> str:
    """Names the content of all files together."""
    whole = hashlib.sha256()
    for name, content in sorted(files().items()):
        whole.update(f"{name} {len(content)}\n".encode() + content)
    return whole.hexdigest()[:12]


def parts(path: str) -> tuple[str, str, str] | None:
    """`k` or `w`, the window, and the rest of a path of ours."""
    found = PATH.fullmatch(path)
    return (found[1], found[2], found[3]) if found else None


def phone_parts(path: str) -> tuple[str, str, str] | None:
    """The window, the mark beside it, and the rest of a path that a code at a window leads to."""
    found = PHONE.fullmatch(path)
    return (found[1], found[2], found[3]) if found else None


def page(kind: str, window: str, rest: str, known: str | None) -> Reply:
    """The answer to a GET; known: the version the browser has (If-None-Match)."""
    if rest == "":
        if known == (tag := f'"{version()}"'):
            return Reply(304, b"", {**HEADERS, "ETag": tag})
        text = files()[PAGES[kind]].decode().replace("{faces}", files()["faces.html"].decode())
        text = text.replace("{version}", version()).replace("{window}", window)
        return Reply(200, text.encode(), {**HEADERS, "Content-Type": TYPES[".html"], "ETag": tag})
    found = FILE.fullmatch(rest)
    if found is None or found[1] not in files():
        return Reply(404, b"not here")
    return Reply(200, files()[found[1]], {**HEADERS, "Content-Type": TYPES[Path(found[1]).suffix]})


def answer(status: int, values: Mapping[str, Any]) -> Reply:
    """What a page is told."""
    return Reply(status, json.dumps(values, ensure_ascii=False).encode(), JSON)

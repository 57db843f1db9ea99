"""What a Hikvision terminal pushes (httpHosts): an event in one of its envelopes, with a picture; heartbeats.

One sender; what nobody thanked for is sent again, the oldest first, as the terminals do.
"""

import http.client
import json
import threading
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.sax.saxutils import escape

Shape = Literal["multipart", "json", "wrapped", "xml", "multipart-xml"]
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 120 + b"\xff\xd9"
BOUNDARY = b"MIME_boundary"
AGAIN_S = 0.5


def envelope(shape: Shape, document: dict[str, Any]) -> tuple[str, bytes]:
    """Content type and body of one message."""
    plain = json.dumps(document, ensure_ascii=False).encode()
    xml = b'<?xml version="1.0" encoding="UTF-8"?>' + _xml("EventNotificationAlert", document)
    match shape:
        case "json":
            return "application/json", plain
        case "wrapped":
            return "application/json", json.dumps({"EventNotificationAlert": document}).encode()
        case "xml":
            return "application/xml", xml
    inner, kind = (xml, b"application/xml") if shape == "multipart-xml" else (plain, b"application/json")
    parts = (
        (b'name="event_log"', kind, inner),
        (b'name="Picture"; filename="Picture.jpg"', b"image/jpeg", PICTURE),
    )
    body = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n"
        % (BOUNDARY, name, kind, len(content), content)
        for name, kind, content in parts
    )
    return f"multipart/form-data; boundary={BOUNDARY.decode()}", body + b"--%s--\r\n" % BOUNDARY


def _xml(name: str, value: Any) -> bytes:
    if isinstance(value, dict):
        inner = b"".join(_xml(key, each) for key, each in value.items())
        return b"<%s>%s</%s>" % (name.encode(), inner, name.encode())
    return f"<{name}>{escape(str(value))}</{name}>".encode()


@dataclass(eq=False)
class Push:
    """Where to, and how. cut: bytes of each body that are never sent; source: where it calls from."""

    to: tuple[str, int]
    path: str = "/hikvision"
    shape: Shape = "multipart"
    cut: int = 0
    source: str = "127.0.0.1"
    answers: list[int] = field(default_factory=list)
    """Statuses so far; 0 = none."""

    def __post_init__(self) -> None:
        self._waiting: list[dict[str, Any]] = []
        self._news, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send what waits."""
        self._over.clear()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more; what waits is kept."""
        self._over.set()
        self._news.set()
        if self._thread:
            self._thread.join(5)

    def tell(self, host: str, time: str, kind: str, inner: dict[str, Any]) -> None:
        """Queue one message."""
        about = {"ipAddress": host, "portNo": 80, "protocol": "HTTP", "macAddress": "00:00:5e:00:53:01"}
        rest = {"dateTime": time, "activePostCount": 1, "eventType": kind, "eventState": "active"}
        self._waiting.append({**about, **rest, "eventDescription": kind, **inner})
        self._news.set()

    def _work(self) -> None:
        while not self._over.is_set():
            self._news.clear()
            while self._waiting and not self._over.is_set():
                status = self.send(*envelope(self.shape, self._waiting[0]))
                self.answers.append(status)
                if status != 200 and not self.cut:
                    self._over.wait(AGAIN_S)
                    continue
                del self._waiting[0]
            self._news.wait()

    def send(self, kind: str, body: bytes) -> int:
        """One request, over a connection of its own; the status, 0 when there is none."""
        line = http.client.HTTPConnection(*self.to, timeout=10, source_address=(self.source, 0))
        try:
            line.putrequest("POST", self.path)
            line.putheader("Content-Type", kind)
            line.putheader("Content-Length", str(len(body)))
            line.endheaders(body[: len(body) - self.cut])
            return 0 if self.cut else line.getresponse().status
        except OSError:
            return 0
        finally:
            line.close()

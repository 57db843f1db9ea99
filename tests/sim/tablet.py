"""A paired tablet or desk without a browser: pairs with a code, signs what it sends, knows who answered.

Written from the description of the protocol, not with the edge's own code.
"""

import hashlib
import hmac
import http.client
import json
import secrets
import time
from typing import NamedTuple


class Answer(NamedTuple):
    """What came back. vouched: signed by whoever holds the key."""

    status: int
    said: dict[str, object]
    vouched: bool


class NotPaired(Exception):
    """The code was not taken."""


def mac(key: bytes, *lines: str) -> str:
    """HMAC-SHA-256 over lines, hex."""
    return hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


class Tablet:
    """One page at `http://host:port{base}`; source: the address it calls from."""

    def __init__(self, port: int, base: str, serial: str, source: str = "127.0.0.1") -> None:
        self.port, self.base, self.serial, self.source = port, base, serial, source
        self.key, self.key_id = b"", ""
        self.era, self.ahead_ms = "0" * 16, 0.0

    def call(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """One exchange as it is; a request can be sent again, byte for byte, by calling this again."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(self.source, 0))
        try:
            line.request(method, path, body, headers)
            reply = line.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            line.close()

    def pair(self, code: str) -> str:
        """Pair; returns the part. NotPaired."""
        secret, nonce = code.replace("-", "").encode(), secrets.token_hex(16)
        offer = {"nonce": nonce, "proof": mac(secret, "hall-edge pair page", self.serial, nonce)}
        status, _, body = self.call("POST", f"{self.base}pair", json.dumps(offer).encode(), {})
        if status != 200:
            raise NotPaired(f"{status} {body!r}")
        told = json.loads(body)
        lines = ("hall-edge pair edge", self.serial, nonce, told["nonce"], told["key_id"])
        assert told["proof"] == mac(secret, *lines), "the edge does not know the code"
        self.key = bytes.fromhex(mac(secret, "hall-edge key", self.serial, nonce, told["nonce"]))
        self.key_id = told["key_id"]
        return str(told["part"])

    def signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """The headers of a request that is new."""
        now, nonce = (
            f"{self.era}.{max(0, round(time.monotonic() * 1000 + self.ahead_ms))}",
            secrets.token_hex(16),
        )
        head = "\n".join(("hall-edge request", method, path, now, nonce, "")).encode()
        sign = hmac.new(self.key, head + body, hashlib.sha256).hexdigest()
        return {"x-edge-key": self.key_id, "x-edge-time": now, "x-edge-nonce": nonce, "x-edge-sign": sign}

    def send(self, method: str, path: str, said: object = None) -> Answer:
        """Send under the key; where its time is not the daemon's, learn that and send once more."""
        path, body = self.base + path, b"" if said is None else json.dumps(said).encode()
        for _ in range(2):
            headers = self.signed(method, path, body)
            status, told, reply = self.call(method, path, body, headers)
            head = "\n".join(("hall-edge reply", headers["x-edge-nonce"], str(status), "")).encode()
            vouched = told.get("x-edge-sign") == hmac.new(self.key, head + reply, hashlib.sha256).hexdigest()
            answer = json.loads(reply) if told.get("content-type") == "application/json" else {}
            if vouched and "x-edge-time" in told:
                self.era, _, ms = told["x-edge-time"].partition(".")
                self.ahead_ms = int(ms) - time.monotonic() * 1000
            if answer.get("error") != "time":
                break
        return Answer(status, answer, vouched)

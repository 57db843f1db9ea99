"""HTTP digest authentication (RFC 7616, and RFC 2069 of old firmware). Pure."""

import re
from dataclasses import dataclass
from hashlib import md5, sha256
from typing import NamedTuple

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')
_SAFE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
"""What may be repeated inside quotes."""


class Login(NamedTuple):
    """A user name and its password."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a device asks for in `WWW-Authenticate`. stale: the password was right, the nonce too old."""

    realm: str
    nonce: str
    opaque: str = ""
    algorithm: str = "MD5"
    qop: bool = True
    stale: bool = False

    @classmethod
    def parse(cls, header: str) -> "Challenge | None":
        """The first digest challenge of a header, or None where there is none that we can answer."""
        found = re.search(r"(?:^|,)\s*digest\s+(.*)", header, re.IGNORECASE | re.DOTALL)
        told: dict[str, str] = {}
        for name, quoted, bare in _PAIR.findall(found[1] if found else ""):
            told.setdefault(name.lower(), quoted or bare)
        offers = [offer.strip().lower() for offer in told.get("qop", "auth").split(",")]
        algorithm = told.get("algorithm", "MD5")
        kept = (told.get("realm", ""), told.get("nonce", ""), told.get("opaque", ""), algorithm)
        if not told.get("nonce") or not all(map(_SAFE.fullmatch, kept)) or "auth" not in offers:
            return None
        if algorithm.upper().removesuffix("-SESS") not in ("MD5", "SHA-256"):
            return None
        return cls(*kept, qop="qop" in told, stale=told.get("stale", "").lower() == "true")

    def answer(self, login: Login, method: str, uri: str, count: int, cnonce: str) -> str:
        """The `Authorization` header of one request; `count`: how often this nonce was used, from 1."""
        digest, nc = self._digest, f"{count:08x}"
        secret = digest(f"{login.username}:{self.realm}:{login.password}")
        if self.algorithm.upper().endswith("-SESS"):
            secret = digest(f"{secret}:{self.nonce}:{cnonce}")
        middle = f"{self.nonce}:{nc}:{cnonce}:auth" if self.qop else self.nonce
        response = digest(f"{secret}:{middle}:{digest(f'{method}:{uri}')}")
        parts = [
            f'username="{login.username}", realm="{self.realm}", nonce="{self.nonce}", uri="{uri}"',
            f'response="{response}", algorithm={self.algorithm}',
        ]
        if self.qop:
            parts.append(f'qop=auth, nc={nc}, cnonce="{cnonce}"')
        if self.opaque:
            parts.append(f'opaque="{self.opaque}"')
        return "Digest " + ", ".join(parts)

    def _digest(self, text: str) -> str:
        if self.algorithm.upper().startswith("SHA-256"):
            return sha256(text.encode()).hexdigest()
        return md5(text.encode(), usedforsecurity=False).hexdigest()

"""How a device checks a login: HTTP digest (MD5 or SHA-256, with or without qop) or basic, by own code."""

import base64
import hashlib
import re
import secrets


class Login:
    """One user. `kind`: "digest" or "basic"; `qop` False: as old firmware (RFC 2069)."""

    def __init__(self, username: str, password: str, kind: str, algorithm: str, qop: bool) -> None:
        self._name, self._password = username, password
        self._kind, self._algorithm, self._qop = kind, algorithm, qop
        self.realm = "DS-SIM"
        self._nonces: dict[str, int] = {}

    def challenge(self, stale: bool = False) -> str:
        """A `WWW-Authenticate` with a nonce of its own."""
        if self._kind == "basic":
            return f'Basic realm="{self.realm}"'
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = 0
        qop = 'qop="auth", ' if self._qop else ""
        return (
            f'Digest {qop}realm="{self.realm}", nonce="{nonce}", algorithm={self._algorithm}, '
            f'opaque="", stale="{str(stale).upper()}"'
        )

    def forget(self) -> None:
        """Every nonce given so far ends."""
        self._nonces.clear()

    def right(self, header: str, method: str, uri: str, uses: int) -> bool:
        """Whether a request may pass; uses: how often one nonce may be used, 0 = for ever."""
        if self._kind == "basic":
            return header == "Basic " + base64.b64encode(f"{self._name}:{self._password}".encode()).decode()
        told = {key: value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|[^\s,]+)', header)}
        nonce = told.get("nonce", "")
        if nonce not in self._nonces or told.get("username") != self._name or told.get("uri") != uri:
            return False
        self._nonces[nonce] += 1
        if uses and self._nonces[nonce] > uses:
            del self._nonces[nonce]
            return False
        if self._qop and int(told.get("nc", "0"), 16) != self._nonces[nonce]:
            return False
        return told.get("response") == self._expected(told, method, uri)

    def _expected(self, told: dict[str, str], method: str, uri: str) -> str:
        def h(text: str) -> str:
            return hashlib.new("sha256" if "256" in self._algorithm else "md5", text.encode()).hexdigest()

        first, second = h(f"{self._name}:{self.realm}:{self._password}"), h(f"{method}:{uri}")
        if self._qop:
            between = f"{told['nonce']}:{told['nc']}:{told['cnonce']}:{told['qop']}"
            return h(f"{first}:{between}:{second}")
        return h(f"{first}:{told['nonce']}:{second}")

"""The keys that all devices with a web interface have, and the password they point to."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from drivers.base import DeviceRefused

PASSWORD_MAX = 1024


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """One device.

    host: its IP address; no name, since asking for one may block for long, and its answer may change.
    password_file: file that holds the password alone.
    port: 0 = the usual one. ca_file: with https: PEM of the CA, or of the device's own certificate.
    auth: "digest"; "basic" only for old firmware, since it shows the password to whoever listens.
    """

    host: str
    password_file: str
    username: str = "admin"
    port: int = 0
    https: bool = False
    ca_file: str = ""
    auth: str = "digest"
    poll_seconds: int = 5

    def __post_init__(self) -> None:
        """ValueError that names the key."""
        try:
            ip_address(self.host)
        except ValueError as error:
            raise ValueError(f"host: {self.host!r} 不是 IP 地址 / is no IP address") from error
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port: '{self.port}' 不在 / is not in 0-65535")
        if self.auth not in ("digest", "basic"):
            raise ValueError(f"auth: {self.auth!r} 只能是 / must be one of 'digest', 'basic'")
        if not 1 <= self.poll_seconds <= 3600:
            raise ValueError(f"poll_seconds: '{self.poll_seconds}' 不在 / is not in 1-3600")
        if self.https and not self.ca_file:
            raise ValueError("ca_file: https 需要 CA 证书文件 / https needs a CA file")
        if not self.password_file:
            raise ValueError("password_file: 不能为空 / must not be empty")
        if not self.username.isprintable() or not self.username or set(self.username) & set('":\\'):
            raise ValueError(f"username: {self.username!r} 不能用作用户名 / is no user name")

    @property
    def url(self) -> str:
        """Scheme, address and port; what is asked is appended."""
        address = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.https else ''}://{address}:{self.port or (443 if self.https else 80)}"

    def password(self) -> str:
        """The password; DeviceRefused, without a word of the content."""
        try:
            text = Path(self.password_file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise DeviceRefused("password_unreadable", f"{self.password_file}: {reason}") from None
        if not text or "\n" in text or len(text) > PASSWORD_MAX:
            raise DeviceRefused("password_unreadable", f"{self.password_file}: it does not hold one password")
        return text

"""The keys of a `driver = "tablet_ws"` table."""

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from drivers.base import DeviceRefused
from drivers.evaluation.vendor import VendorOptions
from drivers.tablet_ws.messages import Messages, messages

KEY_MAX = 1024


@dataclass(frozen=True, kw_only=True)
class WsTabletOptions(VendorOptions):
    """One tablet: it calls from `address`, to `path` of our port, and logs in as `login` with the key.

    key_file: holds the key alone. hears, says: messages that are not as published, by name; "" = there is no
    such message. timeout_s: how long an invitation waits; 0 = as the evaluation profile says.
    """

    address: str
    login: str
    key_file: str
    path: str = "/ws"
    serial: str = ""
    timeout_s: int = 0
    hears: dict[str, str] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """ValueError that begins with the name of what is wrong."""
        super().__post_init__()
        try:
            ip_address(self.address)
        except ValueError:
            raise ValueError(f"address: {self.address!r} 不是 IP 地址 / is no IP address") from None
        if not 0 < len(self.login) <= 64 or not self.login.isprintable():
            raise ValueError("login: 1-64 个可见字符 / 1-64 printable characters")
        if not self.key_file:
            raise ValueError("key_file: 不能为空 / must not be empty")
        if not self.path.startswith("/") or not self.path.isprintable() or "?" in self.path:
            raise ValueError("path: 以 / 开头，不含 ? / begins with /, without ?")
        if len(self.serial) > 64 or not self.serial.isprintable():
            raise ValueError("serial: 最多 64 个可见字符 / up to 64 printable characters")
        if self.timeout_s and not 3 <= self.timeout_s <= 600:
            raise ValueError("timeout_s: 0 或 3-600 秒 / 0 or 3-600 s")
        rating = self.messages.hears["rating"].needed
        if not {"id", "session"} & rating or (self.ids == "counter" and "at" not in rating):
            raise ValueError(
                "hears: rating: 需要 {id} 和 {at}（ids = unique 时可无 {at}） / needs {id} and {at} "
                "(no {at} where ids = unique)"
            )

    @cached_property
    def messages(self) -> Messages:
        """The map of messages."""
        return messages(self.hears, self.says)

    @property
    def tells_time(self) -> bool:
        """Whether its ratings bear a time of its own."""
        return "at" in self.messages.hears["rating"].names

    @property
    def own_serial(self) -> str:
        """What stands for a serial number."""
        return self.serial or f"tablet-{self.window}"

    def key(self) -> str:
        """The key; DeviceRefused, without a word of the content."""
        try:
            text = Path(self.key_file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise DeviceRefused("password_unreadable", f"{self.key_file}: {reason}") from None
        if not text or "\n" in text or len(text) > KEY_MAX:
            raise DeviceRefused("password_unreadable", f"{self.key_file}: it does not hold one key")
        return text

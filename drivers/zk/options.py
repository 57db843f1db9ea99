"""The keys of a `driver = "zk"` table, and the comm key they point to."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from drivers.base import DeviceRefused
from drivers.zk.records import LAYOUTS

KEY_MAX = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class ZkOptions:
    """One terminal.

    host: its IP address; no name, since asking for one may block for long.
    comm_key_file: file that holds the comm key, a number; "" = the terminal has none.
    encoding: of its texts, where they are no UTF-8.
    poll_seconds: how often the record counter is looked at.
    layout: pins the record layout by hand; None = found out and kept.
    """

    host: str
    port: int = 4370
    comm_key_file: str = ""
    transport: str = "tcp"
    encoding: str = "gb18030"
    poll_seconds: int = 30
    layout: int | str | None = None

    def __post_init__(self) -> None:
        """ValueError that names the key."""
        try:
            ip_address(self.host)
        except ValueError as error:
            raise ValueError(f"host: {self.host!r} 不是 IP 地址 / is no IP address") from error
        if not 1 <= self.port <= 65535:
            raise ValueError(f"port: '{self.port}' 不在 / is not in 1-65535")
        if self.transport not in ("tcp", "udp"):
            raise ValueError(f"transport: {self.transport!r} 只能是 / must be one of 'tcp', 'udp'")
        if not 1 <= self.poll_seconds <= 3600:
            raise ValueError(f"poll_seconds: '{self.poll_seconds}' 不在 / is not in 1-3600")
        if self.layout is not None and str(self.layout) not in LAYOUTS:
            raise ValueError(f"layout: '{self.layout}' 只能是 / must be one of {', '.join(LAYOUTS)}")
        try:
            "".encode(self.encoding)
        except (LookupError, ValueError) as error:  # `rot13` and the like are no encodings of texts
            raise ValueError(f"encoding: {self.encoding!r} 没有这种编码 / is unknown") from error

    @property
    def layout_by_hand(self) -> str | None:
        """The name of the pinned layout."""
        return None if self.layout is None else str(self.layout)

    def comm_key(self) -> int:
        """The comm key, 0 when there is none; DeviceRefused, without a word of the content."""
        if not self.comm_key_file:
            return 0
        try:
            key = int(Path(self.comm_key_file).read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it does not hold one number"
            raise DeviceRefused("comm_key_unreadable", f"{self.comm_key_file}: {reason}") from None
        if not 0 <= key <= KEY_MAX:
            raise DeviceRefused("comm_key_unreadable", f"{self.comm_key_file}: the number is out of range")
        return key

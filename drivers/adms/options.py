"""The keys of a `driver = "adms"` table."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

SERIAL = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class AdmsOptions:
    """One terminal.

    serial: its serial number, as it stands on the label and in its menu; it is known by nothing else.
    address: the IP address it calls from; "" = the first it calls from, which is then kept.
    poll_seconds: how often it is told to call.
    encoding: of the names on it; "" = by the language it tells.
    """

    serial: str
    address: str = ""
    poll_seconds: int = 10
    encoding: str = ""

    def __post_init__(self) -> None:
        """ValueError that names the key."""
        if not SERIAL.fullmatch(self.serial):
            raise ValueError(f"serial: {self.serial!r} 只能是 / must be 1-40 of A-Z a-z 0-9 _ -")
        if self.address:
            try:
                ip_address(self.address)
            except ValueError as error:
                raise ValueError(f"address: {self.address!r} 不是 IP 地址 / is no IP address") from error
        if not 2 <= self.poll_seconds <= 60:
            raise ValueError(f"poll_seconds: '{self.poll_seconds}' 不在 / is not in 2-60")
        try:
            "".encode(self.encoding or "utf-8")
        except (LookupError, ValueError) as error:  # `rot13` and the like are no encodings of texts
            raise ValueError(f"encoding: {self.encoding!r} 没有这种编码 / is unknown") from error

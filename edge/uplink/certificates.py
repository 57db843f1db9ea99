"""When the certificates of the uplink end: the broker's, our own, the authority's.

Dates are read from the certificate itself (DER, RFC 5280 §4.1.2.5): the standard library shows those of a
verified peer only.
"""

import logging
import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

LOG = logging.getLogger(__name__)

STAGES = (7, 14, 30)
"""Days left at which it is told anew."""
_VALIDITY = re.compile(rb"\x30[\x1e\x20\x22](?:\x17\x0d|\x18\x0f)\d{12,14}Z(?:\x17\x0d|\x18\x0f)(\d{12,14})Z")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\s", re.DOTALL)


def end_of(certificate: bytes) -> datetime | None:
    """The last moment of a certificate in DER, or None where it shows none."""
    found = _VALIDITY.search(certificate)
    if found is None:
        return None
    text = found[1].decode()
    if len(text) == len("YYMMDDhhmmss"):
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    return datetime.strptime(f"{text}+0000", "%Y%m%d%H%M%S%z").astimezone(UTC)


def end_of_file(path: str) -> datetime | None:
    """The end of the one certificate a PEM file holds; None for none, several, or no such file."""
    try:
        found = _PEM.findall(Path(path).read_text(encoding="ascii") + "\n") if path else []
    except (OSError, ValueError):
        return None
    return end_of(ssl.PEM_cert_to_DER_cert(found[0].strip())) if len(found) == 1 else None


def soonest(ends: dict[str, datetime | None], now: datetime) -> str:
    """Which certificate ends within the last of STAGES, and in how many days; "" when none does."""
    known = [(end, name) for name, end in ends.items() if end is not None]
    if not known:
        return ""
    end, name = min(known)
    left = (end - now).days
    return f"{name}: {left} d ({end:%Y-%m-%d})" if left <= STAGES[-1] else ""


def stage_of(ends: dict[str, datetime | None], now: datetime) -> int:
    """Which of STAGES the first certificate to end has come to; 0 while none is near."""
    left = min(((end - now).days for end in ends.values() if end is not None), default=STAGES[-1] + 1)
    return next((stage for stage in STAGES if left <= stage), 0)


class Certificates:
    """Those of one connection after the other. renewed: a file was replaced, and not yet used."""

    def __init__(self) -> None:
        self._ends: dict[str, datetime | None] = {}
        self._stage = 0
        self.renewed = False

    def begin(self, ends: dict[str, datetime | None]) -> None:
        """A connection stands, with certificates that end then."""
        self._ends, self.renewed = ends, False

    def look(self, ends: dict[str, datetime | None], now: datetime) -> str:
        """What ends soon, or ""; the log is told at each of STAGES."""
        self.renewed = self.renewed or ends != self._ends
        ending, stage = soonest(ends, now), stage_of(ends, now)
        if stage != self._stage:
            self._stage = stage
            LOG.log(logging.WARNING if stage else logging.INFO, "certificates: %s", ending or "well")
        return ending

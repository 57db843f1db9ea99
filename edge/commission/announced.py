"""What devices announce of themselves by mDNS; needs the extra `discover` (zeroconf), loaded here alone."""

import threading
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zeroconf import Zeroconf

TYPES = ("_http._tcp.local.", "_psia._tcp.local.", "_CGI._tcp.local.", "_rtsp._tcp.local.")
"""What door terminals and cameras are known to announce."""
LISTEN_S = 4.0
NAMES_MAX = 500


class NoZeroconf(Exception):
    """The extra is not installed."""


class Ear:
    """Listens in the background from `__init__` on, until `close`.

    interfaces: addresses of ours to listen at; empty = all.
    """

    def __init__(self, interfaces: Sequence[str] = ()) -> None:
        try:
            from zeroconf import InterfaceChoice, ServiceBrowser, Zeroconf
        except ImportError:
            raise NoZeroconf from None
        self._began = monotonic()
        self._lock = threading.Lock()
        self._heard: dict[tuple[str, str], None] = {}
        self._zeroconf = Zeroconf(interfaces=list(interfaces) or InterfaceChoice.All)
        self._browser = ServiceBrowser(self._zeroconf, list(TYPES), listener=self)  # type: ignore[arg-type]  # it has the methods

    def add_service(self, _zeroconf: "Zeroconf", kind: str, name: str) -> None:
        """Called by zeroconf for each announcement."""
        with self._lock:
            if len(self._heard) < NAMES_MAX:
                self._heard[kind, name] = None

    update_service = add_service

    def remove_service(self, _zeroconf: "Zeroconf", _kind: str, _name: str) -> None:
        """Called by zeroconf; whoever was there a moment ago is asked all the same."""

    def names(self) -> dict[str, str]:
        """IP address -> what stands there by its own words. Waits until `LISTEN_S` have passed."""
        threading.Event().wait(max(0.0, LISTEN_S - (monotonic() - self._began)))
        found: dict[str, str] = {}
        with self._lock:
            heard = list(self._heard)
        for kind, name in heard:
            info = self._zeroconf.get_service_info(kind, name, timeout=500)
            for address in info.parsed_addresses() if info else ():
                found.setdefault(address, name.removesuffix(f".{kind}"))
        return found

    def close(self) -> None:
        """Let the network go."""
        self._zeroconf.close()

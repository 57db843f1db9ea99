"""Recognises a ZK terminal: CONNECT, who it is if no key is asked for, EXIT; over TCP, else over UDP."""

from collections.abc import Callable
from time import monotonic

from drivers.base import DeviceOffline, DeviceRefused
from drivers.sighting import Seen
from drivers.zk.frames import Cmd
from drivers.zk.wire import Stopped, Wire

PORT = 4370
PATIENCE_S = 1.5
"""For a connection and CONNECT; each question after it has as long again."""
_TELLING = ("encrypted_firmware", "no_serial")


class _Patience:
    """Ends a wait."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """From now on, as long again."""
        self._ends = monotonic() + PATIENCE_S

    def over(self) -> bool:
        """Whether it has waited long enough."""
        return monotonic() > self._ends


def sighted(host: str, port: int, before: Callable[[], None]) -> Seen | None:
    """See `drivers.sighting.Sighting`."""
    for transport in ("tcp", "udp"):
        before()
        try:
            return _asked(host, port, transport)
        except (DeviceOffline, Stopped):
            continue
        except DeviceRefused as refused:
            if refused.cause in _TELLING:
                return Seen(cause=refused.cause)
            return None
    raise DeviceOffline("no_answer")


def _asked(host: str, port: int, transport: str) -> Seen:
    from drivers.zk.commands import Commands  # pyzk is loaded only where a terminal answers

    patience = _Patience()
    options = {} if transport == "tcp" else {"transport": transport}
    wire = Wire(host, port, transport, patience.over)
    try:
        if wire.open() == Cmd.UNAUTHORIZED:
            return Seen(options=options)
        patience.renew()
        who = Commands(wire, "gb18030").identity()
        return Seen(who.serial, who.model, locked=False, options=options)
    finally:
        patience.renew()
        wire.close()

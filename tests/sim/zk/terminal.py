"""A ZKTeco terminal on the wire: the device's memory plus a port that speaks for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from tests.sim.zk.device import Device
from tests.sim.zk.layouts import Punch
from tests.sim.zk.line import Line
from tests.sim.zk.tcp import TcpPort
from tests.sim.zk.udp import UdpPort


@dataclass(kw_only=True, eq=False, repr=False)
class Terminal(Device):
    """One simulated terminal; listens between `start` and `stop`, or inside a `with` block.

    port: 0 takes a free one; after `start` the real one, kept over a later `start`.
    transport: "tcp" or "udp"; pacing: "paced", "coalesced" or "bytes"; clients: how many at a time.
    """

    transport: str = "tcp"
    host: str = "127.0.0.1"
    port: int = 0
    pacing: str = "paced"
    clients: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._port: Line | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Switch on: listen. No effect when it is on."""
        if self._port is None:
            kind = {"tcp": TcpPort, "udp": UdpPort}[self.transport]
            port = kind(self, self.host, self.port, self.pacing, self.clients)
            self._port, self.port = port, port.number

    def stop(self) -> None:
        """Switch off: no thread and no socket stays; the memory does. No effect when it is off."""
        if self._port is not None:
            port, self._port = self._port, None
            port.close()
            self.boot()

    def reboot(self) -> None:
        """Drop every connection; session ids start elsewhere, the memory stays."""
        self.boot()
        if self._port is not None:
            self._port.drop()

    def punch(
        self,
        user_id: str,
        *,
        at: datetime | None = None,
        state: int = 0,
        verify: int = 1,
        uid: int = 0,
        workcode: int = 0,
        live: bool = True,
    ) -> Punch:
        """A person punches at `at` (terminal wall clock, default: its own clock now), and clients hear of it.

        Returns the punch, which a disabled or full terminal does not record: `emitted` tells.
        """
        punch = Punch(user_id, at or self.clock(), state, verify, uid, workcode)
        if self.record(punch) and live:
            self.announce([punch])
        return punch

    def burst(self, punches: Iterable[Punch]) -> None:
        """Punches whose live events leave in one write, so in one TCP segment."""
        self.announce([punch for punch in punches if self.record(punch)])

    def announce(self, punches: list[Punch]) -> None:
        """Send live events without recording anything."""
        if self._port is not None:
            self._port.announce(self.live_bodies(punches))

    @property
    def bytes_in(self) -> int:
        """Bytes received so far."""
        return self.wire["in"]

    @property
    def bytes_out(self) -> int:
        """Bytes sent so far."""
        return self.wire["out"]

    @property
    def connections(self) -> int:
        """TCP connections accepted (UDP: peers that connected) so far."""
        return self.wire["connections"]

"""What both transports of a terminal share: requests into replies, and faults that strike in mid-dataset."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence

from tests.sim.zk import wire
from tests.sim.zk.device import Device
from tests.sim.zk.faults import cut_at
from tests.sim.zk.session import Session
from tests.sim.zk.wire import Cmd, Packet

REST_S = 0.002
"""Pause between two paced writes: one millisecond is too short for public clients on a busy machine."""


class HungUp(OSError):
    """The terminal itself ends the connection."""


class Line(ABC):
    """A port that speaks for a device, from its construction until `close`."""

    number = 0
    """The port number."""

    @abstractmethod
    def announce(self, bodies: list[bytes]) -> None:
        """Send live events to every client that registered for them."""

    @abstractmethod
    def drop(self) -> None:
        """Hang up on everybody."""

    @abstractmethod
    def close(self) -> None:
        """Hang up, close the socket and wait for the threads."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.stopping = threading.Event()

    def reply(self, session: Session, datagram: bytes) -> list[Packet]:
        """The packets that answer a datagram, after the delay the faults ask for."""
        request, right = wire.decode(datagram)
        self.device.bad_requests += not right
        packets = self.device.faults.tell(request, session.answer(request))
        if packets and self.device.faults.slow_s:
            self.stopping.wait(self.device.faults.slow_s)
        return packets

    def encode(self, packets: Sequence[Packet]) -> list[bytes]:
        """Packets as datagrams."""
        return [wire.encode(packet, corrupt=self.device.faults.spoil()) for packet in packets]

    def cut(self, session: Session, packets: Sequence[Packet], overhead: int) -> int | None:
        """Where in the reply's bytes a fault strikes, if in this reply."""
        limit = self.device.faults.data_limit()
        before = session.sent
        session.sent += sum(len(packet.data) for packet in packets if packet.command == Cmd.DATA)
        return None if limit is None else cut_at(packets, limit - before, overhead)

    def strike(self) -> None:
        """Hang up (raises `HungUp`, once), or hang until the fault is cleared."""
        faults = self.device.faults
        if faults.close_after_bytes is not None and faults.close_after_bytes == faults.data_limit():
            faults.close_after_bytes = None
            raise HungUp
        while faults.hang_after_bytes is not None and not self.stopping.wait(0.02):
            pass

"""UDP: one socket, one thread; a peer is known by its address from CONNECT to EXIT.

All pacings but "coalesced" rest two milliseconds between the datagrams of a reply.
"""

import socket
import threading
import time
from collections.abc import Callable

from tests.sim.zk import wire
from tests.sim.zk.device import Device
from tests.sim.zk.faults import strikes
from tests.sim.zk.line import REST_S, HungUp, Line
from tests.sim.zk.session import Session
from tests.sim.zk.wire import Cmd

PAYLOAD_MAX = 1024


class UdpPort(Line):
    """The UDP socket; a peer is known by its address from CONNECT to EXIT."""

    def __init__(self, device: Device, host: str, port: int, pacing: str, clients: int) -> None:
        super().__init__(device)
        self._rest_s = 0.0 if pacing == "coalesced" else REST_S
        self._most = clients
        self._sessions: dict[tuple[str, int], Session] = {}
        self._lock = threading.Lock()
        self._sent = 0
        self._held: Callable[[], object] | None = None
        self._hung = False
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((host, port))
        self.number = int(self._sock.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, name="zk-sim-udp", daemon=True)
        self._thread.start()

    def announce(self, bodies: list[bytes]) -> None:
        if self._hung or self.device.faults.silent:
            return
        for peer, session in list(self._sessions.items()):
            faults = self.device.faults
            events = self.encode(faults.tell(None, session.events(bodies)))
            for datagram in faults.spoil_wire(events):
                self._send(datagram, peer)

    def drop(self) -> None:
        self._sessions.clear()

    def close(self) -> None:
        self.stopping.set()
        self._sock.sendto(b"", self._sock.getsockname())  # wakes the thread
        self._thread.join()
        self._sock.close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            datagram, peer = self._sock.recvfrom(65_536)
            self.device.count("in", len(datagram))
            if not datagram or self.device.faults.silent:
                continue
            if self.device.faults.foreign is not None:
                self._send(self.device.faults.foreign, peer)
                continue
            try:
                self._handle(datagram, peer)
            except wire.NotZk:
                continue
            except HungUp:
                self._sessions.pop(peer, None)

    def _handle(self, datagram: bytes, peer: tuple[str, int]) -> None:
        session = self._session(datagram, peer)
        packets = self.reply(session, datagram)
        cut = self.cut(session, packets, wire.HEADER.size)
        for place, coded in enumerate(self.device.faults.spoil_wire(self.encode(packets))):
            if cut is not None and len(coded) > cut:
                cut = None
                self._hang()
            cut = None if cut is None else cut - len(coded)
            if place:
                time.sleep(self._rest_s)
            self._send(coded, peer)
        if session.reboot:
            self.device.boot()
            self.drop()
        elif session.over:
            self._sessions.pop(peer, None)

    def _hang(self) -> None:
        self._hung = True
        try:
            self.strike()
        finally:
            self._hung = False

    def _session(self, datagram: bytes, peer: tuple[str, int]) -> Session:
        known = self._sessions.get(peer)
        if known is not None:
            return known
        session = Session(self.device, min(self.device.packet, PAYLOAD_MAX))
        if wire.decode(datagram)[0].command == Cmd.CONNECT:
            self.device.count("connections")
            while len(self._sessions) >= self._most:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[peer] = session
        return session

    def _send(self, datagram: bytes, peer: tuple[str, int]) -> None:
        with self._lock:
            faults, number = self.device.faults, self._sent
            self._sent += 1
            if strikes(faults.udp_lose, number):
                return
            if strikes(faults.udp_reorder, number) and self._held is None:
                self._held = lambda: self._sock.sendto(datagram, peer)
                return
            for _ in range(2 if strikes(faults.udp_duplicate, number) else 1):
                self._sock.sendto(datagram, peer)
                self.device.count("out", len(datagram))
            if self._held is not None:
                self._held()
                self._held = None

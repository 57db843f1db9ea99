"""The sockets of a terminal: one thread per TCP connection, one thread for UDP. All of them end in `close`.

A TCP client beyond the allowed number stays in the backlog, connected and unanswered, as on real terminals.
Pacing: "paced" writes at most 1024 bytes and rests a millisecond, "coalesced" joins a reply into one write,
"bytes" sends one byte per segment. Over UDP all but "coalesced" rest a millisecond between datagrams.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from tests.sim.zk import wire
from tests.sim.zk.device import Device
from tests.sim.zk.faults import cut_at, strikes
from tests.sim.zk.session import Session
from tests.sim.zk.wire import Cmd, Packet

STEP = {"paced": 1024, "bytes": 1, "coalesced": 1 << 30}
"""Most bytes of one write, by pacing."""
REST_S = 0.001
STUCK_S = 30.0
"""A client that takes no byte for so long is dropped."""
UDP_PAYLOAD_MAX = 1024


class Port(Protocol):
    """What a terminal needs of its transport."""

    number: int

    def announce(self, bodies: list[bytes]) -> None:
        """Send live events to every client that registered for them."""

    def drop(self) -> None:
        """Hang up on everybody."""

    def close(self) -> None:
        """Hang up, close the socket and wait for the threads."""


class _HungUp(OSError):
    """The terminal itself ends the connection."""


class _Line:
    """What TCP and UDP share: requests into replies, and the faults that strike in mid-dataset."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.stopping = threading.Event()

    def reply(self, session: Session, datagram: bytes) -> list[Packet]:
        """The packets that answer a datagram, after the delay the faults ask for."""
        request, right = wire.decode(datagram)
        self.device.bad_requests += not right
        packets = session.answer(request)
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
        """Hang up (raises `_HungUp`, once), or hang until the fault is cleared."""
        faults = self.device.faults
        if faults.close_after_bytes is not None and faults.close_after_bytes == faults.data_limit():
            faults.close_after_bytes = None
            raise _HungUp
        while faults.hang_after_bytes is not None and not self.stopping.wait(0.02):
            pass


class _Client:
    """One TCP connection."""

    def __init__(self, line: _Line, sock: socket.socket, pacing: str) -> None:
        self._line = line
        self._sock = sock
        self._step = STEP[pacing]
        self._session = Session(line.device, line.device.packet)
        self._writing = threading.Lock()
        self._hung = False
        sock.settimeout(STUCK_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def converse(self) -> bool:
        """Answer until either side ends; True when the client asked for a restart."""
        with self._sock:
            try:
                self._serve()
            except (OSError, wire.NotZk):
                pass  # the line broke or carries another protocol: over either way
        return self._session.reboot

    def hang_up(self) -> None:
        """End the connection from any thread."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # already gone

    def announce(self, bodies: list[bytes]) -> None:
        """Send live events in one write, if this client wants them and the terminal is able to."""
        events = self._session.events(bodies)
        if not events or self._hung or self._line.device.faults.silent:
            return
        try:
            self._write([b"".join(map(wire.frame, self._line.encode(events)))])
        except OSError:
            return  # its own thread notices too

    def _serve(self) -> None:
        buffer = bytearray()
        faults = self._line.device.faults
        while not self._session.over:
            data = self._receive()
            if not data:
                return
            if faults.silent:
                continue
            if faults.foreign is not None:
                self._write([faults.foreign])
                continue
            buffer += data
            for datagram in wire.take(buffer):
                self._send(self._line.reply(self._session, datagram))

    def _receive(self) -> bytes:
        while True:
            try:
                data = self._sock.recv(65_536)
            except TimeoutError:
                continue
            self._line.device.count("in", len(data))
            return data

    def _send(self, packets: list[Packet]) -> None:
        frames = [wire.frame(datagram) for datagram in self._line.encode(packets)]
        cut = self._line.cut(self._session, packets, wire.TCP_OVERHEAD)
        if cut is None:
            self._write(frames)
            return
        joined = b"".join(frames)
        self._write([joined[:cut]])
        self._hung = True
        self._line.strike()
        self._hung = False
        self._write([joined[cut:]])

    def _write(self, frames: list[bytes]) -> None:
        if self._step == STEP["coalesced"]:
            frames = [b"".join(frames)]
        for place, frame in enumerate(frames):
            with self._writing:
                for start in range(0, len(frame), self._step):
                    if self._step == STEP["paced"] and (place or start):
                        time.sleep(REST_S)
                    self._sock.sendall(frame[start : start + self._step])
            self._line.device.count("out", len(frame))


class TcpPort(_Line):
    """The listening socket and its connections."""

    def __init__(self, device: Device, host: str, port: int, pacing: str, clients: int) -> None:
        super().__init__(device)
        self._pacing = pacing
        self._slots = threading.Semaphore(clients)
        self._lock = threading.Lock()
        self._clients: dict[threading.Thread, _Client] = {}
        self._listener = socket.create_server((host, port), backlog=16)
        self.number = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, name="zk-sim-accept", daemon=True)
        self._thread.start()

    def announce(self, bodies: list[bytes]) -> None:
        for client in self._present():
            client.announce(bodies)

    def drop(self) -> None:
        for client in self._present():
            client.hang_up()

    def close(self) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._slots.release()
        self._thread.join()
        self._listener.close()
        self.drop()
        with self._lock:
            threads = list(self._clients)
        for thread in threads:
            thread.join()

    def _present(self) -> list[_Client]:
        with self._lock:
            return list(self._clients.values())

    def _accept(self) -> None:
        while True:
            self._slots.acquire()
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # closed
            self.device.count("connections")
            client = _Client(self, sock, self._pacing)
            thread = threading.Thread(target=self._converse, args=(client,), name="zk-sim", daemon=True)
            with self._lock:
                self._clients[thread] = client
            thread.start()

    def _converse(self, client: _Client) -> None:
        try:
            if client.converse():
                self.device.boot()
                self.drop()
        finally:
            with self._lock:
                del self._clients[threading.current_thread()]
            self._slots.release()


class UdpPort(_Line):
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
            for datagram in self.encode(session.events(bodies)):
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
            except _HungUp:
                self._sessions.pop(peer, None)

    def _handle(self, datagram: bytes, peer: tuple[str, int]) -> None:
        session = self._session(datagram, peer)
        packets = self.reply(session, datagram)
        cut = self.cut(session, packets, wire.HEADER.size)
        for place, coded in enumerate(self.encode(packets)):
            if cut is not None and len(coded) > cut:
                self._hung, cut = True, None
                self.strike()
                self._hung = False
            cut = None if cut is None else cut - len(coded)
            if place:
                time.sleep(self._rest_s)
            self._send(coded, peer)
        if session.reboot:
            self.device.boot()
            self.drop()
        elif session.over:
            self._sessions.pop(peer, None)

    def _session(self, datagram: bytes, peer: tuple[str, int]) -> Session:
        known = self._sessions.get(peer)
        if known is not None:
            return known
        session = Session(self.device, min(self.device.packet, UDP_PAYLOAD_MAX))
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

"""TCP: a listening socket and one thread per connection; all of them end in `close`.

A client beyond the allowed number stays in the backlog, connected and unanswered, as on real terminals.
"paced" writes at most one segment of 1460 bytes, never two data packets at once, and rests two
milliseconds between any two writes: public clients ask all chunks in advance and throw away what comes
with the end of one. The OK that ends a stream rides with its last data, or they take it for their next
answer. "coalesced" joins a reply into one write, "bytes" sends one byte per segment.
"""

import socket
import threading
import time
from contextlib import suppress

from tests.sim.zk import wire
from tests.sim.zk.device import Device
from tests.sim.zk.line import REST_S, Line
from tests.sim.zk.session import Session
from tests.sim.zk.wire import Packet

STEP = {"paced": 1460, "bytes": 1, "coalesced": 1 << 30}
"""Most bytes of one write, by pacing."""
STUCK_S = 30.0
"""A client that takes no byte for so long is dropped."""


class _Client:
    """One TCP connection."""

    def __init__(self, line: Line, sock: socket.socket, pacing: str) -> None:
        self._line = line
        self._sock = sock
        self._step = STEP[pacing]
        self._session = Session(line.device, line.device.packet)
        self._writing = threading.RLock()
        self._hung = False
        self._wrote_at = 0.0
        sock.settimeout(STUCK_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def converse(self) -> bool:
        """Answer until either side ends; True when the client asked for a restart."""
        # a broken line and another protocol both end it
        with self._sock, suppress(OSError, wire.NotZk):
            self._serve()
        return self._session.reboot

    def hang_up(self) -> None:
        """End the connection from any thread."""
        with suppress(OSError):  # already gone
            self._sock.shutdown(socket.SHUT_RDWR)

    def announce(self, bodies: list[bytes]) -> None:
        """Send live events in one write, if this client wants them and the terminal is able to."""
        faults = self._line.device.faults
        events = faults.tell(None, self._session.events(bodies))
        with self._writing, suppress(OSError):  # its own thread notices too
            if events and not self._hung and not faults.silent:
                frames = faults.spoil_wire([*map(wire.frame, self._line.encode(events))])
                self._write([b"".join(frames)])

    def _serve(self) -> None:
        buffer = bytearray()
        while not self._session.over:
            data = self._receive()
            faults = self._line.device.faults
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
        told = [wire.frame(datagram) for datagram in self._line.encode(packets)]
        frames = self._line.device.faults.spoil_wire(told)
        cut = self._line.cut(self._session, packets, wire.TCP_OVERHEAD)
        if cut is not None:
            self._send_cut(b"".join(frames), cut)
            return
        if len(frames) > 2:
            frames[-2:] = [b"".join(frames[-2:])]
        self._write(frames)

    def _send_cut(self, reply: bytes, cut: int) -> None:
        with self._writing:  # no live event may fall into the cut packet
            self._write([reply[:cut]])
            self._hung = True
        self._line.strike()
        with self._writing:
            self._hung = False
            self._write([reply[cut:]])

    def _write(self, frames: list[bytes]) -> None:
        if self._step == STEP["coalesced"]:
            frames = [b"".join(frames)]
        for frame in frames:
            with self._writing:
                for start in range(0, len(frame), self._step):
                    if self._step == STEP["paced"]:
                        time.sleep(max(0.0, self._wrote_at + REST_S - time.monotonic()))
                    self._sock.sendall(frame[start : start + self._step])
                    self._wrote_at = time.monotonic()
            self._line.device.count("out", len(frame))


class TcpPort(Line):
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

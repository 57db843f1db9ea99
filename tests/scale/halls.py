"""Many halls in one process that follow the contract, by raw sockets: `python -m tests.scale.halls --help`.

Each sends its log in gzip batches inside a window, and keeps a batch until a receipt covers it whose head is
its own chain; it sends again what is wanted, what waited twice as long as receipts take of late, and
everything unconfirmed after a reconnect. Ends when all is confirmed, with one JSON line.
"""

import argparse
import contextlib
import json
import random
import selectors
import time
from collections.abc import Iterator

import msgspec

from edge.contract import Receipt, State, topic
from tests.scale import wire
from tests.scale.sealed import COUNTY, START, Sealed
from tests.scale.wire import Line

RESEND_S = (10.0, 3600.0)
RECONNECT_S = (0.5, 30.0)
PING_S = 20.0
TURN_S = 0.25
WANTED_AGAIN_S = 2.0
BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE


class Hall:
    """One hall: its log, its connection, what is in flight, what is confirmed."""

    def __init__(self, number: int, args: argparse.Namespace) -> None:
        self.name = f"h{number}"
        self._args, self._number = args, number
        self.log = Sealed(self.name, args.events, args.batch)
        self.line: Line | None = None
        self._ready = False
        self._packet = self._attempts = self._n = self.upto = 0
        self._flying: dict[int, float] = {}
        self._first_sent: dict[int, float] = {}
        self._connect_at = self._ping_at = 0.0
        self._patience, self._wait = RESEND_S[0], RECONNECT_S[0]
        self.resent = self.reconnects = self.misfits = 0

    @property
    def done(self) -> bool:
        return self.upto == self.log.size

    def connect(self, now: float) -> None:
        host, port = self._args.brokers[(self._number + self._attempts) % len(self._args.brokers)]
        self._attempts += 1
        user = f"{COUNTY}/{self.name}"
        self.line, self._ready, self._ping_at = Line(host, port), False, now + PING_S
        self.line.send(wire.connect(user, self._args.password, self._topic("state"), self._state("lost")))

    def lost(self, now: float) -> None:
        if self.line:
            self.line.close()
        self.line, self._connect_at = None, now + self._wait * random.uniform(0.5, 1.5)
        self._wait = min(2 * self._wait, RECONNECT_S[1])
        self.reconnects += 1

    def turn(self, now: float) -> None:
        """What time brings."""
        if self.line is None:
            if now >= self._connect_at and not self.done:
                self.connect(now)
            return
        if now >= self._ping_at:
            self._ping_at = now + PING_S
            self.line.send(wire.PING if self._ready else b"")
        late = [last for last, sent in self._flying.items() if now > sent + self._patience]
        if late and self._ready:
            self._patience = min(2 * self._patience, RESEND_S[1])
            for last in late:
                self._send(last, now, again=True)

    def take(self, first: int, body: bytes, now: float) -> None:
        """A packet came."""
        kind = first & 0xF0
        if kind == wire.CONNACK:
            assert self.line is not None
            if body[1] != 0:
                raise ConnectionRefusedError(body[1])
            self.line.send(wire.subscribe(self._topic("ack", self._args.app), self._args.qos))
        elif kind == wire.SUBACK:
            if body[2] & 0x80:  # in a failover NATS cannot make the subscription's consumer
                raise ConnectionRefusedError("not subscribed")
            self._begin(now)
        elif kind == wire.PUBLISH:
            _, payload, number = wire.published(first, body)
            if number and self.line:
                self.line.send(wire.puback(number))
            self._obey(msgspec.json.decode(payload, type=Receipt), now)

    def _begin(self, now: float) -> None:
        self._ready, self._wait = True, RECONNECT_S[0]
        self._say("state", self._state("ready"), retain=True)
        for last in sorted(self._flying):
            self._send(last, now, again=True)
        self._fill(now)

    def _state(self, word: str) -> bytes:
        told = State(
            state=word,  # type: ignore[arg-type]
            epoch=self.log.epoch,
            version="0",
            at=START.isoformat(),
            seq_head=self.log.size,
            sent_to=self.log.made,
            n={self._args.app: self._n} if self._n else {},
        )
        return msgspec.json.encode(told)

    def _obey(self, receipt: Receipt, now: float) -> None:
        if receipt.n <= self._n or receipt.epoch != self.log.epoch:
            return
        self._n = receipt.n
        if receipt.upto and self.log.heads.get(receipt.upto) != receipt.head:
            self.misfits += 1
            return
        self.upto = max(self.upto, receipt.upto)
        held = [(1, receipt.upto), *receipt.also]
        for last in [last for last in self._flying if any(first <= last <= end for first, end in held)]:
            del self._flying[last]
            self._patience = max(RESEND_S[0], 2 * (now - self._first_sent.pop(last)))
        for last in [last for last in self.log.batches if last <= receipt.upto]:
            del self.log.batches[last]
        for first, end in receipt.want:
            for last, sent in list(self._flying.items()):
                if first <= last <= end and now > sent + WANTED_AGAIN_S:
                    self._send(last, now, again=True)
        self._fill(now)

    def _fill(self, now: float) -> None:
        most = self._args.window if self._n else 1
        while len(self._flying) < most and (last := self.log.more()):
            self._send(last, now)

    def _send(self, last: int, now: float, again: bool = False) -> None:
        self._flying[last] = now
        self._first_sent.setdefault(last, now)
        self.resent += again
        self._say("evt-batch", self.log.batches[last])

    def _say(self, what: str, payload: bytes, retain: bool = False) -> None:
        self._packet = self._packet % 65_535 + 1
        assert self.line is not None
        self.line.send(wire.publish(self._topic(what), payload, self._packet, retain))

    def _topic(self, *rest: str) -> str:
        return topic(COUNTY, self.name, *rest)


class Province:
    """All halls of this process and their sockets."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._halls = [Hall(number, args) for number in range(args.first, args.first + args.halls)]
        self._selector = selectors.DefaultSelector()
        self._until = time.monotonic() + args.limit

    def run(self) -> dict[str, float]:
        began = turned = time.monotonic()
        while not all(hall.done for hall in self._halls) and turned < self._until:
            now = time.monotonic()
            if now - turned > TURN_S:
                turned = now
                for hall in self._halls:
                    self._turn(hall, now)
            for key, what in self._selector.select(0.05):
                self._hear(key.data, what, time.monotonic())
        return self._figures(time.monotonic() - began)

    def _turn(self, hall: Hall, now: float) -> None:
        line = hall.line
        try:
            hall.turn(now)
        except OSError:
            self._lose(hall, now)
        if hall.line is not None and hall.line is not line:
            self._selector.register(hall.line.socket, BOTH, hall)
        self._watch(hall)

    def _watch(self, hall: Hall) -> None:
        if hall.line is not None:
            what = BOTH if hall.line.sending else selectors.EVENT_READ
            if self._selector.get_key(hall.line.socket).events != what:
                self._selector.modify(hall.line.socket, what, hall)

    def _hear(self, hall: Hall, what: int, now: float) -> None:
        line = hall.line
        if line is None:
            return
        try:
            if what & selectors.EVENT_WRITE:
                line.flush()
            if what & selectors.EVENT_READ:
                for first, body in line.receive():
                    hall.take(first, body, now)
            self._watch(hall)
        except OSError:
            self._lose(hall, now)

    def _lose(self, hall: Hall, now: float) -> None:
        if hall.line is not None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(hall.line.socket)
            hall.lost(now)

    def _figures(self, seconds: float) -> dict[str, float]:
        total = {
            name: sum(getattr(hall, name) for hall in self._halls)
            for name in ("resent", "reconnects", "misfits", "upto")
        }
        done = sum(hall.done for hall in self._halls)
        return {"halls": len(self._halls), "done": done, "seconds": round(seconds, 1), **total}


def brokers(text: str) -> list[tuple[str, int]]:
    """`host:port,host:port`."""
    found: Iterator[tuple[str, str, str]] = (one.rpartition(":") for one in text.split(","))
    return [(host, int(port)) for host, _, port in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--brokers", type=brokers, required=True, help="host:port,… of the MQTT listeners")
    parser.add_argument("--app", default="count", help="whose receipts retire an event")
    parser.add_argument("--password", default="change-me", help="of each hall; its user is 330100/h<number>")
    parser.add_argument("--halls", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="number of the first hall")
    parser.add_argument("--events", type=int, default=200, help="of each hall")
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--window", type=int, default=2, help="batches in flight")
    parser.add_argument("--qos", type=int, choices=(0, 1), default=0, help="of the receipts' subscription")
    parser.add_argument("--limit", type=float, default=3600.0, help="give up after so many seconds")
    figures = Province(parser.parse_args()).run()
    print(json.dumps(figures), flush=True)
    raise SystemExit(figures["done"] < figures["halls"])


if __name__ == "__main__":
    main()

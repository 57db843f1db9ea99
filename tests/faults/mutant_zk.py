"""A ZK terminal that says, every so often, something else than it holds, and what it has said then.

told      a packet with a right checksum: bytes, command, session, reply id changed, lost, doubled, out of
          order, or one recorded elsewhere in its place. What then stands at the place of a record was said.
damaged   a packet whose checksum no longer holds, or a piece of one. That was not said.

The judge knows the layouts from `tests/sim/zk`, and nothing from the drivers.
"""

import json
import struct
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from edge.store.books import PUNCH, Books
from tests.faults.mutated import Site
from tests.faults.oracle import Verdict
from tests.faults.wounds import Chance
from tests.sim.zk import Punch, Terminal
from tests.sim.zk.layouts import record_length, unpack_time
from tests.sim.zk.wire import MAGIC, Cmd, NotZk, Packet, decode

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "zk_captures.json"
VECTORS = Path(__file__).parents[1] / "data" / "zk_vectors.json"
COMMANDS = (*map(int, Cmd), 0, 1503, 2003, 2004, 2032)
ENTRY, ROW = struct.Struct("<HBxI8x"), 72
RECORDS = {
    40: struct.Struct("<2x24sBIB8x"),
    49: struct.Struct("<2x24sBIB17x"),
    8: struct.Struct("<HBIB"),
}
START = datetime.fromisoformat("2026-09-01T08:00:00")
TABLE = """
[device.{name}]
driver = "zk"
host = "127.0.0.1"
port = {port}
transport = "{transport}"
"""
Said = dict[str, set[tuple[str, int]]]


def recorded() -> list[bytes]:
    """Data of recorded packets; where the recordings are not on this machine, of the committed vectors."""
    if not CAPTURES.exists():
        vectors = json.loads(VECTORS.read_text())
        rows = [bytes.fromhex(each["hex"]) for name in ("records", "live", "users") for each in vectors[name]]
        return rows + [len(row).to_bytes(4, "little") + row for row in rows]
    found = [bytes.fromhex(each["hex"]) for each in json.loads(CAPTURES.read_text()) if each["hex"]]
    return [each.removeprefix(MAGIC)[12:] if each.startswith(MAGIC) else each[8:] for each in found]


def punched(number: int) -> Punch:
    """The so many-th punch of forty people, a minute apart."""
    person = number % 40
    return Punch(str(1001 + person), START + timedelta(seconds=61 * number), number % 2, 1, uid=1 + person)


class MutantZk(Site):
    """Mutates what `terminal` says; `said`: native key -> who and how, as it was said at some moment."""

    def __init__(self, name: str, terminal: Terminal, seed: int, every: int = 12) -> None:
        super().__init__(name, terminal, Chance(seed, every))
        self.terminal = terminal
        self._recorded = recorded()
        self.said: Said = defaultdict(set)
        self.operations: set[tuple[str, int]] = set()
        self.users: set[str] = set()
        self.raw: set[bytes] = set()
        self._set, self._at, self._damage = 0, 0, False
        terminal.faults.tell, terminal.faults.spoil_wire = self._tell, self._spoil

    def table(self, _folder: Path) -> str:
        """See `Site`."""
        return TABLE.format(name=self.name, port=self.terminal.port, transport=self.terminal.transport)

    def step(self) -> None:
        """A person punches; now and then somebody does something at the menu."""
        self.terminal.commands.clear()
        self.terminal.prepared.clear()
        number = len(self.terminal.log)
        punch = punched(number)
        with self.chance.lock:
            self.said[self.key(punch)].add((punch.user_id, punch.verify))
        self.terminal.punch(punch.user_id, at=punch.time, state=punch.state, uid=punch.uid)
        if number % 5 == 0:
            self.terminal.operate(self.chance.random.choice((21, 4, 23)), at=punch.time)

    def due(self) -> set[str]:
        """See `Site`."""
        return {self.key(punch) for punch in self.terminal.log if isinstance(punch, Punch)}

    def judge(self, books: Books) -> Verdict:
        """See `Site`."""
        due = self.due()
        for punch in self.terminal.log:
            assert isinstance(punch, Punch)
            self.said[self.key(punch)].add((punch.user_id, punch.verify))
        self._set = Cmd.OPLOG
        self._stands(self.terminal.operation_log(), 0, 1 << 30)
        self._set = Cmd.USERS
        self._stands(self.terminal.user_table(), 0, 1 << 30)
        stored = [json.loads(raw) for raw in books.of_kind(self.serial, PUNCH)]
        keys = [str(each["native_key"]) for each in stored]
        alarms = [json.loads(raw) for raw in books.of_kind(self.serial, "device.alarm")]
        enrolled = [json.loads(raw) for raw in books.of_kind(self.serial, "enrollment.changed")]
        kept = [each.raw for each in books.rejects(self.serial)]
        invented = [key for key in keys if key not in self.said]
        invented += [
            f"alarm {each['native_key']}"
            for each in alarms
            if (each["device_time"], each["operation"]) not in self.operations
        ]
        invented += [
            f"user {each['device_user_id']}" for each in enrolled if each["device_user_id"] not in self.users
        ]
        invented += [f"quarantined {raw.hex()}" for raw in kept if raw not in self.raw]
        return Verdict(
            len(due),
            lost=tuple(due - {*keys}),
            invented=tuple(invented),
            altered=tuple(str(each["native_key"]) for each in stored if self.wrong(each)),
            double=tuple(key for key in {*keys} if keys.count(key) > 1) if len(keys) != len({*keys}) else (),
            figures={"mutants": self.chance.count, "quarantined": len(kept), "said": len(self.said)},
        )

    def key(self, punch: Punch) -> str:
        """What a punch that it holds is called."""
        user = f"uid:{punch.uid}" if self.terminal.record_size == 8 else punch.user_id
        return f"{punch.time.isoformat()}|{user}|{punch.state}"

    def wrong(self, data: dict[str, object]) -> bool:
        """Whether an event says of its record what nobody said."""
        said = self.said[str(data["native_key"])]
        who = (
            {data["verify_raw"]}
            if self.terminal.record_size == 8
            else {(data["device_user_id"], data["verify_raw"])}
        )
        return not who & ({verify for _, verify in said} if self.terminal.record_size == 8 else said)

    def _tell(self, request: Packet | None, packets: list[Packet]) -> list[Packet]:
        with self.chance.lock:
            if request is not None:
                self._follow(request)
            told = request is None or any(packet.command == Cmd.DATA for packet in packets)
            if not packets or not self.chance.strikes(6 if told else 1):
                return packets
            if self.chance.random.random() < 0.4:
                self._damage = True
                return packets
            return self._mutated(request, list(packets))

    def _follow(self, request: Packet) -> None:
        """Which data set is asked for, and from where on."""
        if request.command == Cmd.READ_PREPARE:
            self._set, self._at = int.from_bytes(request.data[1:3], "little"), 0
        elif request.command in (Cmd.ATTLOG, Cmd.USERS, Cmd.OPLOG):
            self._set, self._at = request.command, 0
        elif request.command == Cmd.READ_CHUNK:
            self._at = int.from_bytes(request.data[:4], "little")

    def _mutated(self, request: Packet | None, packets: list[Packet]) -> list[Packet]:
        chance = self.chance.random
        place = chance.randrange(len(packets))
        packet = packets[place]
        match chance.randrange(12):
            case 0:
                packets[place] = replace(packet, command=chance.choice((*COMMANDS, chance.randrange(65536))))
            case 1:
                packets[place] = replace(packet, session=chance.randrange(65536))
            case 2:
                packets[place] = replace(packet, reply=chance.randrange(65536))
            case 3:
                del packets[place]
            case 4:
                packets.insert(chance.randrange(len(packets) + 1), packet)
            case 5:
                other = chance.randrange(len(packets))
                packets[place], packets[other] = packets[other], packet
            case 6:
                packets[place] = replace(packet, data=chance.choice(self._recorded))
                self._note(request, packets, place, packet)
            case 7 | 8:
                packets[place] = replace(packet, data=self.chance.anyhow(packet.data)[:60_000])
                self._note(request, packets, place, packet)
            case _:
                packets[place] = replace(packet, data=self.chance.in_place(packet.data))
                self._note(request, packets, place, packet)
        return packets

    def _note(self, request: Packet | None, packets: list[Packet], place: int, before: Packet) -> None:
        """What a packet that was changed may be taken to say."""
        data = packets[place].data
        if request is None:
            self._live(data)
        elif request.command == Cmd.READ_PREPARE and before.command == Cmd.DATA:
            self._stands(data, 0, len(data))
        elif before.command == Cmd.DATA and len(data) == len(before.data):
            at = self._at + sum(len(p.data) for p in packets[:place] if p.command == Cmd.DATA)
            image = bytearray(self._held())
            image[at : at + len(data)] = data
            self._stands(bytes(image), at, at + len(data))

    def _held(self) -> bytes:
        sets = {Cmd.ATTLOG: self.terminal.attlog, Cmd.USERS: self.terminal.user_table}
        return sets.get(Cmd(self._set), self.terminal.operation_log)() if self._set in {*Cmd} else b""

    def _stands(self, image: bytes, first: int, last: int) -> None:
        """The records of a data set that lie between two of its bytes."""
        size = {Cmd.ATTLOG: record_length(self.terminal.record_size), Cmd.USERS: ROW}.get(self._set, 16)  # type: ignore[call-overload]
        for at in range(4 + max(0, first - 4) // size * size, min(last, len(image)), size):
            raw = image[at : at + size]
            if len(raw) == size:
                self._take(raw)

    def _take(self, raw: bytes) -> None:
        if self._set == Cmd.USERS:
            self.users.add(_text(raw[48:72]))
        elif self._set == Cmd.ATTLOG:
            self.raw.add(raw)
            named, verify, value, state = RECORDS[len(raw)].unpack(raw)
            user = f"uid:{named}" if isinstance(named, int) else _text(named)
            self._add(value, user, state, verify)
        elif self._set == Cmd.OPLOG and (time := _time(ENTRY.unpack(raw)[2])):
            self.operations.add((time, ENTRY.unpack(raw)[1]))

    def _add(self, value: int, user: str, state: int, verify: int) -> None:
        if time := _time(value):
            self.said[f"{time}|{user}|{state}"].add((user, verify))

    def _live(self, body: bytes) -> None:
        if len(body) in (32, 36, 37, 52):
            named, verify, state, *clock = struct.unpack("<24s8B", body[:32])
            year, *rest = clock
            time = "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}".format(2000 + year, *rest)
            self.said[f"{time}|{_text(named)}|{state}"].add((_text(named), verify))

    def _spoil(self, pieces: list[bytes]) -> list[bytes]:
        """Damage on the line, in one of the pieces."""
        with self.chance.lock:
            if not self._damage or not pieces:
                return pieces
            self._damage = False
            place = self.chance.random.randrange(len(pieces))
            match self.chance.random.randrange(6):
                case 0:
                    return [*pieces[:place], self.chance.cut(pieces[place])]
                case 1:
                    junk = self.chance.random.randbytes(self.chance.random.randint(1, 40))
                    return [*pieces[:place], junk, *pieces[place:]]
            piece = self.chance.in_place(pieces[place])
            while _right(piece):
                piece = self.chance.in_place(pieces[place])
            return [*pieces[:place], piece, *pieces[place + 1 :]]


def _right(piece: bytes) -> bool:
    """Whether a checksum still holds."""
    try:
        return decode(piece[8:] if piece.startswith(MAGIC) else piece)[1]
    except NotZk:
        return False


def _time(value: int) -> str:
    try:
        return unpack_time(value).isoformat()
    except (ValueError, OverflowError):
        return ""


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "replace")


def zk_sites() -> list[MutantZk]:
    """Over TCP, with a log in pieces and one that is asked directly; over UDP; and one that names nobody."""
    terminals = {
        "tcp": Terminal(serial="TCP1", pacing="coalesced"),
        "direct": Terminal(serial="DIRECT1", pacing="coalesced", read="direct"),
        "udp": Terminal(serial="UDP1", pacing="coalesced", transport="udp"),
        "uids": Terminal(serial="UIDS1", pacing="coalesced", record_size=8),
    }
    for terminal in terminals.values():
        terminal.load(punched(number) for number in range(300))
        for number in range(7):
            terminal.add_user(1 + number, str(1001 + number), f"员工{number}".encode("gbk"), card=number)
    return [MutantZk(name, terminal, 20261126 + n) for n, (name, terminal) in enumerate(terminals.items())]

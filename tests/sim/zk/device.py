"""What a terminal remembers: its log, users, clock, options and what it may be told to do. No sockets.

Records are kept encoded, so that serving a log of 100,000 costs one copy. Every method may be called from
any thread.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo

from tests.sim.zk import layouts
from tests.sim.zk.faults import Faults
from tests.sim.zk.layouts import Punch, RecordSize, User

CHINA = timezone(timedelta(hours=8))


@dataclass(kw_only=True, eq=False, repr=False)
class Device:
    """The state of one terminal. Every argument is a property of the model or of its settings."""

    serial: str = "SIM0000001"
    record_size: RecordSize = 40
    """8, 16, 40, 49, or "ma300" for the MA300's own 8 bytes."""
    user_size: int = 72
    comm_key: int = 0
    model: str = "SimuZK"
    firmware: str = "Ver 6.60 Sim"
    platform: str = "ZMM220_TFT"
    clock_offset_s: float = 0.0
    """Terminal clock minus true clock."""
    zone: tzinfo = CHINA
    """The zone whose wall clock the terminal shows."""
    capacity: int = 100_000
    packet: int = 1008
    """Largest payload of one data packet: 1008, 1024 or 65472; over UDP never more than 1024."""
    read: str = "prepared"
    """"prepared", or "direct": 1503 is unknown and 13 / 9 stream at once."""
    offset_reads: bool = True
    """False: a chunk may only follow the one before (or repeat it, or start again at 0)."""
    live_size: int = 32
    cyclic_delete: int = 0
    sizes_payload: int = 92
    fingers: int = 0
    faces: int = 0
    """How many are enrolled in all."""
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._encode = layouts.RECORD[self.record_size]
        self._length = layouts.record_length(self.record_size)
        self._log: list[Punch | bytes] = []
        self._bytes = bytearray()
        self._operations = bytearray()
        self._users: dict[int, User] = {}
        self._uids: dict[str, int] = {}
        self.enrolled: Counter[int] = Counter()
        """uid -> how much is enrolled at the terminal itself; it goes with the user, or with its number."""
        self._session = 0x45CF
        self.enabled = True
        self.emitted = 0
        self.commands: list[int] = []
        self.prepared: list[int] = []
        self.acks = 0
        self.bad_requests = 0
        self.wire: Counter[str] = Counter()
        self.options = self._factory_options()

    def _factory_options(self) -> dict[str, str]:
        return {
            "~SerialNumber": self.serial,
            "~Platform": self.platform,
            "~DeviceName": self.model,
            "~OS": "1",
            "~SSR": "1" if self.user_size == 72 else "0",
            "~PIN2Width": "9",
            "~ExtendFmt": "0",
            "~UserExtFmt": "0",
            "~ZKFPVersion": "10",
            "~DSTF": "0",
            "FaceFunOn": "0",
            "CompatOldFirmware": "0",
            "WorkCode": "0",
            "MAC": "00:17:61:00:00:01",
            "IPAddress": "127.0.0.1",
            "NetMask": "255.255.255.0",
            "GATEIPAddress": "127.0.0.1",
        }

    # clock

    def true_time(self) -> datetime:
        """The right wall-clock time of the terminal's zone, without zone."""
        return datetime.now(self.zone).replace(tzinfo=None)

    def clock(self) -> datetime:
        """What the terminal's own clock shows, to the second."""
        return (self.true_time() + timedelta(seconds=self.clock_offset_s)).replace(microsecond=0)

    def set_clock(self, offset_s: float) -> None:
        """Set the terminal's clock; `offset_s` = terminal clock minus true clock."""
        self.clock_offset_s = offset_s

    # log

    @property
    def log(self) -> list[Punch | bytes]:
        """A snapshot of the log; raw records as bytes."""
        with self._lock:
            return list(self._log)

    def load(self, punches: Iterable[Punch]) -> None:
        """Record many punches, as history: no live events, whether the terminal is enabled or not."""
        with self._lock:
            for punch in punches:
                self._append(punch, self._encode(punch, self.uid_of(punch)))

    def add_raw(self, record: bytes) -> None:
        """Record these bytes, sense or nonsense; ValueError when they are not one record long."""
        if len(record) != self._length:
            raise ValueError(f"{len(record)} bytes, a record has {self._length}")
        with self._lock:
            self._append(record, record)

    def clear(self) -> None:
        """Empty the log, as another tool would."""
        with self._lock:
            self._log.clear()
            self._bytes.clear()

    def record(self, punch: Punch) -> bool:
        """One punch at the terminal; False when it takes none (disabled, or full without cyclic delete)."""
        with self._lock:
            raw = self._encode(punch, self.uid_of(punch))
            return self.enabled and self._append(punch, raw)

    def _append(self, entry: Punch | bytes, raw: bytes) -> bool:
        if len(self._log) >= self.capacity:
            if not self.cyclic_delete:
                return False
            del self._log[: self.cyclic_delete]
            del self._bytes[: self.cyclic_delete * self._length]
        self._log.append(entry)
        self._bytes += raw
        self.emitted += 1
        return True

    def attlog(self) -> bytes:
        """The log as a dataset: u32 length, then the records."""
        with self._lock:
            return len(self._bytes).to_bytes(4, "little") + self._bytes

    def sizes(self) -> bytes:
        """The counters of command 50, with the lies of the faults."""
        with self._lock:
            records = 0 if self.faults.counter_zero else max(0, len(self._log) + self.faults.counter)
            users, enrolled = len(self._users), (self.fingers, self.faces)
            return layouts.free_sizes(users, records, self.capacity, self.sizes_payload, *enrolled)

    def operate(self, code: int, *, at: datetime | None = None, who: int = 0, about: int = 0) -> None:
        """Somebody does something at the terminal: an entry of its operation log."""
        with self._lock:
            self._operations += layouts.operation(at or self.clock(), code, who, about)

    def operation_log(self) -> bytes:
        """The operation log as a dataset."""
        with self._lock:
            return len(self._operations).to_bytes(4, "little") + self._operations

    # users

    @property
    def users(self) -> list[User]:
        """The user table, in order of uid."""
        with self._lock:
            return [self._users[uid] for uid in sorted(self._users)]

    def add_user(
        self,
        uid: int,
        user_id: str,
        name: bytes = b"",
        *,
        privilege: int = 0,
        password: bytes = b"",
        card: int = 0,
    ) -> None:
        """Enrol a user or replace the one with this uid; `name` in the terminal's own encoding."""
        self.enrol(User(uid, user_id, name, privilege, password, card))

    def enrol(self, user: User) -> None:
        """Put a whole row into the user table."""
        with self._lock:
            before = self._users.get(user.uid)
            if before is not None and before.user_id != user.user_id:
                self.enrolled.pop(user.uid, None)
            self._users[user.uid] = user
            self._uids[user.user_id] = user.uid

    def remove_user(self, uid: int) -> None:
        """Delete a user; unknown uids are no error, as on the terminal."""
        with self._lock:
            self.enrolled.pop(uid, None)
            gone = self._users.pop(uid, None)
            if gone is not None:
                self._uids.pop(gone.user_id, None)

    def uid_of(self, punch: Punch) -> int:
        """The u16 the terminal files this person under."""
        if punch.uid:
            return punch.uid
        known = self._uids.get(punch.user_id)
        if known is not None:
            return known
        return int(punch.user_id) & 0xFFFF if punch.user_id.isdecimal() else 0

    def user_table(self) -> bytes:
        """The user table as a dataset."""
        rows = b"".join(layouts.USER[self.user_size](user) for user in self.users)
        return len(rows).to_bytes(4, "little") + rows

    # sessions

    def next_session(self) -> int:
        """A fresh session id."""
        with self._lock:
            number = self._session
            self._session = number % 0xFFFE + 1
            return number

    def boot(self) -> None:
        """Come up again: enabled, and session ids start elsewhere."""
        with self._lock:
            self._session = (self._session + 0x1357) % 0xFFFE + 1
            self.enabled = True

    def count(self, what: str, amount: int = 1) -> None:
        """Add to a wire counter."""
        with self._lock:
            self.wire[what] += amount

    def live_bodies(self, punches: Sequence[Punch]) -> list[bytes]:
        """The bodies of the live events of these punches."""
        return [layouts.live_event(punch, self.uid_of(punch), self.live_size) for punch in punches]

"""The log of a simulated hall, sealed with the edge's own code as it is needed."""

import zlib
from datetime import datetime, timedelta, timezone

import msgspec

from edge import events
from edge.events import Draft, Place
from edge.payloads import EpochOpened, Punch

COUNTY = "330100"
START = datetime(2026, 11, 22, 8, 0, tzinfo=timezone(timedelta(hours=8)))


class Sealed:
    """The log of one hall, made as it is needed: batches, and the chain hash at the end of each."""

    def __init__(self, name: str, size: int, batch: int) -> None:
        self._place = Place(COUNTY, name, f"/zwdt/{COUNTY}/{name}")
        self.size, self.batch, self.epoch = size, batch, f"epoch-of-{name}"
        self._digest = events.digest_of("sha256")
        self._chain, self._made = events.genesis(self.epoch, self._digest), 0
        self.heads: dict[int, str] = {}
        self.batches: dict[int, bytes] = {}

    @property
    def made(self) -> int:
        return self._made

    def more(self) -> int | None:
        """Make the next batch; the number of its last event, or None when all are made."""
        last = min(self.size, self._made + self.batch)
        if last == self._made:
            return None
        bodies = [self._seal(number) for number in range(self._made + 1, last + 1)]
        self._made, self.heads[last] = last, self._chain.hex()
        packer = zlib.compressobj(1, wbits=31)
        self.batches[last] = packer.compress(f"[{','.join(bodies)}]".encode()) + packer.flush()
        return last

    def _seal(self, number: int) -> str:
        draft = self._opening() if number == 1 else self._punch(number)
        now = START.isoformat()
        sealed = events.seal(draft, self._place, self.epoch, number, now, self._chain, self._digest)
        self._chain = sealed.chain
        return sealed.body

    def _opening(self) -> Draft:
        opening = EpochOpened(reason="new_database", hash_alg="sha256")
        return events.own_event("edge.epoch_opened", self.epoch, "edge", 1, START, opening)

    def _punch(self, number: int) -> Draft:
        at = (START + timedelta(seconds=number)).isoformat()
        serial = f"SN-{self._place.hall}"
        data = Punch(
            device_id="door",
            device_serial=serial,
            driver="zk",
            device_time=at[:19],
            time_quality="synced",
            replayed=False,
            device_user_id=str(1000 + number % 300),
            verify_method="face",
            punch_state="check_in" if number % 2 else "check_out",
            native_key=f"{serial}-{number}",
        )
        fact = f"{serial}|{number}|attendance.punch"
        return Draft("attendance.punch", fact, at, msgspec.json.encode(data))

"""What a vendor's tablet remembers and says: ratings with rising numbers, a clock, a serial number.

Written as such vendors' documents describe it, not with the driver's code.
"""

import json
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from tests.sim.tablet_http.faults import Faults
from tests.sim.web import Answer, WebDevice

OPTIONS: dict[str, Any] = {
    "page": '{"code":0,"data":{"rows":"{records}","now":"{clock?}","sn":"{serial?}"}}',
    "record": '{"id":"{id}","satisfaction":"{code}","assessTime":"{at}","projectNo":"{project_no?}",'
    '"evalDetail":"{tags?}","writingEvaluation":"{comment?}"}',
    "scheme": "stars",
    "tags": "national",
}
"""How a driver must be told to understand it."""


class Rated(NamedTuple):
    """One rating in its list."""

    number: int
    at: datetime
    code: str
    told: dict[str, object]


@dataclass(kw_only=True, eq=False, repr=False)
class Tablet(WebDevice):
    """One tablet."""

    serial: str = "TABSIM0001"
    model: str = "PJQ-10"
    auth: str = "none"
    seed: int = 1
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.list: list[Rated] = []
        self.random = random.Random(self.seed)
        self._newest = 0

    def rate(self, stars: int = 0, *, at: datetime | None = None, **told: object) -> Rated:
        """Somebody rates; 0 = any stars. told: further fields of the record."""
        code = str(stars or self.random.randint(1, 5))
        if self.faults.unmapped:
            self.faults.unmapped, code = self.faults.unmapped - 1, "9"
        else:
            self.emitted += 1
        with self.lock:
            self._newest += 1
            made = Rated(self._newest, (at or self.clock()).replace(microsecond=0), code, told)
            self.list.append(made)
        return made

    punch = rate

    def reset(self) -> None:
        """Factory reset: the list is gone and numbers begin anew."""
        with self.lock:
            self.list.clear()
            self._newest = 0

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """See `WebDevice`."""
        asked = {key: values[0] for key, values in parse_qs(query).items()}
        if path != "/api/ratings" or method != "GET":
            return Answer(b"", "text/plain", 404)
        if self.faults.garbage:
            self.faults.garbage -= 1
            return Answer(b"<html>\xff busy")
        if self.faults.envelope:
            return Answer(json.dumps({"code": self.faults.envelope, "msg": "系统繁忙"}).encode())
        rows = self._rows(int(asked["after"]), int(asked["limit"]))
        data = {"rows": rows, "now": f"{self.clock():%Y-%m-%d %H:%M:%S}", "sn": self.serial}
        return Answer(json.dumps({"code": 0, "msg": "ok", "data": data}).encode())

    def _rows(self, after: int, limit: int) -> list[dict[str, object]]:
        with self.lock:
            rows = [each for each in self.list if self.faults.ignore_cursor or each.number > after]
        if self.faults.newest_first:
            rows.reverse()
        rows = rows[:limit]
        rows += [each for each in rows if self.random.random() < self.faults.repeat][: limit - len(rows)]
        if self.faults.shuffle:
            self.random.shuffle(rows)
        return [self._row(each) for each in rows]

    def _row(self, rated: Rated) -> dict[str, object]:
        row: dict[str, object] = {
            "id": rated.number,
            "satisfaction": rated.code,
            "assessTime": f"{rated.at:%Y-%m-%d %H:%M:%S}",
            "userName": "王某",
            "contactMobile": "13800000000",
            **rated.told,
        }
        if self.faults.half:
            self.faults.half -= 1
            del row["assessTime"]
        return row

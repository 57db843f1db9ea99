"""Records of the terminal -> readings of the door. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from drivers.base import Fact, Reading
from drivers.zk.records import Record

KIND = "attendance.punch"
_METHODS = {1: "fingerprint", 2: "card", 3: "pin", 4: "card", 15: "face", 25: "palm"}
_STATES = {0: "check_in", 1: "check_out", 2: "break_out", 3: "break_in", 4: "ot_in", 5: "ot_out"}


def readings(
    serial: str, records: Iterable[Record], names: Mapping[str, str], pushed: bool = False
) -> list[Reading]:
    """One reading for each record; identical records are one reading, with their number in `copies`.

    names: what the user table says to `uid:<n>`, for layouts that name nobody otherwise. pushed: nothing but
    a push tells of them yet.
    """
    return [
        Reading(
            KIND,
            serial,
            f"{record.time}|{record.user}|{record.state}",
            record.time,
            _facts(names.get(record.user, record.user), record.verify, record.state, pushed),
            copies,
        )
        for record, copies in Counter(records).items()
    ]


@lru_cache(maxsize=4096)
def _facts(user: str, verify: int, state: int, pushed: bool) -> Mapping[str, Fact]:
    facts: dict[str, Fact] = {
        "device_user_id": user,
        "verify_method": _METHODS.get(verify, "other"),
        "verify_raw": verify,
        "punch_state": _STATES.get(state, "unspecified"),
    }
    return {**facts, "unconfirmed": True} if pushed else facts

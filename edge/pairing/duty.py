"""The doorman's place in the hall: what a technician orders of him, whom he rings, what is written down.

A code is told to who ordered it and stands in no log and no audit.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec

from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.device.receiver import Receiver
from edge.device.runner import Runner
from edge.duty.clocks import Result, Role, audit
from edge.guard.claims import Claims
from edge.pairing.doorman import Doorman
from edge.pairing.pairings import Pairings
from edge.pairing.signing import SYSTEMS, Part
from edge.payloads import AlarmCode
from edge.store import Store

REFUSED = ("forged", "replayed", "unpaired")
PARTS: tuple[Part, ...] = get_args(Part)


class Listed(msgspec.Struct, frozen=True):
    """What can be paired, and its keys: `(key id, part, since, by whom)`. parts: those it may have."""

    device_id: str
    keys: tuple[tuple[str, Part, str, str], ...]
    parts: tuple[Part, ...] = PARTS


class Who(NamedTuple):
    """Whom a key may belong to. serial: in signatures; claimed, claims: see `edge/guard/claims.py`."""

    name: str
    serial: str
    claimed: Callable[[AlarmCode], bool]
    claims: Callable[[], tuple[AlarmCode, ...]]
    parts: tuple[Part, ...] = PARTS


class PairingDuty:
    """The doorman of one hall, for those of `runners` that prove themselves, and for systems."""

    def __init__(self, runners: Sequence[Runner], folder: Path, store: Store, clock: WallClock) -> None:
        self._store, self._clock = store, clock
        self._pairings = Pairings(folder, clock.text)
        self._known: dict[str, Who] = {}
        for runner in runners:
            listener = runner.listener if isinstance(runner, Receiver) else None
            if isinstance(runner, Receiver) and listener and listener.proves_itself:
                who = Who(runner.device.device_id, listener.serial, runner.claimed, runner.claims)
                self._known[listener.serial] = who
        claims = Claims()
        self._known[SYSTEMS] = Who(SYSTEMS, SYSTEMS, claims.claimed, claims.now, ("system",))
        self.doorman = Doorman(self._pairings, self._tell)
        self.commands: Commands = {"pair": self._pair, "unpair": self._unpair, "pairings": self._list}

    def attention(self) -> Iterator[Attention]:
        """Devices in whose name somebody forges or replays."""
        for who in self._known.values():
            if "auth_failed" in who.claims():
                yield Attention(who.name, "forged_requests", self._clock.text(), "")

    def _tell(self, serial: str, action: str, address: str) -> None:
        """See `Doorman`: an audit of each pairing, and of the first of what is refused."""
        who = self._known[serial]
        refused = action in REFUSED
        if refused and not who.claimed("auth_failed"):
            return
        name, word = who.name, action.split(" ")[0]
        result: Result = "refused" if refused else "done"
        role: Role | None = "unknown" if refused else None
        actor = "?" if refused else action.rpartition(" ")[2]
        detail = address if refused else f"{action} {address}"
        audit(self._store, self._clock, actor, f"pairing.{word}", name, result, detail, role)

    def _pair(self, arguments: Arguments) -> str:
        """A fresh code for a part of a device."""
        who, actor = self._who(arguments), arguments.get("actor", "?")
        part = next((each for each in who.parts if each == arguments.get("part", who.parts[0])), None)
        if part is None:
            raise Refused(f"part: 只能是 / must be one of {', '.join(who.parts)}")
        audit(self._store, self._clock, actor, "pairing.code", who.name, "done", part)
        return self._pairings.issue(who.serial, part, actor)

    def _unpair(self, arguments: Arguments) -> str:
        """Let a key go."""
        key_id, actor = arguments.get("key", ""), arguments.get("actor", "?")
        try:
            gone = self._pairings.revoke(key_id)
        except OSError as error:
            raise Refused(f"写不下来，未执行 / it cannot be written down: {error}") from error
        if gone is None:
            raise Refused(f"{key_id}: 没有这个配对 / no such key")
        audit(
            self._store, self._clock, actor, "pairing.revoked", gone.serial, "done", f"{gone.part} {key_id}"
        )
        return key_id

    def _list(self, _arguments: Arguments) -> str:
        """Every device that can be paired, with its keys, as JSON (`Listed`)."""
        return msgspec.json.encode([self._listed(who) for who in self._known.values()]).decode()

    def _listed(self, who: Who) -> Listed:
        keys = self._pairings.of(who.serial).items()
        told = tuple((key_id, each.part, each.since, each.actor) for key_id, each in keys)
        return Listed(who.name, told, who.parts)

    def _who(self, arguments: Arguments) -> Who:
        device_id = arguments.get("device", "")
        for who in self._known.values():
            if who.name == device_id:
                return who
        raise Refused(f"{device_id}: 没有这台可配对的设备 / there is no such device to be paired")

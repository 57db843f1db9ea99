"""The doorman's place in the hall: what a technician orders of him, whom he rings, what is written down.

A code is told to who ordered it and stands in no log and no audit.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import msgspec

from edge.attention import Attention
from edge.clock import WallClock
from edge.clocks import Result, Role, audit
from edge.commands import Arguments, Commands, Refused
from edge.pairing.doorman import Doorman
from edge.pairing.pairings import Pairings
from edge.pairing.signing import Part
from edge.receiver import Receiver
from edge.runner import Runner
from edge.store import Store

REFUSED = ("forged", "replayed", "unpaired")
PARTS: tuple[Part, ...] = get_args(Part)


class Listed(msgspec.Struct, frozen=True):
    """One device that can be paired, and its keys: `(key id, part, since, by whom)`."""

    device_id: str
    keys: tuple[tuple[str, Part, str, str], ...]


class PairingDuty:
    """The doorman of one hall, for those of `runners` that prove themselves."""

    def __init__(self, runners: Sequence[Runner], folder: Path, store: Store, clock: WallClock) -> None:
        self._store, self._clock = store, clock
        self._pairings = Pairings(folder, clock.text)
        self._receivers: dict[str, Receiver] = {}
        for runner in runners:
            listener = runner.listener if isinstance(runner, Receiver) else None
            if isinstance(runner, Receiver) and listener and listener.proves_itself:
                self._receivers[listener.serial] = runner
        self.doorman = Doorman(self._pairings, self._tell)
        self.commands: Commands = {"pair": self._pair, "unpair": self._unpair, "pairings": self._list}

    def attention(self) -> Iterator[Attention]:
        """Devices in whose name somebody forges or replays."""
        for receiver in self._receivers.values():
            if "auth_failed" in receiver.claims():
                yield Attention(receiver.device.device_id, "forged_requests", self._clock.text(), "")

    def _tell(self, serial: str, action: str, address: str) -> None:
        """See `Doorman`: an audit of each pairing, and of the first of what is refused."""
        receiver = self._receivers[serial]
        refused = action in REFUSED
        if refused and not receiver.claimed("auth_failed"):
            return
        name, word = receiver.device.device_id, action.split(" ")[0]
        result: Result = "refused" if refused else "done"
        role: Role | None = "unknown" if refused else None
        actor = "?" if refused else action.rpartition(" ")[2]
        detail = address if refused else f"{action} {address}"
        audit(self._store, self._clock, actor, f"pairing.{word}", name, result, detail, role)

    def _pair(self, arguments: Arguments) -> str:
        """A fresh code for a part of a device."""
        receiver, part = self._receiver(arguments), arguments.get("part", "tablet")
        if part not in PARTS:
            raise Refused(f"{part}: 只能是 / must be one of {', '.join(PARTS)}")
        listener, actor = receiver.listener, arguments.get("actor", "?")
        serial = listener.serial if listener else ""
        name = receiver.device.device_id
        audit(self._store, self._clock, actor, "pairing.code", name, "done", part)
        return self._pairings.issue(serial, part, actor)

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
        return msgspec.json.encode([self._listed(serial) for serial in self._receivers]).decode()

    def _listed(self, serial: str) -> Listed:
        keys = self._pairings.of(serial).items()
        told = tuple((key_id, each.part, each.since, each.actor) for key_id, each in keys)
        return Listed(self._receivers[serial].device.device_id, told)

    def _receiver(self, arguments: Arguments) -> Receiver:
        device_id = arguments.get("device", "")
        for receiver in self._receivers.values():
            if receiver.device.device_id == device_id:
                return receiver
        raise Refused(f"{device_id}: 没有这台可配对的设备 / there is no such device to be paired")

"""What must outlive a crash of the conversation with one terminal: the driver's cursor. Pure.

stamps: what the terminal called its last upload of a table; echoed, and believed by nobody (protocols §4).
newest: time of the newest record seen. complete: up to here, by its clock, its own log has been read whole.
language: as it told it, a number.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, get_args

Kind = Literal["whole", "recount", "since"]
"""`whole`: the whole log is asked for; `recount`: as far as it must be; `since`: from the last proof on."""
COMMANDS_MAX = 16
_STAMP = re.compile(r"[0-9A-Za-z]{1,20}")
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Command:
    """A question to the terminal that is not answered yet. first, last: what `since` must cover, naive."""

    id: str
    kind: Kind
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """See above."""

    stamps: Mapping[str, str] = field(default_factory=dict)
    newest: str = ""
    complete: str = ""
    commands: tuple[Command, ...] = ()
    language: str = ""

    @classmethod
    def parse(cls, cursor: str | None) -> "Known":
        """What a cursor says; a broken one costs that everything is sent again."""
        try:
            told = json.loads(cursor or "{}")
            commands = tuple(Command(**each) for each in told.pop("commands", ()))
            known = cls(commands=commands, **told)
            return known if known.plausible() else cls()
        except (ValueError, TypeError, AttributeError):
            return cls()

    def plausible(self) -> bool:
        """Whether all of it has the right shape."""
        texts = (self.newest, self.complete, self.language, *self.stamps, *self.stamps.values())
        commands = all(_ID.fullmatch(each.id) and each.kind in get_args(Kind) for each in self.commands)
        return all(isinstance(text, str) for text in texts) and commands

    def text(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self), sort_keys=True)

    def stamped(self, table: str, stamp: str) -> "Known":
        """With the stamp of an upload that is stored."""
        if not _STAMP.fullmatch(stamp):
            return self
        return replace(self, stamps={**self.stamps, table: stamp})

    def speaking(self, language: str) -> "Known":
        """With the language of its texts."""
        return replace(self, language=language) if _STAMP.fullmatch(language) else self

    def seen(self, newest: str) -> "Known":
        """With the newest record of an upload."""
        return replace(self, newest=max(self.newest, newest))

    def asking(self, command: Command) -> "Known":
        """With one more question."""
        return replace(self, commands=(*self.commands, command)[:COMMANDS_MAX])

    def without(self, name: str) -> "Known":
        """Without a question that is answered."""
        return replace(self, commands=tuple(each for each in self.commands if each.id != name))

    def command(self, name: str) -> Command | None:
        """The question of this id."""
        return next((each for each in self.commands if each.id == name), None)

"""What a person may order of the running daemon, by name; the page and the command line share this one door.

It is reached over the control socket alone (mode 0660: who may open it may order). A command takes and
answers plain text, in the words of the log; it is done when the answer is given.
"""

from collections.abc import Callable, Mapping

import msgspec

Arguments = Mapping[str, str]
Commands = Mapping[str, Callable[[Arguments], str]]
"""Name -> what it does; returns what it did, or raises Refused."""


class Refused(Exception):
    """It was not done, and the text says why and what to do."""


class Answer(msgspec.Struct, frozen=True):
    """What became of a command."""

    done: bool
    text: str


def obey(commands: Commands, name: str, body: bytes) -> Answer:
    """Run the command `name` with its arguments, a JSON object of texts."""
    command = commands.get(name)
    if command is None:
        return Answer(False, f"no such command: {name}")
    try:
        return Answer(True, command(msgspec.json.decode(body, type=dict[str, str])))
    except Refused as refused:
        return Answer(False, str(refused))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Answer(False, f"arguments: {error}")

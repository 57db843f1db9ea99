"""Who a terminal that pushes knows, and the commands about them, in the words its firmware takes."""

from dataclasses import dataclass, field

UNKNOWN, NOBODY = -1002, -10
NEW = {"DATA UPDATE USERINFO": "update", "DATA DELETE USERINFO": "delete"}
OLD = {"DATA USER": "update", "DATA DEL_USER": "delete"}


@dataclass(slots=True)
class People:
    """users: PIN -> fields. old: it knows the older words alone. codes: answers to give instead, used up.

    tells_missing: deleting nobody is an error. Only what a command names is changed.
    """

    users: dict[str, dict[str, str]] = field(default_factory=dict)
    old: bool = False
    tells_missing: bool = False
    codes: list[int] = field(default_factory=list)

    def enrol(self, pin: str, name: str, **more: str) -> None:
        """Somebody is enrolled at the terminal itself."""
        self.users[pin] = {"PIN": pin, "Name": name, **more}

    def obey(self, command: str) -> int | None:
        """The code of a command about people; None where it is about something else."""
        words = OLD if self.old else NEW
        verb = next((verb for verb in (*NEW, *OLD) if command.startswith(verb + " ")), None)
        if verb is None:
            return None
        if self.codes:
            return self.codes.pop(0)
        if verb not in words:
            return UNKNOWN
        told = dict(part.partition("=")[::2] for part in command.removeprefix(verb + " ").split("\t"))
        if words[verb] == "update":
            self.users[told["PIN"]] = {**self.users.get(told["PIN"], {}), **told}
            return 0
        gone = self.users.pop(told["PIN"], None)
        return NOBODY if gone is None and self.tells_missing else 0

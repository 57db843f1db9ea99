"""People on a terminal, by order alone: each is looked up, written or removed, and looked up again.

The terminal stays enabled, its log has just been read, and what its table shows afterwards is the answer: a
name that it cut or did not take is no «done».
"""

from collections.abc import Callable

from drivers.base import VOID, DeviceOffline, Order, Person
from drivers.zk.commands import Commands
from drivers.zk.dataset import dataset
from drivers.zk.frames import Cmd
from drivers.zk.reader import ALL_USERS, USERS_MAX
from drivers.zk.records import Layout
from drivers.zk.table import Table, Unfit
from drivers.zk.wire import Wire

ROW_SIZES = {"40": 72, "49": 72, "16": 28, "8": 28, "ma300": 28}
"""Rows of the user table, by the layout of the log."""


class People:
    """Those of one terminal, over one conversation. layout: of its log, where it is known."""

    def __init__(
        self, wire: Wire, commands: Commands, encoding: str, layout: Callable[[], Layout | None]
    ) -> None:
        self._wire, self._commands, self._encoding, self._layout = wire, commands, encoding, layout

    def carry_out(self, order: Order) -> str:
        """The answer to one order; DeviceOffline when the terminal gave none."""
        person = order.person()
        if person is None:
            return VOID
        try:
            return (self._push if order.name == "staff_push" else self._revoke)(person)
        except Unfit as unfit:
            return ": ".join(map(str, unfit.args))

    def _push(self, person: Person) -> str:
        table = self._read()
        known, row = table.find(person.user), table.with_person(person)
        if known == row:
            return "ok"
        answer = self._commands.write_user(row)
        return "ok" if table.shows(self._read().find(person.user), row) else _refusal(answer)

    def _revoke(self, person: Person) -> str:
        table = self._read()
        row = table.find(person.user)
        if row is None:
            return "absent"
        answer = self._commands.remove_user(table.uid(row))
        if self._read().find(person.user) is not None:
            return _refusal(answer)
        return "ok: last administrator" if table.last_administrator(row) else "ok"

    def _read(self) -> Table:
        """The user table as it is now."""
        sizes, layout = self._commands.sizes(), self._layout()
        with dataset(self._wire, Cmd.USERS, ALL_USERS) as found:
            data = found.all(USERS_MAX)
            if data is None:
                raise DeviceOffline("garbled", f"no whole user table of {found.total} bytes came")
        count = sizes.users if sizes else 0
        return Table.parse(data, count, ROW_SIZES.get(layout.name, 0) if layout else 0, self._encoding)


def _refusal(answer: int) -> str:
    """What it means that the table does not show what was ordered; over UDP a command may come twice."""
    return "staff_not_seen" if answer == Cmd.OK else f"staff_refused: {answer}"

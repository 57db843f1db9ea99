"""A ZK terminal, asked over port 4370: opens the conversation, says who it is, and closes it."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from drivers.base import DeviceOffline, DeviceRefused, Link, Poller, Reading, Reject
from drivers.tape import tape_of
from drivers.zk.export import exported
from drivers.zk.frames import Cmd
from drivers.zk.options import ZkOptions
from drivers.zk.taping import Taping
from drivers.zk.wire import Stopped, Wire

if TYPE_CHECKING:
    from drivers.zk.commands import Commands, Identity
    from drivers.zk.contact import Contact


def _met(wire: Wire, commands: "Commands", key: int) -> "Identity":
    """Who answers, once it has let us in."""
    try:
        if wire.open() == Cmd.UNAUTHORIZED:
            commands.unlock(key)
        return commands.identity()
    except DeviceRefused as refused:
        if wire.unsure:
            raise DeviceOffline("connection_lost", f"CONNECT was sent again: {refused}") from refused
        raise


class Zk(Poller):
    """One ZK terminal."""

    Options: ClassVar[type[ZkOptions]] = ZkOptions
    takes_people = True

    def __init__(self, options: ZkOptions) -> None:
        self._options = options
        self._wire: Wire | None = None
        self._contact: Contact | None = None
        self._taping: Taping | None = None

    def run(self, link: Link) -> None:
        """See `Poller`; a stop in the middle of a wait is no error."""
        with suppress(Stopped):
            super().run(link)

    def exported(
        self, lines: Sequence[bytes], serial: str, cursor: str | None
    ) -> tuple[list[Reading], list[Reject]]:
        """See `Driver`; `*_attlog.dat`."""
        return exported(lines, serial, cursor)

    def connect(self, link: Link) -> None:
        """Open, authorize, and tell who it is."""
        from drivers.zk.commands import Commands  # pyzk is loaded only where a terminal is asked
        from drivers.zk.contact import Contact

        options = self._options
        key = options.comm_key()
        tape = tape_of(link)
        self._taping = Taping(tape, options.transport == "tcp") if tape else None
        stopped = link.stop.is_set
        self._wire = Wire(options.host, options.port, options.transport, stopped, self._taping)
        commands = Commands(self._wire, options.encoding)
        identity = _met(self._wire, commands, key)
        self._contact = Contact(self._wire, commands, identity, link, options)

    def poll(self, link: Link) -> None:
        """Ask the counter; read what is new."""
        if self._contact:
            self._contact.poll()

    def pause(self, link: Link) -> None:
        """Listen for live events until the next round."""
        if self._contact:
            self._contact.pause()

    def close(self) -> None:
        """Answer what is left, say good-bye, close the socket."""
        contact, self._contact = self._contact, None
        wire, self._wire = self._wire, None
        if contact:
            contact.leave()
        if wire:
            wire.close()
        if self._taping:
            self._taping.finish()

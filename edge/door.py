"""Devices that call, and windows where citizens rate: loaded only where the config asks for them.

A hall of terminals that are asked carries none of it in memory.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge.attention import Attention
    from edge.clock.clock import WallClock
    from edge.commands import Arguments, Commands
    from edge.device.runner import Runner
    from edge.documents.posts import Held
    from edge.evaluation.evaluations import Evaluations
    from edge.events import Complete
    from edge.phones.keys import Keys
    from edge.ports import Approving, DevicePort, Recorder
    from edge.ports.desk import Phones as Answering
    from edge.settings.settings import Settings
    from edge.snapshot import Caller
    from edge.store import Store


class Door:
    """Of one hall: `complete` for its runners, then `open` to them, then `start`."""

    def __init__(self, settings: Settings, store: Store, clock: WallClock) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._name = settings.site.name or settings.site.hall
        self._evaluations: Evaluations | None = None
        self._port: DevicePort | None = None
        self._approving: Approving | None = None
        self._recorder: Recorder | None = None
        self.commands: Commands = {}
        """What a person may order of what is loaded."""
        self.complete: Complete | None = None
        """What a rating is completed by."""
        windows = any(device.windows for device in settings.devices)
        if windows or settings.documents.folder or settings.listen.host:
            self._rate()

    def _rate(self) -> None:
        from edge.evaluation.evaluations import Evaluations

        self._evaluations = Evaluations(self._settings.documents.folder, self._store, self._clock)
        self.complete = self._evaluations.complete

    def open(self, runners: Sequence[Runner], suspected: Callable[[], bool]) -> None:
        """Let the devices of these runners in, where it is said. suspected: see `DevicePort`."""
        if self._evaluations:
            codes = self._codes(self._evaluations, runners)
            self.commands = {**self._evaluations.commands(runners), **codes}
        if self._settings.listen.host and self._evaluations:
            self._listen(self._evaluations, runners, suspected)

    def _listen(
        self, evaluations: Evaluations, runners: Sequence[Runner], suspected: Callable[[], bool]
    ) -> None:
        from edge.device.receiver import Receiver
        from edge.ports import Approving, DevicePort, Recorder
        from edge.windows import Systems, Windows

        folder, parts = self._store.path.parent, (self._store, self._clock)
        windows = Windows(evaluations.hall, self._name, folder, *parts)
        receivers = [each for each in runners if isinstance(each, Receiver)]
        networks = self._settings.site.device_networks
        windows.systems = Systems(evaluations.hall, receivers, self.commands, networks)
        told = (self._clock, self._settings.listen, folder, self._store, windows)
        self._port = DevicePort(runners, *told, self._phones(evaluations, runners))
        self._port.suspected = suspected
        devices = [runner.device for runner in runners]
        self._approving = Approving(self._port.desk, devices, *parts, folder)
        self._recorder = Recorder(runners, *parts)
        more = (self._port.commands, self._approving.commands, self._recorder.commands)
        for commands in more:
            self.commands = {**self.commands, **commands}

    def _phones(self, evaluations: Evaluations, runners: Sequence[Runner]) -> Answering | None:
        """Who answers phones that come by a code, where there are codes of our own."""
        if not any(runner.device.by_code for runner in runners):
            return None
        from edge.phones.phones import Phones

        return Phones(self._keys, evaluations.hall, self._name, self._clock).serve

    def _codes(self, evaluations: Evaluations, runners: Sequence[Runner]) -> Commands:
        """What a person may order of the codes at the windows; the room is loaded with the first order."""

        def ordered(name: str, arguments: Arguments) -> str:
            from edge.phones.duty import CodesDuty

            duty = CodesDuty(evaluations.hall, self._name, self._keys, runners, self._settings.listen)
            return duty.commands(self._store, self._clock)[name](arguments)

        return {name: partial(ordered, name) for name in ("qr-sheet", "qr-renew")}

    @cached_property
    def _keys(self) -> Keys:
        from edge.phones.keys import Keys

        return Keys(self._store.path.parent)

    @property
    def held(self) -> Held | None:
        """What the documents say now; None where the hall has none."""
        return self._evaluations.hall.documents.held if self._evaluations else None

    @property
    def begin_anew(self) -> bool:
        """A device was let in that this life does not know."""
        return self._approving is not None and self._approving.begin_anew

    def turned_away(self) -> tuple[Caller, ...]:
        """Who was turned away lately."""
        return self._port.turned_away() if self._port else ()

    def attention(self) -> Iterator[Attention]:
        """What a person should see to."""
        for part in (self._port, self._evaluations):
            if part:
                yield from part.attention()

    def look(self) -> None:
        """Take documents that have changed, end what is recorded; called every second by main."""
        if self._evaluations:
            self._evaluations.look()
        if self._recorder:
            self._recorder.look()

    def start(self) -> None:
        """Begin to listen."""
        if self._port:
            self._port.start()

    def stop(self) -> None:
        """Close what was opened."""
        if self._port:
            self._port.stop()

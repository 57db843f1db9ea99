"""Devices that call, and windows where citizens rate: loaded only where the config asks for them.

A hall of terminals that are asked carries none of it in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge.attention import Attention
    from edge.clock import WallClock
    from edge.commands import Commands
    from edge.evaluation.evaluations import Evaluations
    from edge.events import Complete
    from edge.ports import Approving, DevicePort
    from edge.runner import Runner
    from edge.settings import Settings
    from edge.snapshot import Caller
    from edge.store import Store


class Door:
    """Of one hall: `complete` for its runners, then `open` to them, then `start`."""

    def __init__(self, settings: Settings, store: Store, clock: WallClock) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._evaluations: Evaluations | None = None
        self._port: DevicePort | None = None
        self._approving: Approving | None = None
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
            self.commands = self._evaluations.commands(runners)
        if self._settings.listen.host and self._evaluations:
            self._listen(self._evaluations, runners, suspected)

    def _listen(
        self, evaluations: Evaluations, runners: Sequence[Runner], suspected: Callable[[], bool]
    ) -> None:
        from edge.ports import Approving, DevicePort
        from edge.windows import Windows

        site, folder, parts = self._settings.site, self._store.path.parent, (self._store, self._clock)
        windows = Windows(evaluations.hall, site.name or site.hall, folder, *parts)
        self._port = DevicePort(runners, self._clock, self._settings.listen, folder, self._store, windows)
        self._port.suspected = suspected
        devices = [runner.device for runner in runners]
        self._approving = Approving(self._port.desk, devices, *parts, folder)
        self.commands = {**self.commands, **self._port.commands, **self._approving.commands}

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
        """Take documents that have changed; called every second by main."""
        if self._evaluations:
            self._evaluations.look()

    def start(self) -> None:
        """Begin to listen."""
        if self._port:
            self._port.start()

    def stop(self) -> None:
        """Close what was opened."""
        if self._port:
            self._port.stop()

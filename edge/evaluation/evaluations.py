"""The parts of this room, and the documents they rest on, wired for one hall."""

from collections.abc import Sequence
from datetime import datetime

from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Commands
from edge.device.runner import Runner
from edge.documents.hall import Hall
from edge.evaluation.completing import Completing
from edge.evaluation.hours import open_at
from edge.evaluation.inviting import Inviting
from edge.evaluation.services import Services
from edge.store import Store


class Evaluations:
    """What the daemon holds of evaluations."""

    def __init__(self, folder: str, store: Store, clock: WallClock) -> None:
        """folder: of the documents, "" = none."""
        self.hall = Hall(folder, store, clock)
        self._services = Services(store.path.parent)
        self._zone = clock.zone("")
        self.complete = Completing(self.hall, self._services, self._open_at).complete

    def _open_at(self, at: datetime) -> bool | None:
        """Whether the hall is open, by its evaluation profile; None where that tells no hours."""
        profile = self.hall.documents.held.profile
        if profile is None:
            return None
        grace_min = profile.oddities.off_hours_grace_min
        return open_at(profile.opening_hours, grace_min, at.astimezone(self._zone))

    def look(self) -> None:
        """Take documents that have changed; called every second by main."""
        self.hall.look()

    def attention(self) -> tuple[Attention, ...]:
        """Documents that were refused."""
        return self.hall.attention()

    def commands(self, runners: Sequence[Runner]) -> Commands:
        """What may be ordered: of the documents, and of the evaluators at the windows."""
        return {**self.hall.commands, **Inviting(runners, self._services).commands}

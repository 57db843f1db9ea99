"""The parts of this room, and the documents they rest on, wired for one hall."""

from collections.abc import Sequence

from edge.attention import Attention
from edge.clock import WallClock
from edge.commands import Commands
from edge.documents.hall import Hall
from edge.evaluation.completing import Completing
from edge.evaluation.inviting import Inviting
from edge.evaluation.services import Services
from edge.runner import Runner
from edge.store import Store


class Evaluations:
    """What the daemon holds of evaluations."""

    def __init__(self, folder: str, store: Store, clock: WallClock) -> None:
        """folder: of the documents, "" = none."""
        self.hall = Hall(folder, store, clock)
        self._services = Services(store.path.parent)
        self.complete = Completing(self.hall, self._services).complete

    def look(self) -> None:
        """Take documents that have changed; called every second by main."""
        self.hall.look()

    def attention(self) -> tuple[Attention, ...]:
        """Documents that were refused."""
        return self.hall.attention()

    def commands(self, runners: Sequence[Runner]) -> Commands:
        """What may be ordered: of the documents, and of the evaluators at the windows."""
        return {**self.hall.commands, **Inviting(runners, self._services).commands}

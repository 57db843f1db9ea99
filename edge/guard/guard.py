"""What stands beside a Link and may object: to another terminal, to a log that has lost records."""

from drivers.base import Observation
from edge.guard.gaps import Before
from edge.guard.tally import Counted


class Guard:
    """One that lets everything pass; `edge/duty/guardian.py` has the one that does not."""

    def admit(self, device_id: str, observation: Observation) -> None:
        """Raise DeviceRefused where this is not the terminal it was; called before anything is taken."""

    def counted(
        self, device_id: str, before: Before, counted: Counted, log_max: int, oldest: str | None
    ) -> None:
        """A complete look at everything ended; `oldest`: its oldest record, true time."""

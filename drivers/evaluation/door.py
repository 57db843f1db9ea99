"""What the daemon may ask of any evaluator beside `run`: at which windows it stands. Orders come by the Link.

`invite` (about: window, trigger, project_no, item_code, timeout_s) is answered with the id of the session,
`cancel` and `welcome` (about: window) with «done»; anything else than these words says why not.
"""

from abc import abstractmethod

from drivers.base import Driver


class Evaluator(Driver):
    """A driver of devices that ask citizens to rate a service."""

    @property
    @abstractmethod
    def windows(self) -> tuple[str, ...]:
        """The numbers of the windows it stands at; pure."""

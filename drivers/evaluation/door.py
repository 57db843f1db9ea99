"""What the daemon may ask of any evaluator beside `run`: at which windows it stands. Orders come by the Link.

`invite` (about: window, trigger, project_no, item_code, timeout_s) is answered with the id of the session,
`cancel` and `welcome` (about: window) with «done»; anything else than these words says why not.
"""

from abc import abstractmethod

from drivers.base import Driver, Link


class Evaluator(Driver):
    """A driver of devices that ask citizens to rate a service."""

    @property
    @abstractmethod
    def windows(self) -> tuple[str, ...]:
        """The numbers of the windows it stands at; pure."""

    def show(self, url: str, ttl_s: int, link: Link) -> str:  # noqa: ARG002 - for those that can
        """Open a citizen's own page now, for so long; the session's id, else a word that says why not.

        The address is about a person: it is never kept, told, logged or handed on later.
        """
        return "unsupported"

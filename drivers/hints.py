"""A device that is asked, and may also call when there is news: a call only brings the next look forward.

Nothing of what it sends is stored: the look finds the same record in the device's own log, under the same
key. So a forged call costs one look, and a lost one costs the wait for the next. A body is looked at in
memory and forgotten, pictures with it.
"""

from abc import ABC, abstractmethod

from drivers.base import Request

LOOK = "look"
"""The order that brings the next look forward; answered at once, and never told to a person."""


class Hinted(ABC):
    """Beside `Poller`: which calls are this device's, and whether they bring news."""

    @property
    @abstractmethod
    def calls_from(self) -> str:
        """The IP address it is asked at, and the only one it is heard from."""

    @staticmethod
    @abstractmethod
    def hears(request: Request) -> bool:
        """Whether the head of a request is of this family. Pure."""

    @staticmethod
    @abstractmethod
    def news(body: bytes) -> bool:
        """Whether a body may tell of something new; what cannot be read may. Pure."""

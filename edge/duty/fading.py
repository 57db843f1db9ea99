"""The short life of contact details: once a day, what has aged or was handed over is deleted for good.

At the first look after midnight, and after a start, so that a hall that is switched off at night forgets as
well; also where the people's pages are no longer configured. Only by a clock that somebody vouches for.
"""

import logging
from datetime import date, timedelta

from drivers.base import LinkError
from edge.clock.clock import WallClock
from edge.settings.settings import OfficeSettings
from edge.store.contacts import Contacts

LOG = logging.getLogger(__name__)


class Fading:
    """The duty of one hall; `look` is called each minute."""

    def __init__(self, contacts: Contacts, settings: OfficeSettings, clock: WallClock) -> None:
        self._contacts, self._settings, self._clock = contacts, settings, clock
        self._done: date | None = None

    def look(self) -> None:
        """Do it, if it was not done today."""
        now = self._clock.now()
        if now.date() == self._done or not self._clock.trusted():
            return
        kept, handed = self._settings.contact_days, self._settings.handed_over_days
        try:
            gone = self._contacts.forget(
                now.date().isoformat(),
                (now.date() - timedelta(kept)).isoformat(),
                (now.date() - timedelta(handed)).isoformat(),
            )
        except LinkError as error:
            LOG.error("contact details are not deleted yet: %s", error)
            return
        self._contacts.forget_damaged(now.timestamp() - kept * 86_400)
        self._done = now.date()
        if gone:
            LOG.info("contact details deleted, by their age: %d", gone)

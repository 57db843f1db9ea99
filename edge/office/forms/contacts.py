"""Whom to call back: names and telephone numbers, for the supervision office alone, and for a short time.

Every look at them, and every handing over (已移交), is an `edge.audit` that names the entry and nobody.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import anyio.to_thread
from starlette.responses import Response

from drivers.base import LinkError
from edge.office.audits import Audits
from edge.office.visit import Frame, Visit, away
from edge.office.words import told
from edge.store.contacts import Contact, Contacts

SOON_DAYS = 3
"""From here on the page warns of what nobody has handed over."""


class Life(NamedTuple):
    """Days that contact details are kept: in any case, and after they were handed over."""

    days: int
    handed_days: int

    def ends(self, contact: Contact) -> date | None:
        """The day that deletes it; None while that is not known."""
        if not contact.since:
            return None
        end = date.fromisoformat(contact.since) + timedelta(self.days)
        if contact.handed_on:
            end = min(end, date.fromisoformat(contact.handed_on) + timedelta(self.handed_days))
        return end


class Shown(NamedTuple):
    """One line of the page. soon: it will be gone before anybody has called."""

    contact: Contact
    ends: date | None
    soon: bool


class ContactsPage:
    """The page `/contacts`."""

    def __init__(
        self,
        frame: Frame,
        contacts: Contacts,
        audits: Audits,
        life: Life,
        now: Callable[[], datetime],
    ) -> None:
        self._frame, self._contacts, self._audits = frame, contacts, audits
        self._life, self._now = life, now

    async def show(self, visit: Visit) -> Response:
        """All that are kept."""
        trouble, found = "", list[Contact]()
        try:
            found = await anyio.to_thread.run_sync(self._contacts.all)
        except LinkError as error:
            trouble = told(visit.lang, "contacts.unreadable", why=error)
        if found:
            await self._told(visit, "contact.view", "contacts", f"{len(found)}")
        today = self._now().date()
        lines = [shown(each, self._life, today) for each in found]
        return self._frame.shown(visit, "contacts.html", lines=lines, trouble=trouble, life=self._life)

    async def order(self, visit: Visit) -> Response:
        """Somebody has handed them over."""
        ref, who = visit.form.get("ref", "")[:64], visit.who
        on = self._now().date().isoformat()
        try:
            gone = await anyio.to_thread.run_sync(self._contacts.hand_over, ref, who.name, on)
        except LinkError as error:
            gone = None
            who.notice = told(visit.lang, "contacts.unreadable", why=error)
        else:
            who.notice = told(visit.lang, "contacts.handed" if gone else "contacts.none")
        who.notice_good = gone is not None
        if gone:
            await self._told(visit, "contact.handed_over", gone.entry_no, "")
        return away("/contacts")

    async def _told(self, visit: Visit, action: str, target: str, detail: str) -> None:
        who = visit.who
        tell = self._audits.tell
        await anyio.to_thread.run_sync(tell, who.name, who.role, action, target, "done", detail)


def shown(contact: Contact, life: Life, today: date) -> Shown:
    """One line, on this day."""
    ends = life.ends(contact)
    soon = ends is not None and not contact.handed_by and ends - today <= timedelta(SOON_DAYS)
    return Shown(contact, ends, soon)

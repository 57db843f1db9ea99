"""The pages for people, where `[office] host` is set: else nothing of them is even imported.

They must not stop the collecting: without port or certificate there is an attention, and it is tried again
each minute, since the address may come later than the daemon.
"""

import logging
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands
from edge.duty.fading import Fading
from edge.settings.settings import Settings
from edge.snapshot import Snapshot
from edge.store import Store
from edge.store.contacts import Contacts
from edge.uplink.certificates import end_of_file, soonest
from edge.web import WebServer

if TYPE_CHECKING:
    from edge.documents.posts import Held

LOG = logging.getLogger(__name__)
SUBJECT = "office"
CERTIFICATE = "office.pem"
"""Key and certificate, made by `hall-edge certificate`."""


class People:
    """The door of one hall's people; `start` opens it, `look` is called each minute."""

    def __init__(
        self, settings: Settings, store: Store, clock: WallClock, held: Callable[[], "Held | None"]
    ) -> None:
        """held: what the documents say now."""
        self._settings, self._store, self._clock, self._held = settings, store, clock, held
        self._folder = Path(settings.store.folder)
        self._contacts = Contacts(self._folder)
        self._fading = Fading(self._contacts, settings.office, clock)
        self._server: WebServer | None = None
        self._make: Callable[[], WebServer] | None = None
        self._loaded: tuple[int, ...] = ()
        self._told = Attention(SUBJECT, "", clock.text(), "")
        self.commands: Commands = {}
        """What a person may order about accounts, over the control socket alone."""
        if settings.office.host:
            self._prepare()

    def _prepare(self) -> None:
        from edge.office import Accounts, Audits

        self._accounts = Accounts(self._folder, self._clock.text)
        self._audits = Audits(self._store, self._clock, self._accounts)

        def audited(command: Callable[[Arguments], str]) -> Callable[[Arguments], str]:
            def ordered(arguments: Arguments) -> str:
                answer = command(arguments)
                self._audits.catch_up()
                return answer

            return ordered

        self.commands = {name: audited(command) for name, command in self._accounts.commands.items()}

    def start(self, take: Callable[[], Snapshot], orders: Commands) -> None:
        """Open the pages over `take` and `orders`; nothing where they are not configured."""
        if not self._settings.office.host:
            return
        self._make = lambda: self._served(take, orders)
        self.look()

    def look(self) -> None:
        """Let aged contacts go; try again what could not be opened; take a renewed certificate."""
        self._fading.look()
        if self._make is None:
            return
        cause, about = self._renewed(self._server) if self._server else self._opened(self._make)
        if not cause:
            path = self._folder / CERTIFICATE
            about = soonest({path.name: end_of_file(str(path))}, self._clock.now())
            cause = "office_certificate_ends" if about else ""
        self._tell(cause, about)

    def _opened(self, make: Callable[[], WebServer]) -> tuple[str, str]:
        """Open the pages; why that failed, as cause and detail."""
        self._loaded = _state(self._folder / CERTIFICATE)
        try:
            server = make()
            server.start()
        except FileNotFoundError:
            return "office_no_certificate", ""
        except (ssl.SSLError, ValueError) as error:
            return "office_certificate_bad", str(error)
        except OSError as error:
            return "office_unavailable", str(error)
        self._server = server
        self._audits.catch_up()
        LOG.info("pages for people on port %s", server.port)
        return "", ""

    def _renewed(self, server: WebServer) -> tuple[str, str]:
        """Take the certificate where its file was replaced; else the one in use stays, and why is told."""
        path = self._folder / CERTIFICATE
        if (found := _state(path)) == self._loaded:
            return "", ""
        try:
            server.renew(path)
        except OSError as error:  # ssl.SSLError is one
            return "office_certificate_bad", str(error)
        self._loaded = found
        LOG.info("pages for people: the certificate was renewed")
        return "", ""

    def attention(self) -> Iterator[Attention]:
        """What keeps the pages shut, or soon will."""
        if self._told.cause:
            yield self._told

    def stop(self) -> None:
        """Close everything; harmless when not started."""
        if self._server:
            self._server.stop()

    def _served(self, take: Callable[[], Snapshot], orders: Commands) -> WebServer:
        from edge.office import Entries, Life, Parts, create_office

        office, site = self._settings.office, self._settings.site
        app = create_office(
            take,
            orders,
            self._accounts,
            self._audits,
            self._store.path,
            office.names,
            site.name or site.hall,
            Parts(
                Entries(self._store, self._clock, self._contacts),
                self._contacts,
                Life(office.contact_days, office.handed_over_days),
                self._held,
            ),
        )
        self._accounts.changed = app.state.sessions.end_all
        return WebServer(app, office.host, office.port, None, self._folder / CERTIFICATE)

    def _tell(self, cause: str, about: str) -> None:
        if cause != self._told.cause:
            self._told = Attention(SUBJECT, cause, self._clock.text(), about)
            if cause:
                LOG.error("pages for people: %s %s", cause, about)


def _state(path: Path) -> tuple[int, ...]:
    """Changes when the file is replaced."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size

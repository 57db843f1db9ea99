"""What the Dahua tests share: the driver for a simulated terminal, and reading it."""

from typing import Any

from drivers.dahua import Dahua
from tests.drivers.hikvision_site import password_file
from tests.drivers.memory_link import MemoryLink, running
from tests.sim.dahua import Record, Terminal


def driver(terminal: Terminal, poll_s: float = 0.05, **options: object) -> Dahua:
    """The driver for a terminal."""
    given: dict[str, Any] = {"port": terminal.port, "password_file": password_file(terminal), **options}
    chosen = Dahua.Options(terminal.host, **given)
    object.__setattr__(chosen, "poll_seconds", poll_s)  # tests poll oftener than the shortest option
    return Dahua(chosen)


def key(record: Record) -> str:
    """The name of the fact behind a record."""
    return f"{record.time.isoformat()}|{record.number}"


def keys(terminal: Terminal) -> set[str]:
    """The names of the facts a terminal holds now."""
    return {key(record) for record in terminal.punches}


def read(
    terminal: Terminal, link: MemoryLink | None = None, count: int | None = None, **options: object
) -> MemoryLink:
    """Run the driver until it holds everything and has said that it is complete."""
    link = link or MemoryLink()
    link.completes.clear()
    wanted = len(terminal.punches) if count is None else count
    with running(driver(terminal, **options), link) as work:  # type: ignore[arg-type]
        work.until(lambda: len(link.facts) >= wanted and link.completes)
    return link

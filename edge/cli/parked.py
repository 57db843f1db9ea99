"""`hall-edge parked`: every event that is set aside, why, since when, and whether it is queued again.

Reads the database, so that it answers while the daemon is dead, too.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_WRONG, config, leave, load

if TYPE_CHECKING:
    from edge.store import Reader, SetAside
    from edge.words import Lang


@click.command()
@config
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def parked(lang: "Lang", config: Path, as_json: bool) -> None:
    """列出被搁置的事件、原因和起始时间 / list the events that were set aside, why and since when."""
    import msgspec

    from edge.store import FILE, Reader, sqlite
    from edge.words import say

    database = Path(load(config).store.folder) / FILE
    if not database.exists():
        leave(EXIT_WRONG, say(lang, "proof.no_database", path=database))
    try:
        with closing(Reader(database)) as reader:
            found = reader.set_aside()
            lines = list(_lines(reader, found, lang))
    except sqlite.Error as error:
        leave(EXIT_WRONG, say(lang, "proof.cannot_read", path=database, why=error))
    if as_json:
        click.echo(msgspec.json.encode([_told(each) for each in found]).decode())
    else:
        click.echo("\n".join(lines) or say(lang, "aside.none"))
    raise SystemExit(EXIT_WRONG if found else 0)


def _told(each: "SetAside") -> dict[str, object]:
    from edge.store import sequence_of

    return {"number": sequence_of(each.position), **each._asdict()}


def _lines(reader: "Reader", found: "list[SetAside]", lang: "Lang") -> Iterator[str]:
    from edge.store import sequence_of
    from edge.words import say
    from edge.words.text import inert

    for each in found:
        again = say(lang, "aside.again") if each.again else ""
        head = f"#{sequence_of(each.position)}", each.since[:19].replace("T", " "), again
        yield "  ".join(part for part in head if part)
        yield f"    {_event(reader, each.position, lang)}"
        yield f"    {inert(each.reason)}"
    if not all(each.again for each in found):
        yield f"{say(lang, 'next')}: {say(lang, 'aside.next')}"


def _event(reader: "Reader", position: int, lang: "Lang") -> str:
    """The event on one line, as `hall-edge events` shows it; its kind alone where the payload is gone."""
    import msgspec

    from edge.cli.show import event_line
    from edge.contract import Event

    row = next(iter(reader.after(position - 1, 1)), None)
    if row is None or row.position != position:
        return reader.stub(position).fact.rpartition("|")[2]
    event = msgspec.json.decode(row.body, type=Event)
    return event_line(event, msgspec.json.decode(event.data, type=dict[str, object]), lang)

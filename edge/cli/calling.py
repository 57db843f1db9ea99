"""`hall-edge probe --record` of a device that calls: the running daemon records, here it is written down."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import actor, obeyed

if TYPE_CHECKING:
    from edge.words import Lang


def record_calls(lang: "Lang", folder: Path, device: str, path: Path, minutes: int) -> None:
    """Record what a device says when it calls; Ctrl-C or SIGTERM ends it earlier."""
    import msgspec

    from edge.cli.probing import must_be_new, written
    from edge.commission.recording import Recorded
    from edge.process.farewell import stop_on_signals
    from edge.words import say

    must_be_new(lang, path)
    stop = threading.Event()
    stop_on_signals(stop)
    token = obeyed(lang, folder, "record", device=device, minutes=str(minutes), actor=actor())
    click.echo(say(lang, "record.begun", name=device, n=minutes), err=True)
    stop.wait(60 * minutes)
    found = msgspec.json.decode(obeyed(lang, folder, "recorded", token=token), type=Recorded)
    written(lang, path, found.text, found.entries, found.withheld)

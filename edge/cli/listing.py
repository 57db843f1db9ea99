"""The stored events line by line, for `hall-edge events`."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from edge.cli.show import event_line
from edge.store import Reader
from edge.store.filters import Filter, select
from edge.words import Lang

FOLLOW_EVERY_S = 0.5


def lines(database: Path, wanted: Filter, lang: Lang, follow: bool, as_json: bool) -> Iterator[str]:
    """Every event that passes the filter, as text or as sent; with `follow` also those to come, for ever."""
    after = 0
    with closing(Reader(database)) as reader:
        while True:
            for position, event, data in select(reader, wanted, after):
                after = position
                yield msgspec.json.encode(event).decode() if as_json else event_line(event, data, lang)
            if not follow:
                return
            time.sleep(FOLLOW_EVERY_S)

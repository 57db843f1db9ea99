"""The terminals that a person has let in beside the config file: `approved.json` in the data folder.

The daemon may not write the config file, so what is approved by command or page stands here, as the table
that could stand there. A table of the config file for the same device, or the same terminal, takes its place.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from edge.whole import read_kept, write_whole

FILE = "approved.json"
Table = Mapping[str, str]


def approved(folder: Path) -> dict[str, Table]:
    """Device id -> its table."""
    return read_kept(folder / FILE, dict[str, Table], "terminals approved by command must be again") or {}


def approve(folder: Path, device_id: str, table: Table) -> None:
    """Let one more in, for good; OSError when the disk does not take it, and then it is not."""
    write_whole(folder / FILE, msgspec.json.encode({**approved(folder), device_id: table}))


def beside(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The tables of the config file, and those approved that none of them takes the place of."""
    there = {_terminal(table) for table in tables.values() if isinstance(table, dict)}
    more = {
        name: table
        for name, table in approved(folder).items()
        if name not in tables and _terminal(table) not in there
    }
    return {**tables, **more}


def _terminal(table: Mapping[str, Any]) -> tuple[str, str]:
    return str(table.get("driver")), str(table.get("serial"))

"""What a sweep found, beside what is configured: one row each, and the command that comes next. Pure."""

import shlex
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from edge.commission.sweep import Sighted
from edge.commission.tables import Known, Table
from edge.words import Lang, cause_text, next_step, say
from edge.words.text import aligned, inert

SHOWN_MAX = 64
PUSHING = "adms"
"""The driver of a terminal that calls us, or whose firmware encrypts the port it is asked over."""

COLUMNS = (
    "found.address",
    "found.family",
    "found.model",
    "found.serial",
    "found.configured",
    "found.next",
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One device. configured: the id of its table, "" = none; announced: its own words by mDNS.

    options: keys its table needs beside the address. cause: why it cannot be read as it was found.
    next: the command that takes it in, "" where it is in.
    """

    address: str
    port: int = 0
    driver: str
    serial: str = ""
    model: str = ""
    announced: str = ""
    locked: bool = False
    options: dict[str, str] = {}
    configured: str = ""
    cause: str = ""
    next: str = ""


def findings(sighted: Iterable[Sighted], known: Known, announced: Mapping[str, str]) -> list[Finding]:
    """A row for each device found, each that is in use, and each that called without a table."""
    rows = [_online(table) for table in known.tables if table.online and table.host]
    rows += [_seen(each, known, announced) for each in sighted]
    rows += [
        Finding(address=caller.address, driver=PUSHING, serial=_plain(caller.serial))
        for caller in known.callers
        if not caller.device_id
    ]
    rows.sort(key=lambda row: (row.address.count(":"), [part.zfill(3) for part in row.address.split(".")]))
    return _with_next(rows, {table.device_id for table in known.tables})


def _online(table: Table) -> Finding:
    return Finding(
        address=table.host,
        port=table.port,
        driver=table.driver,
        serial=_plain(table.serial),
        model=_plain(table.model),
        configured=table.device_id,
    )


def _seen(each: Sighted, known: Known, announced: Mapping[str, str]) -> Finding:
    seen = each.seen
    at = [t for t in known.tables if t.host == each.host and t.port in (0, each.port)]
    at += [t for t in known.tables if seen.serial and t.serial == seen.serial]
    return Finding(
        address=each.host,
        port=each.port,
        driver=PUSHING if seen.cause == "encrypted_firmware" else each.driver,
        serial=_plain(seen.serial) or next((t.serial for t in at), ""),
        model=_plain(seen.model),
        announced=_plain(announced.get(each.host, "")),
        locked=seen.locked,
        options=dict(each.options),
        configured=at[0].device_id if at else "",
        cause=seen.cause,
    )


def _with_next(rows: Sequence[Finding], taken: set[str]) -> list[Finding]:
    """The same with the command that takes each of them in, under a name nobody has."""
    told = []
    for row in rows:
        if not row.configured and row.cause != "no_serial":
            name = _name(row, taken)
            taken = taken | {name}
            row = msgspec.structs.replace(row, next=_command(name, row))
        told.append(row)
    return told


def _name(row: Finding, taken: set[str]) -> str:
    parts = row.address.replace(":", ".").split(".")
    for count in range(1, len(parts) + 1):
        name = "-".join([row.driver, *filter(None, parts[-count:])])
        if name not in taken:
            return name
    return f"{row.driver}-{len(taken) + 1}"


def _command(name: str, row: Finding) -> str:
    words = ["hall-edge", "add-device", name, "--driver", row.driver]
    if row.driver == PUSHING:
        words += ["--serial", row.serial or "SERIAL"]
    else:
        words += ["--host", row.address]
        words += [f"--port={value}" for key, value in row.options.items() if key == "port"]
        words += [f"--set={key}={value}" for key, value in row.options.items() if key != "port"]
    return shlex.join(words)


def lines(rows: Sequence[Finding], lang: Lang) -> list[str]:
    """The table."""
    table = [[say(lang, column) for column in COLUMNS]]
    for row in rows:
        place = f"{row.address}:{row.port}" if row.port else row.address
        model = row.model or row.announced or "-"
        table.append([place, row.driver, model, row.serial or "-", row.configured or "-", _next(row, lang)])
    return aligned(table)


def _next(row: Finding, lang: Lang) -> str:
    if row.configured:
        return say(lang, "found.in_use")
    why = f"{cause_text(lang, row.cause)}; {next_step(lang, row.cause)}: " if row.cause else ""
    return why + row.next


def _plain(text: str) -> str:
    return inert(text[:SHOWN_MAX])

"""What becomes of the document before when a new one comes: what stays, what changed, what may not. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from edge.documents.checks import Wrong, begins, ends
from edge.documents.shapes import Assignment, Assignments, Covers, Document, Roster, WindowGroups


class Counts(NamedTuple):
    """How many entries a document added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0


def objections(before: Document | None, new: Document, closed_before: date) -> Iterator[Wrong]:
    """Why `new` may not take the place of `before`, of the same name.

    closed_before: days before this one are over.
    """
    if before is None:
        return
    if new.version < before.version:
        told = f"低于现行版本 {before.version} / is below the version in force, {before.version}"
        yield Wrong("version", new.version, told)
    elif new.version == before.version:
        told = f"内容已变，版本须增加 / the content changed: raise it to {before.version + 1}"
        yield Wrong("version", new.version, told)
    elif isinstance(new, Assignments) and isinstance(before, Assignments) and not new.removes:
        lost = _days(before.entries, new.covers, closed_before) - _days(
            new.entries, new.covers, closed_before
        )
        for staff_no, window_no, _role, day in sorted(lost)[:3]:
            told = "已过去的日子被删去；确属更正时写 removes: true"
            also = "stood on a day that is over and is gone; if it must be so, write removes: true"
            yield Wrong("entries", f"{day} {staff_no} {window_no}", f"{told} / {also}")


def merged(before: Document | None, new: Document) -> Document:
    """What is in force with `new`: assignments keep what it does not cover, all else is replaced."""
    if not isinstance(new, Assignments) or not isinstance(before, Assignments):
        return new
    kept = [part for entry in before.entries for part in _outside(entry, new.covers)]
    entries = sorted({*kept, *new.entries}, key=lambda each: (each.start, each.window_no, each.staff_no))
    covers = Covers(
        start=min(before.covers.start, new.covers.start), end=max(before.covers.end, new.covers.end)
    )
    return msgspec.structs.replace(new, entries=tuple(entries), covers=covers)


def counts(before: Document | None, after: Document) -> Counts:
    """Entries of two documents of one name, told apart by what names them."""
    old, new = _entries(before) if before else {}, _entries(after)
    both = old.keys() & new.keys()
    return Counts(len(new) - len(both), sum(old[key] != new[key] for key in both), len(old) - len(both))


def _entries(document: Document) -> Mapping[object, object]:
    match document:
        case Roster():
            return {each.staff_no: each for each in document.staff}
        case WindowGroups():
            return {each.group_id: each for each in document.groups}
        case Assignments():
            return {(each.staff_no, each.window_no, each.start): each for each in document.entries}
    return {key: value for key, value in msgspec.structs.asdict(document).items() if key != "version"}


def _outside(entry: Assignment, covers: Covers) -> Iterator[Assignment]:
    """The parts of an entry on the days before and after those covered."""
    first, last = date.fromisoformat(covers.start), date.fromisoformat(covers.end)
    if begins(entry.start).date() < first:
        until = min(entry.end, (first - timedelta(days=1)).isoformat(), key=ends)
        yield msgspec.structs.replace(entry, end=until)
    if ends(entry.end) > ends(covers.end):
        since = max(entry.start, (last + timedelta(days=1)).isoformat(), key=begins)
        yield msgspec.structs.replace(entry, start=since)


def _days(
    entries: tuple[Assignment, ...], covers: Covers, closed_before: date
) -> set[tuple[str, str, str, date]]:
    """Who stood where on each covered day that is over."""
    first = date.fromisoformat(covers.start)
    last = min(date.fromisoformat(covers.end), closed_before - timedelta(days=1))
    found: set[tuple[str, str, str, date]] = set()
    for entry in entries:
        day, until = max(first, begins(entry.start).date()), ends(entry.end)
        while day <= last and begins(day.isoformat()) < until:
            found.add((entry.staff_no, entry.window_no, entry.role, day))
            day += timedelta(days=1)
    return found

"""What a document's shape alone does not tell: numbers given twice, ends before beginnings. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from edge.documents.shapes import Assignments, EvaluationProfile, Roster, WindowGroups

DEFAULT_LONG = len("2026-01-31")
PICTURE = re.compile(r"\w[\w.-]{0,60}\.(?:png|jpe?g)", re.IGNORECASE)


class Wrong(NamedTuple):
    """Where something is wrong, the value there, and what to do; in both languages."""

    key: str
    value: object
    message: str


def is_picture(name: str) -> bool:
    """Whether this is the name of a picture file, without any path."""
    return bool(PICTURE.fullmatch(name))


def begins(moment: str) -> datetime:
    """The first moment of a day, or the moment itself; ValueError for a day that the calendar has not."""
    return datetime.fromisoformat(moment)


def ends(moment: str) -> datetime:
    """The first moment after a day, or the moment itself."""
    return datetime.fromisoformat(moment) + timedelta(days=len(moment) == DEFAULT_LONG)


def _twice(values: Iterable[tuple[str, str]]) -> Iterator[Wrong]:
    """Values that stand at two keys."""
    first: dict[str, str] = {}
    for key, value in values:
        if value in first:
            yield Wrong(key, value, f"与 {first[value]} 重复 / already stands at {first[value]}")
        first.setdefault(value, key)


def roster(document: Roster) -> Iterator[Wrong]:
    """One person, one number; one number on a terminal, one person."""
    yield from _twice((f"staff[{n}].staff_no", each.staff_no) for n, each in enumerate(document.staff))
    numbers = [
        (f"staff[{n}].devices.{device}", f"{device}: {number}")
        for n, each in enumerate(document.staff)
        if each.active
        for device, number in each.devices.items()
    ]
    yield from _twice(numbers)


def window_groups(document: WindowGroups) -> Iterator[Wrong]:
    """One window, one group; bands that end after they begin."""
    yield from _twice((f"groups[{n}].group_id", each.group_id) for n, each in enumerate(document.groups))
    yield from _twice(
        (f"groups[{n}].windows[{m}]", window)
        for n, each in enumerate(document.groups)
        for m, window in enumerate(each.windows)
    )
    for n, group in enumerate(document.groups):
        for m, band in enumerate(group.bands):
            if band.end <= band.start:
                yield Wrong(f"groups[{n}].bands[{m}].to", band.end, f"应晚于 / must be after {band.start}")


def assignments(document: Assignments) -> Iterator[Wrong]:
    """Days that exist, in order, and entries within what the document covers."""
    covers = document.covers
    try:
        first, last = date.fromisoformat(covers.start), date.fromisoformat(covers.end)
    except ValueError:
        yield Wrong("covers", f"{covers.start}, {covers.end}", "日历中没有这一天 / no such day")
        return
    if last < first:
        yield Wrong("covers.to", covers.end, f"应不早于 / must not be before {covers.start}")
        return
    for n, entry in enumerate(document.entries):
        try:
            start, end = begins(entry.start), ends(entry.end)
        except ValueError:
            yield Wrong(f"entries[{n}]", f"{entry.start}, {entry.end}", "日历中没有这一天 / no such day")
            continue
        if end <= start:
            yield Wrong(f"entries[{n}].to", entry.end, f"应晚于 / must be after {entry.start}")
        elif start < begins(covers.start) or end > ends(covers.end):
            told = f"超出 covers；改 covers 或此条 / is outside covers ({covers.start} - {covers.end})"
            yield Wrong(f"entries[{n}]", f"{entry.start} - {entry.end}", told)


def evaluation_profile(document: EvaluationProfile) -> Iterator[Wrong]:
    """Pages on allowed hosts, each code once, and a page for who has the province's."""
    hosts, urls = document.provincial.hosts, document.provincial.urls
    for window, url in urls.items():
        yield from _page(f"provincial.urls.{window}", url, hosts)
    for window, name in document.provincial.images.items():
        if not is_picture(name):
            told = "只写文件名，PNG 或 JPEG / a file name alone, PNG or JPEG"
            yield Wrong(f"provincial.images.{window}", name, told)
    if document.page == "provincial" and not urls:
        told = "page = provincial 时必填各窗口的网址 / needs an address for each window"
        yield Wrong("provincial.urls", None, told)
    yield from _twice((f"channels.{name}", code) for name, code in document.channels.items())
    for n, hours in enumerate(document.opening_hours):
        if hours.end <= hours.start:
            yield Wrong(f"opening_hours[{n}].to", hours.end, f"应晚于 / must be after {hours.start}")
    if document.tag_dictionary:
        tags = document.tag_dictionary.tags
        yield from _twice((f"tag_dictionary.tags[{n}].code", tag.code) for n, tag in enumerate(tags))


def _page(key: str, url: str, hosts: tuple[str, ...]) -> Iterator[Wrong]:
    try:
        parts = urlsplit(url)
        host, scheme = parts.hostname, parts.scheme
    except ValueError:
        host, scheme = None, ""
    if scheme not in ("http", "https") or not host or parts.username:
        yield Wrong(key, url, "应为 http(s) 网址 / must be an http(s) address")
    elif host not in hosts:
        told = f"主机不在 provincial.hosts 中；核对后加入 / add {host} to provincial.hosts if it is right"
        yield Wrong(key, url, told)


CHECKS: Mapping[str, Callable[[Any], Iterator[Wrong]]] = {
    "roster": roster,
    "window_groups": window_groups,
    "assignments": assignments,
    "evaluation_profile": evaluation_profile,
}

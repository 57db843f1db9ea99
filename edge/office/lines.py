"""What the page of the supervision office shows of one event, in one language. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from edge.office.words import named
from edge.store.recent import Recent
from edge.words import Lang

BAD_STARS = 2
TEXT_MAX = 500
NUMBERS = ("entry_no", "complaint_no", "inspection_no")
Data = Mapping[str, object]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the page."""

    position: int
    kind: str
    bad: bool
    time: str
    window: str
    staff: str
    level: str
    detail: str
    flags: str


def lines(found: Iterable[Recent], lang: Lang) -> list[Line]:
    """The newest first."""
    return [_line(each, lang) for each in reversed([*found])]


def _line(each: Recent, lang: Lang) -> Line:
    data = each.data
    stars, about = data.get("stars"), data.get("target")
    target = about if isinstance(about, dict) else {}
    told = (*_numbers(data), _several(data.get("tags")), _found(data, lang), _said(data))
    return Line(
        position=each.position,
        kind=each.kind,
        bad=each.kind == "complaint.filed" or (isinstance(stars, int) and stars <= BAD_STARS),
        time=each.time[:19].replace("T", " "),
        window=_text(data.get("window_no", target.get("window"))),
        staff=_text(data.get("staff_no", target.get("staff"))),
        level=named(lang, "level", data["level"]) if "level" in data else "",
        detail=" ".join(filter(None, told)),
        flags=_several(data.get("quality_flags")),
    )


def _numbers(data: Data) -> list[str]:
    return [_text(data[name]) for name in NUMBERS if name in data]


def _said(data: Data) -> str:
    return str(data.get("comment") or data.get("content") or "")[:TEXT_MAX]


def _found(data: Data, lang: Lang) -> str:
    """Of an inspection: by whom, open or covert, and every point that failed."""
    items = data.get("items")
    if not isinstance(items, list):
        return ""
    failed = [each for each in items if isinstance(each, dict) and each.get("result") == "fail"]
    told = [named(lang, "inspector", data.get("inspector")), named(lang, "mode", data.get("mode"))]
    told += [f"{named(lang, 'found', 'fail')} {len(failed)}/{len(items)}"]
    told += [
        " ".join(filter(None, map(str, map(each.get, ("code", "target", "note"))))) for each in failed[:20]
    ]
    return " · ".join(told)[:TEXT_MAX]


def _text(value: object) -> str:
    return "–" if value is None else str(value)[:40]


def _several(value: object) -> str:
    return " ".join(str(each)[:40] for each in value[:20]) if isinstance(value, list) else ""

"""The account of one terminal and day: each result from the facts that decide it; the page."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from edge.account.reconciliation import Kept, due, reconcile
from edge.account.statement import COLUMNS, ORDER, Anchor, Statement, rows, totals
from edge.account.statement_page import html
from edge.account.statement_sheet import write_sheet
from edge.causes import CAUSES
from edge.guard.tally import KEPT_MAX, Counted, Tally, mark
from edge.payloads import DeviceReconciled, ReconciledAs
from edge.words import LANGS

DAY, NEXT = "2026-11-24", "2026-11-25T02:30:00"


def counted(*facts: str, began: str = NEXT, serial: str = "SN1", copies: int = 1) -> Counted:
    tally = Tally()
    tally.add([(DAY, fact, copies) for fact in facts], 0)
    return tally.counted(serial, began)


def kept(
    *stored: str, before: str = "", confirmed: int | None = None, quarantined: int = 0, unproved: str = ""
) -> Kept:
    marks, pushed = frozenset(map(mark, stored)), frozenset(map(mark, unproved))
    sure = len(stored) if confirmed is None else confirmed
    return Kept(marks, frozenset(map(mark, before)), sure, quarantined, pushed)


@pytest.mark.parametrize(
    ("count", "ours", "more", "result", "reason"),
    [
        (counted(*"abc"), kept(*"abc"), {}, "equal", ""),
        (counted(*"abc", copies=2), kept(*"abc"), {}, "equal", ""),
        (counted(*"abca"), kept(*"abc"), {}, "equal", ""),
        (counted(*"abc"), kept(*"ab", before="c"), {}, "equal", ""),
        (counted(), kept(), {}, "equal", ""),
        (counted(*"abc"), kept(*"ab"), {}, "missing", ""),
        (counted(*"abc"), kept(*"abd"), {}, "missing", ""),
        (counted(*"ab"), kept(*"abd"), {}, "more_here", ""),
        (counted(*"ab"), kept(*"abxy", unproved="xy"), {}, "unproved", ""),
        (counted(*"ab"), kept(*"abx", unproved="ab"), {}, "more_here", ""),
        (counted(*"abc"), kept(*"abx", unproved="x"), {}, "missing", ""),
        (counted(*"abc"), kept(*"abc", confirmed=2), {}, "unconfirmed", ""),
        (counted(*"abc"), kept(*"abc", confirmed=0), {"asked": False}, "unconfirmed", "nobody_confirms"),
        (counted(*"abc"), kept(*"abc", quarantined=1), {}, "pending", ""),
        (counted(*"abc"), kept(*"ab", quarantined=1), {}, "missing", ""),
        (None, kept(*"abc"), {}, "unknown", "not_counted"),
        (None, kept(), {"trouble": "no_answer"}, "unknown", "no_answer"),
        (counted(*"abc", serial="SN2"), kept(*"abc"), {}, "unknown", "other_terminal_counted"),
        (counted(*"abc", began="2026-11-24T23:59:59"), kept(*"abc"), {}, "unknown", "day_not_over"),
        (counted(*"abc"), kept(*"abc"), {"trouble": "out_of_service"}, "unknown", "out_of_service"),
    ],
)
def test_the_result(
    count: Counted | None, ours: Kept, more: dict[str, Any], result: str, reason: str
) -> None:
    told = reconcile("fp-1", "SN1", DAY, count, ours, **more)
    assert (told.result, told.reason) == (result, reason)
    assert {reason} - {"out_of_service", ""} <= CAUSES.keys()


def test_numbers_that_are_not_known_are_absent() -> None:
    told = reconcile("fp-1", "SN1", DAY, None, kept(*"ab"))
    assert (told.on_terminal, told.distinct, told.missing, told.more_here, told.stored) == (
        None,
        None,
        None,
        None,
        2,
    )
    told = reconcile("fp-1", "SN1", DAY, counted(*"abca"), kept(*"ad"))
    assert (told.on_terminal, told.distinct, told.missing, told.more_here, told.stored) == (4, 3, 2, 1, 2)


def test_what_a_push_alone_tells_is_counted_and_named() -> None:
    told = reconcile("fp-1", "SN1", DAY, counted(*"ab"), kept(*"abxyz", unproved="xyb"))
    assert (told.result, told.unproved, told.more_here, told.stored) == ("unproved", 2, 3, 5)
    assert reconcile("fp-1", "SN1", DAY, None, kept(*"ax", unproved="x")).unproved == 1
    page = html(Statement("h", "p", DAY, NEXT, [told], None), "en")
    assert "they may be forged" in page
    assert "<th>pushed, unproved</th>" in page
    (row,) = rows(Statement("h", "p", DAY, NEXT, [told], None), "zh")
    assert row[COLUMNS.index("unproved")] == 2


def test_a_count_remembers_the_newest_days_and_says_of_older_ones_that_it_does_not() -> None:
    tally = Tally()
    tally.add([("2026-01-01", f"old{n}", 1) for n in range(10)], 3)
    tally.add([("2026-01-02", str(n), 1) for n in range(KEPT_MAX)], 0)
    found = tally.counted("SN1", NEXT)
    assert found.on("2026-01-01") is None
    assert len(found.on("2026-01-02") or ()) == KEPT_MAX
    assert found.on("2026-01-03") == frozenset()
    assert found.total == KEPT_MAX + 13
    told = reconcile("fp-1", "SN1", "2026-01-01", found, kept())
    assert (told.result, told.reason) == ("unknown", "day_not_kept")


def account(day: str, result: ReconciledAs, serial: str = "SN1") -> DeviceReconciled:
    return DeviceReconciled(device_id="fp-1", device_serial=serial, day=day, result=result)


@pytest.mark.parametrize(
    ("told", "days"),
    [
        ([], ["2026-11-24"]),
        ([account("2026-11-24", "equal")], []),
        ([account("2026-11-24", "unknown")], ["2026-11-24"]),
        ([account("2026-11-20", "unconfirmed"), account("2026-11-24", "more_here")], ["2026-11-20"]),
        ([account("2026-11-20", "missing"), account("2026-11-20", "equal")], ["2026-11-24"]),
        ([account("2026-11-17", "unknown")], ["2026-11-24"]),
        ([account("2026-11-24", "unproved")], ["2026-11-24"]),
        ([account("2026-11-24", "unknown", "OLD"), account("2026-11-24", "equal")], ["2026-11-24"]),
    ],
)
def test_what_is_due(told: list[DeviceReconciled], days: list[str]) -> None:
    assert due(told, date(2026, 11, 25)) == days


def test_every_result_has_its_words_and_its_rank() -> None:
    assert set(ORDER) == set(get_args(ReconciledAs))
    assert {f"rec_{result}" for result in ORDER} <= CAUSES.keys()


HOSTILE = Statement(
    "<script>alert(1)</script>\u202e",
    "410421/hall-1",
    DAY,
    "2026-11-25T02:31:00+08:00",
    [
        DeviceReconciled(
            device_id="fp-1",
            device_serial="=cmd|' /C calc'!A0",
            day=DAY,
            result="equal",
            on_terminal=1234,
            stored=7,
        ),
        msgspec.structs.replace(account(DAY, "unknown"), stored=9),
    ],
    Anchor("epoch-1", 99, "ab" * 32),
    {"fp-1": "<b>一楼"},
)


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_stands_alone_and_what_is_foreign_is_inert(lang: Any) -> None:
    page = html(HOSTILE, lang)
    assert "<script" not in page
    assert "\u202e" not in page
    assert not {"http:", "https:", "src=", "href="} & set(page.split('"'))
    assert "//" not in page
    assert "1,234" in page
    assert HOSTILE.worst == "unknown"
    assert "&lt;b&gt;一楼 (fp-1)" in page
    assert totals(HOSTILE)["stored"] == 7, "what is unknown is not in the sums"
    assert CAUSES["rec_unknown"].en in page or CAUSES["rec_unknown"].zh in page
    assert "ab" * 32 in page


@pytest.mark.parametrize("lang", LANGS)
def test_the_sheet_holds_numbers_as_numbers_and_no_formula(lang: Any, tmp_path: Path) -> None:
    path = tmp_path / "account.xlsx"
    write_sheet(HOSTILE, lang, path)
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert "<v>1234</v>" in sheet
    assert "=cmd" in texts
    with pytest.raises(OSError, match="none"):
        write_sheet(HOSTILE, lang, tmp_path / "none" / "account.xlsx")

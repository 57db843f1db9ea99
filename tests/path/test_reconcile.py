"""对账 of a real hall: the terminal on the wire, the daemon, upstream's books, and a gap that is closed."""

import json
from contextlib import closing
from datetime import timedelta
from typing import Any

from edge.account.holdings import accounts
from edge.payloads import DeviceReconciled
from edge.store import FILE, sqlite
from edge.store.books import Books
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.inside import hall_edge


def reconciled(hall: Hall, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and account of the only terminal, for yesterday unless said otherwise."""
    told = hall_edge("reconcile", "--json", *more, config=hall.daemon.config)
    assert told.stdout, told.stderr
    (account,) = json.loads(told.stdout)
    return told.returncode, account


def stored(hall: Hall) -> list[DeviceReconciled]:
    with closing(Books(hall.daemon.folder / FILE)) as books:
        return accounts(books)


def settled(hall: Hall) -> bool:
    status = hall.daemon.status()
    return status is not None and status.uplink.unconfirmed == 0 and status.devices[0].state == "online"


def test_terminal_stored_and_confirmed_are_held_against_one_another(hall: Hall) -> None:
    day = hall.terminal.clock().replace(hour=8, minute=0, second=0) - timedelta(days=1)
    for number in range(12):
        hall.terminal.punch(str(1001 + number), at=day + timedelta(minutes=number))
    hall.terminal.punch("1001", at=day)  # the very same record once more
    hall.terminal.punch("1001")
    hall.daemon.start()
    code, account = reconciled(hall)
    assert (code, account["result"], account.get("confirmed", 0)) == (1, "unconfirmed", 0)
    with consuming(hall.county):
        assert until(lambda: settled(hall), 20)
        code, account = reconciled(hall)
        assert (code, account["result"]) == (0, "equal"), account
        numbers = {name: account[name] for name in ("on_terminal", "distinct", "stored", "confirmed")}
        assert numbers == {"on_terminal": 13, "distinct": 12, "stored": 12, "confirmed": 12}
        assert account["device_serial"] == "SN0000001"
        code, account = reconciled(hall, "--day", hall.terminal.clock().date().isoformat())
        assert (code, account["result"], account["reason"]) == (1, "unknown", "day_not_over")
        page, sheet = hall.folder / "page.html", hall.folder / "sheet.xlsx"
        shown = hall_edge("reconcile", "--html", str(page), "--excel", str(sheet), config=hall.daemon.config)
        assert "一致" in shown.stdout
        filed = hall.daemon.folder / "accounts"
        assert {path.name for path in filed.iterdir()} >= {
            f"account-{day.date()}.html",
            f"account-{day.date()}.xlsx",
        }
        assert "考勤对账单" in page.read_text(encoding="utf-8")
        assert sheet.stat().st_size > 3000
        english = hall_edge("--lang", "en", "reconcile", config=hall.daemon.config)
        assert "equal" in english.stdout
        hall.terminal.stop()
        assert until(lambda: not settled(hall), 20)
        assert reconciled(hall)[1]["result"] == "equal", "it was counted after that day"
        told = len(stored(hall))
        code, account = reconciled(hall, "--stored")
        assert (code, account["result"], len(stored(hall))) == (0, "equal", told), "nothing was made anew"
        none = hall_edge("reconcile", "--stored", "--day", "2020-01-01", config=hall.daemon.config)
        assert (none.returncode, "2020-01-01" in none.stderr) == (1, True)
        wrong = hall_edge("reconcile", "--device", "fp-9", config=hall.daemon.config)
        assert (wrong.returncode, "fp-9" in wrong.stderr) == (1, True)
    assert {each.result for each in stored(hall)} == {"unconfirmed", "equal", "unknown"}
    hall.daemon.stop()
    dead = hall_edge("reconcile", config=hall.daemon.config)
    assert (dead.returncode, "已存" in dead.stdout) == (5, True)


def test_a_gap_is_named_and_closed_by_reading_again(hall: Hall) -> None:
    day = hall.terminal.clock().replace(hour=8, minute=0, second=0) - timedelta(days=1)
    for number in range(5):
        hall.terminal.punch(str(1001 + number), at=day + timedelta(minutes=number))
    with consuming(hall.county):
        hall.daemon.start()
        assert until(lambda: hall.held() == 5 and settled(hall), 20)
        hall.daemon.stop()
        lose_the_newest_punch(hall)
        hall.daemon.start()
        assert until(lambda: settled(hall), 20)
        _, account = reconciled(hall)
        assert (account["late"], account["missing"], account["stored"]) == (1, 0, 5)
        assert until(lambda: settled(hall), 20)
        assert reconciled(hall)[1].get("late", 0) == 0


def test_a_terminal_that_is_away_is_unknown_with_its_cause(hall: Hall) -> None:
    hall.terminal.stop()
    hall.daemon.start()
    assert until(lambda: (s := hall.daemon.status()) is not None and s.devices[0].state == "offline", 20)
    code, account = reconciled(hall)
    assert (code, account["result"], account["reason"]) == (1, "unknown", "no_answer")
    assert "on_terminal" not in account


def lose_the_newest_punch(hall: Hall) -> None:
    """As if the store had lost a row."""
    with closing(sqlite.connect_writer(hall.daemon.folder / FILE)) as connection:
        connection.execute(
            "DELETE FROM event WHERE position = (SELECT max(position) FROM event WHERE fact LIKE '%punch')"
        )

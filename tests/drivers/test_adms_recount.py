"""The nightly look at a terminal that pushes: a sum first, then only what is new; and what a lie can do."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from drivers.adms import Adms, asking, recount
from drivers.adms.known import Known
from drivers.adms.recount import Recount
from drivers.base import Order
from edge.guard.tally import Counted, Tally
from tests.drivers.adms_site import commands, driver, link, request, upload
from tests.drivers.memory_link import MemoryLink

OLD = ["2026-11-18 08:00:00", "2026-11-18 09:00:00", "2026-11-19 08:00:00"]
NEW = ["2026-11-20 08:00:00", "2026-11-20 08:00:01"]
SUM = "VERIFY SUM ATTLOG StartTime=2000-01-01 00:00:00\tEndTime=2026-11-19 23:59:59"
TAIL, WHOLE = (f"DATA QUERY ATTLOG StartTime={day} 00:00:00" for day in ("2026-11-20", "2000-01-01"))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock of the questions: `clock[0]` seconds."""
    now = [1000.0]
    monkeypatch.setattr(asking, "monotonic", lambda: now[0])
    return now


class Night:
    """A terminal that holds `log`, and what is asked of it."""

    def __init__(self) -> None:
        self.site: Adms = driver()
        self.link: MemoryLink = link(Known(complete="2026-11-20T11:00:00").text())
        self.answers: list[str] = []
        self.site._asking._next_s = 1e9  # no proofs: they have tests of their own

    def ordered(self, name: str = "recount") -> list[tuple[str, str]]:
        """An order comes; what is asked then."""
        self.link.waiting = [Order(name, self.answers.append)]
        return self.asked()

    def asked(self) -> list[tuple[str, str]]:
        return commands(self.site.handle(request("getrequest"), self.link).body)

    def says(self, name: str, rest: str) -> None:
        self.site.handle(request("devicecmd", f"ID={name}&{rest}\n".encode()), self.link)

    def sums(self, name: str, count: object) -> list[tuple[str, str]]:
        """It tells its sum; what is asked then."""
        self.says(name, f"Return=0&CMD=VERIFY SUM&StartTime=x&EndTime=y&AttlogSum={count}")
        return self.asked()

    def lists(self, name: str, log: Sequence[str]) -> None:
        """It lists records in one pack, and says that it is done."""
        body = "".join(f"1001\t{time}\t0\t15\t0\n" for time in log).encode()
        self.site.handle(upload(body, f"&PackCnt=1&PackIdx=1&CmdId={name}"), self.link)
        self.says(name, "Return=0&CMD=DATA")
        self.asked()

    def first(self) -> None:
        """The first night: nothing was counted yet, so all of it is read."""
        ((name, text),) = self.ordered()
        assert WHOLE in text
        self.lists(name, OLD + NEW)
        assert (self.answers, self.link.since) == (["ok"], [""])


@pytest.fixture
def night() -> Night:
    made = Night()
    made.first()
    return made


def test_where_the_sum_is_as_counted_only_the_newest_day_is_read(night: Night) -> None:
    ((name, text),) = night.ordered()
    assert text == SUM
    assert night.asked() == [], "one question at a time"
    completes = len(night.link.completes)
    ((query, text),) = night.sums(name, len(OLD))
    assert TAIL in text
    assert len(night.link.completes) == completes, "a sum proves nothing"
    night.lists(query, [*NEW, "2026-11-20 09:00:00"])
    assert (night.answers, night.link.passes) == (["ok", "ok"], [True, True])
    assert night.link.since == ["", "2026-11-20"]
    ((name, text),) = night.ordered()
    assert text == SUM, "and so on the third night"


@pytest.mark.parametrize("told", [len(OLD) - 1, len(OLD) + 1, "", "x", "-3"])
def test_where_it_is_not_all_is_read(night: Night, told: object) -> None:
    ((name, _),) = night.ordered()
    ((query, text),) = night.sums(name, told)
    assert WHOLE in text
    night.lists(query, OLD + NEW)
    assert night.link.since == ["", ""]


def test_a_terminal_that_knows_no_sums_is_read_whole_and_not_asked_again(night: Night) -> None:
    ((name, _),) = night.ordered()
    night.says(name, "Return=-1002&CMD=VERIFY")
    ((query, text),) = night.asked()
    assert WHOLE in text
    night.lists(query, OLD + NEW)
    ((_, text),) = night.ordered()
    assert WHOLE in text


def test_a_terminal_that_says_nothing_is_read_whole_all_the_same(night: Night, clock: list[float]) -> None:
    night.ordered()
    clock[0] += recount.SUM_S
    ((_, text),) = night.asked()
    assert WHOLE in text


def test_a_person_who_orders_a_reread_gets_one(night: Night) -> None:
    ((_, text),) = night.ordered("reread")
    assert WHOLE in text


def test_a_lie_hides_nothing_for_longer_than_a_week(night: Night, clock: list[float]) -> None:
    clock[0] += recount.WHOLE_EVERY_S - 1
    ((name, _),) = night.ordered()
    ((query, _),) = night.sums(name, len(OLD))
    night.lists(query, NEW)
    clock[0] += 1
    ((_, text),) = night.ordered()
    assert WHOLE in text


def test_a_sum_that_nobody_asked_for_decides_nothing(night: Night) -> None:
    ((name, _),) = night.ordered()
    assert night.sums("f" * 16, len(OLD)) == []
    ((_, text),) = night.sums(name, 0)
    assert WHOLE in text


def test_after_a_count_that_broke_off_all_is_read(night: Night) -> None:
    ((name, _),) = night.ordered()
    ((query, _),) = night.sums(name, len(OLD))
    night.says(query, "Return=-1&CMD=DATA")
    assert (night.asked(), night.answers) == ([], ["ok", "refused"])
    ((_, text),) = night.ordered()
    assert WHOLE in text


def test_a_pack_that_came_twice_spoils_the_count_and_the_next_night_reads_all(night: Night) -> None:
    ((name, _),) = night.ordered()
    ((query, _),) = night.sums(name, len(OLD))
    pack = f"1001\t{NEW[0]}\t0\t15\t0\n".encode()
    for _ in range(2):
        night.site.handle(upload(pack, f"&PackCnt=1&PackIdx=1&CmdId={query}"), night.link)
    night.says(query, "Return=0&CMD=DATA")
    night.asked()
    assert night.link.passes[-1] is False
    ((_, text),) = night.ordered()
    assert WHOLE in text


def test_each_night_the_newest_day_is_counted_anew_and_the_older_ones_once() -> None:
    made = Recount()
    assert made.question("a", 0.0) is None
    made.begins()
    made.count(["2026-11-18T08:00:00", "2026-11-19T08:00:00"])
    made.ended("2026-11-19T12:00:00", 0.0)
    for name, last, expected, listed in (
        ("b", "2026-11-18", 1, ["2026-11-19T08:00:00", "2026-11-19T13:00:00", "2026-11-20T08:00:00"]),
        ("c", "2026-11-19", 3, ["2026-11-20T08:00:00", "2026-11-21T08:00:00"]),
        ("d", "2026-11-20", 4, []),
    ):
        ((_, text),) = made.question(name, 1.0) or [("", "")]
        assert f"EndTime={last}" in text
        made.told(name, 0, {"AttlogSum": str(expected)})
        assert made.question("", 1.0) is None
        assert made.since == listed[0][:10] if listed else made.since
        made.begins()
        made.count(listed)
        made.ended("2026-11-22T12:00:00", 1.0)


def test_the_new_part_is_counted_beside_the_old_one() -> None:
    old = Tally()
    old.add([("2026-11-18T08:00:00", "a", 2), ("2026-11-20T08:00:00", "b", 1)], 0)
    before = old.counted("SN1", "2026-11-20T11:00:00")
    made = Tally.after(before, "2026-11-20")
    made.add([("2026-11-20T08:00:00", "b", 1), ("2026-11-21T08:00:00", "c", 1)], 0)
    after: Counted = made.counted("SN1", "2026-11-21T11:00:00")
    assert after.records == {"2026-11-18": 2, "2026-11-20": 1, "2026-11-21": 1}
    assert after.on("2026-11-18") == before.on("2026-11-18")
    assert (after.oldest, after.total) == ("2026-11-18T08:00:00", 4)
    assert datetime.fromisoformat(after.began) > datetime.fromisoformat(before.began)
    assert before.records == {"2026-11-18": 2, "2026-11-20": 1}, "what was counted is left alone"

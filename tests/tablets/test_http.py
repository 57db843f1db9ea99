"""A vendor's tablet that is asked over HTTP, on the wire: counted once, whatever its list does."""

import random
from datetime import timedelta

import pytest

from drivers.base import DeviceOffline, DeviceRefused, Order
from tests.drivers.memory_link import MemoryLink, running
from tests.drivers.tablet_site import http_tablet
from tests.sim.tablet_http import Tablet

RATING = "evaluation.submitted"


def ratings(link: MemoryLink) -> set[str]:
    """The different ratings heard so far."""
    return {reading.key for reading in link.readings if reading.kind == RATING}


def read(
    tablet: Tablet, link: MemoryLink | None = None, count: int | None = None, **options: object
) -> MemoryLink:
    """Run the driver until it has heard so many different ratings."""
    link = link or MemoryLink()
    wanted = tablet.emitted if count is None else count
    with running(http_tablet(tablet, **options), link) as work:  # type: ignore[arg-type]
        work.until(lambda: len(ratings(link)) >= wanted and link.cursor)
    return link


def test_a_rating_says_what_its_citizen_said() -> None:
    with Tablet() as tablet:
        tablet.rate(2, projectNo="P-1", evalDetail="207,208", writingEvaluation="太慢\x07")
        link = read(tablet)
    invited, rated = link.readings
    assert (invited.kind, rated.kind) == ("evaluation.invited", RATING)
    assert rated.facts["level"] == "dissatisfied"
    assert rated.facts["project_no"] == "P-1"
    assert rated.facts["tags"] == ("207", "208")
    assert rated.facts["comment"] == "太慢"
    assert "王某" not in str(link.readings)
    assert "13800000000" not in str(link.readings)


@pytest.mark.parametrize("wrong", ["", "shuffle", "ignore_cursor", "newest_first"])
def test_hundreds_with_copies_are_each_counted_once(wrong: str) -> None:
    with Tablet() as tablet:
        tablet.faults.repeat = 0.3
        if wrong:
            setattr(tablet.faults, wrong, True)
        for _ in range(150):
            tablet.rate()
        link = read(tablet, limit=400)
        assert len(ratings(link)) == tablet.emitted
        assert len(ratings(read(tablet, link))) == tablet.emitted, "another life tells the same"


def test_the_cursor_rides_with_the_commit_and_a_failed_one_loses_nothing() -> None:
    with Tablet() as tablet:
        for _ in range(25):
            tablet.rate()
        link = MemoryLink(failures=[RuntimeError("disk")])
        with running(http_tablet(tablet, limit=10), link) as work:
            work.ended()
        assert link.cursor is None
        assert len(ratings(read(tablet, link, limit=10))) == 25
        tablet.rate()
        with running(http_tablet(tablet, limit=10), link) as work:
            work.until(lambda: any("after=26" in path for path in tablet.paths))
        assert len(ratings(link)) == 26
        assert '"26"' in str(link.cursor)


def test_a_code_nobody_knows_is_put_aside_once_and_shown() -> None:
    with Tablet() as tablet:
        tablet.faults.unmapped = 2
        for _ in range(5):
            tablet.rate()
        link = MemoryLink()
        with running(http_tablet(tablet), link) as work:
            work.until(lambda: len(ratings(link)) == 3 and "level_unknown" in link.notes)
            before = len(tablet.paths)
            work.until(lambda: len(tablet.paths) > before + 3)
        assert len(link.rejects) == 2
        assert all(each.raw and "王某".encode() not in each.raw for each in link.rejects)


def test_a_record_without_its_time_is_put_aside() -> None:
    with Tablet() as tablet:
        tablet.faults.half = 1
        tablet.rate()
        tablet.rate()
        link = read(tablet, count=1)
        assert [each.reason for each in link.rejects] == ["rating: not as record says"]
        assert link.rejects[0].raw is None


@pytest.mark.parametrize(
    ("wrong", "cause"), [("ignore_cursor", "cursor_ignored"), ("newest_first", "newest_first")]
)
def test_a_list_that_could_hide_ratings_is_said_to(wrong: str, cause: str) -> None:
    with Tablet() as tablet:
        setattr(tablet.faults, wrong, True)
        for number in range(30):
            tablet.rate(at=tablet.clock() - timedelta(minutes=100 - number))
        link = MemoryLink()
        with running(http_tablet(tablet, limit=10), link) as work:
            work.until(lambda: cause in link.notes)


def test_a_list_that_was_reset_is_read_anew_and_leaves_a_gap() -> None:
    with Tablet() as tablet:
        tablet.clock_offset_s = -3600
        for _ in range(7):
            tablet.rate()
        link = read(tablet)
        tablet.reset()
        tablet.clock_offset_s = 0
        tablet.rate(1)
        with running(http_tablet(tablet), link) as work:
            work.until(lambda: len(ratings(link)) == 8)
            work.until(lambda: "list_reset" in link.notes)
        (gap,) = [reading for reading in link.readings if reading.kind == "device.data_gap"]
        assert gap.facts["reason"] == "log_cleared"
        assert str(gap.facts["from"]) < str(gap.facts["to"])
        assert str(gap.facts["from"]).endswith("+08:00")
        read(tablet, link)
        assert sum(reading.kind == "device.data_gap" for reading in link.readings) == 1


def test_an_emptied_list_leaves_a_gap_too_and_the_next_rating_is_heard() -> None:
    with Tablet() as tablet:
        tablet.rate()
        link = read(tablet)
        tablet.reset()
        with running(http_tablet(tablet), link) as work:
            work.until(lambda: any(reading.kind == "device.data_gap" for reading in link.readings))
            tablet.rate(at=tablet.clock() + timedelta(seconds=1))
            work.until(lambda: len(ratings(link)) == 2)


def test_another_tablet_begins_anew() -> None:
    with Tablet() as tablet:
        tablet.rate()
        link = read(tablet)
        tablet.reset()
        tablet.serial = "TABSIM0002"
        tablet.rate()
        read(tablet, link, count=2)
        assert {reading.serial for reading in link.readings} == {"TABSIM0001", "TABSIM0002"}
        assert all(reading.kind != "device.data_gap" for reading in link.readings), (
            "the guardian tells of a swap"
        )


def test_hostile_names_are_inert() -> None:
    with Tablet() as tablet:
        tablet.serial = "x\x1b[2J\n"
        tablet.rate(5, projectNo="P'; DROP TABLE--", writingEvaluation="<script>\x1b]0;\u202e</script>")
        tablet.rate(5, id="../../" + "x" * 200, projectNo="a" * 65)
        link = read(tablet)
    assert {each.serial for each in link.readings} == {"tablet-A01"}
    assert {each.facts.get("project_no") for each in link.readings} == {None}
    assert all(each.key.isprintable() and len(each.key) < 60 for each in link.readings)
    assert all("\x1b" not in str(each.facts) and "\u202e" not in str(each.facts) for each in link.readings)


def test_late_ratings_and_a_wrong_clock_are_told_as_they_are() -> None:
    with Tablet() as tablet:
        tablet.clock_offset_s = -600
        tablet.rate(at=tablet.clock() - timedelta(days=3))
        link = read(tablet)
        assert link.readings[-1].device_time == tablet.list[0].at.isoformat()
        shown = link.observations[0].device_clock
        assert shown is not None
        assert shown < link.now()


@pytest.mark.parametrize(
    ("fault", "error", "cause"),
    [
        ({"status": 404}, DeviceRefused, "path_unknown"),
        ({"unauthorized": 99}, DeviceRefused, "login_refused"),
        ({"endless": True}, DeviceOffline, "answer_unreadable"),
        ({"foreign": b"SSH-2.0-x\r\n"}, DeviceRefused, "foreign_device"),
        ({"redirect": "http://192.0.2.1/"}, DeviceRefused, "redirected"),
        ({"body": b'{"code":0,"data":{"rows":{}}}'}, DeviceOffline, "answer_unreadable"),
    ],
)
def test_silence_and_nonsense_have_a_cause(
    fault: dict[str, object], error: type[Exception], cause: str
) -> None:
    with Tablet() as tablet:
        for name, value in fault.items():
            setattr(tablet.http, name, value)
        with running(http_tablet(tablet), MemoryLink()) as work:
            ended = work.ended()
        assert isinstance(ended, error)
        assert ended.cause == cause  # type: ignore[attr-defined]
        assert "王某" not in str(ended)


def test_an_order_to_read_again_looks_at_everything() -> None:
    with Tablet() as tablet:
        tablet.rate()
        link, answers = MemoryLink(), list[str]()
        with running(http_tablet(tablet), link) as work:
            work.until(lambda: len(ratings(link)) == 1)
            work.until(lambda: any("after=1" in path for path in tablet.paths))
            before = len(tablet.paths)
            link.waiting += [Order("reread", answers.append), Order("invite", answers.append)]
            work.until(lambda: answers == ["unsupported", "ok"] or answers == ["ok", "unsupported"])
            assert any("after=0" in path for path in tablet.paths[before:])


def test_a_thousand_mutated_answers_invent_no_rating() -> None:
    from drivers.tablet_http.driver import _told
    from drivers.tablet_http.walk import page

    with Tablet() as tablet:
        for _ in range(3):
            tablet.rate(5)
        good = tablet.answer("GET", "/api/ratings", "after=0&limit=9", b"").body
        chosen = http_tablet(tablet).options
    true = {
        (each.name, each.level)
        for each in page(_told(good, chosen.shapes[0])["records"], chosen.shapes[1], chosen, "S", "").ratings
    }
    chance, readable = random.Random(5), 0
    for _ in range(1000):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(bad))
            bad[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        try:
            told = _told(bytes(bad), chosen.shapes[0])
        except DeviceOffline:
            continue
        readable += 1
        found = page(told["records"], chosen.shapes[1], chosen, "S", "2026-11-20T09:00:00")
        assert all(str(each.facts["raw_code"]) in "12345" for each in found.ratings)
        assert len(found.ratings) + len(found.rejects) == found.size
    assert len(true) == 3
    assert readable > 100

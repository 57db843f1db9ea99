"""What the hall adds to a rating on its way into the store; and that every rating is there exactly once."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from drivers.base import Reading
from edge.documents.hall import Hall as Documents
from edge.evaluation.completing import KEPT, Completing
from edge.evaluation.services import FILE, Services
from edge.evaluation.tags import bundled, fitting, in_force
from tests.evaluation.halls import Hall, hall
from tests.evaluation.said import rating


@pytest.fixture
def site(tmp_path: Path, one_process: None) -> Iterator[Hall]:
    with hall(tmp_path) as made:
        yield made


def at(site: Hall, minutes: float = 0) -> str:
    moment = site.now() - timedelta(minutes=minutes)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def test_staff_and_department_come_from_the_documents_never_from_the_device(site: Hall) -> None:
    link = site.link()
    link.emit([rating(5, "s1", "A01", at(site), dwell_ms=4000, staff_no="9999", dept_code="X")], None)
    link.emit([rating(5, "s2", "A77", at(site), dwell_ms=4000, staff_no="9999")], None)
    first, second = site.submitted()
    assert (first.staff_no, first.dept_code, first.quality_flags) == ("1001", "D1", ())
    assert (second.staff_no, second.dept_code, second.quality_flags) == (None, None, ("no_staff_on_post",))


def test_a_covering_colleagues_bad_rating_never_lands_on_the_absent_one(site: Hall) -> None:
    site.evaluations.hall.commands["sign-on"]({"window": "A01", "staff_no": "1002"})
    site.link().emit([rating(1, "s1", "A01", at(site, -0.05), dwell_ms=4000)], None)
    (told,) = site.submitted()
    assert told.staff_no == "1002"


def test_yesterdays_rating_of_a_tablet_is_given_to_who_was_there_yesterday(site: Hall) -> None:
    yesterday = (site.now() - timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    site.evaluations.hall.sign_ons.add("A01", "1002", yesterday - timedelta(hours=1))
    site.evaluations.hall.sign_ons.add("A01", "1001", site.now())
    time = yesterday.replace(tzinfo=None).isoformat(timespec="seconds")
    site.link().emit([rating(2, "s1", "A01", time, dwell_ms=4000)], None)
    (told,) = site.submitted()
    assert (told.staff_no, told.replayed, told.device_time) == ("1002", True, time)


def test_the_second_rating_of_a_service_is_its_second_also_after_a_restart(
    site: Hall, tmp_path: Path
) -> None:
    link = site.link()
    for session in ("s1", "s2", "s2", "s3"):
        link.emit([rating(4, session, "A01", at(site), dwell_ms=4000, project_no="P1")], None)
    link.emit([rating(4, "s4", "A02", at(site), dwell_ms=4000, project_no="P2")], None)
    assert [(each.session_id, each.assess_number) for each in site.submitted()] == [
        ("s1", 1),
        ("s2", 2),
        ("s3", 2),
        ("s4", 1),
    ]
    assert ["repeat_session" in each.quality_flags for each in site.submitted()] == [
        False,
        False,
        True,
        False,
    ]
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'["2026-')
    again = Services(tmp_path)
    today = site.now().date()
    assert (again.times("P1"), again.times("P2"), again.times("P3")) == (3, 1, 0)
    assert again.number("P1", "s2", today) == (2, False)
    assert again.number("P2", "s5", today) == (2, False)
    assert Services(tmp_path).times("P2") == 2
    assert again.number("P2", "s5", today + timedelta(days=100)) == (2, False)
    Services(tmp_path).number("P4", "s6", today + timedelta(days=100))
    assert Services(tmp_path).times("P1") == 0, "weeks later it is forgotten"


def test_a_clock_that_is_not_believed_flags_the_rating(site: Hall) -> None:
    site.link().emit([rating(5, "s1", "A01", "2001-01-01T08:00:00", dwell_ms=4000)], None)
    (told,) = site.submitted()
    assert (told.time_quality, "clock_suspect" in told.quality_flags) == ("suspect", True)


def test_a_time_at_the_edge_of_the_calendar_blocks_nothing(site: Hall) -> None:
    odd = [
        rating(5, f"s{n}", "A01", time)
        for n, time in enumerate(("0001-01-01T00:00:00", "9999-12-31T23:59:59"))
    ]
    site.link().emit([*odd, rating(5, "s9", "A01", at(site))], None)
    assert "s9" in {each.session_id for each in site.submitted()}


def test_tags_bear_the_version_of_the_dictionary_in_force(site: Hall) -> None:
    link = site.link()
    link.emit([rating(5, "s1", "A01", at(site), dwell_ms=4000, tags=("510",))], None)
    site.document(
        "evaluation_profile",
        {"version": 1, "tag_dictionary": {"version": "2027-01", "tags": [{"code": "599", "zh": "新"}]}},
    )
    link.emit([rating(5, "s2", "A01", at(site), dwell_ms=4000, tags=("599",))], None)
    link.emit([rating(5, "s3", "A01", at(site), dwell_ms=4000)], None)
    assert [each.tag_dict_version for each in site.submitted()] == ["2020-05", "2027-01", None]


def test_the_bundled_dictionary_is_the_national_one() -> None:
    tags = bundled().tags
    assert in_force(None) is bundled()
    assert Counter(tag.code[0] for tag in tags) == dict.fromkeys("12345", 8)
    assert len({tag.code for tag in tags}) == 40
    for stars in range(1, 6):
        shown = fitting(bundled(), stars)
        assert [tag.first for tag in shown] == [True] * 3 + [False] * 5
        assert {tag.code[0] for tag in shown} == {str(stars)}
        assert all(tag.zh and tag.en for tag in shown)


def test_off_hours_is_said_only_where_a_timetable_is_known(site: Hall) -> None:
    documents: Documents = site.evaluations.hall
    for known, expected in ((None, False), (True, False), (False, True)):
        made = Completing(documents, Services(site.store.path.parent), lambda _at, known=known: known)  # type: ignore[misc]
        read = made.complete(rating(5, f"s{known}", dwell_ms=4000), site.now(), "synced")
        assert ("off_hours" in read.facts["quality_flags"]) is expected  # type: ignore[operator]


def test_what_is_no_rating_passes_untouched(site: Hall) -> None:
    punch = Reading("attendance.punch", "T1", "k", at(site), {"device_user_id": "7"})
    complete = site.evaluations.complete
    assert complete(punch, site.now(), "synced") is punch
    invited = rating(5)._replace(kind="evaluation.invited", facts={"session_id": "s", "window_no": "A02"})
    assert complete(invited, site.now(), "synced").facts == {**invited.facts, "staff_no": "1002"}


def test_500_ratings_in_a_minute_from_one_tablet_are_all_flagged_and_all_kept(site: Hall) -> None:
    link, start = site.link(), site.now() - timedelta(seconds=60)
    readings = [
        rating(5, f"s{n}", "A01", _stamp(start + timedelta(seconds=n * 0.12)), dwell_ms=100)
        for n in range(500)
    ]
    link.emit(readings, None)
    told = site.submitted()
    assert len(told) == 500
    assert all(each.quality_flags for each in told)
    assert sum("burst" in each.quality_flags for each in told) >= 495


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def test_ten_thousand_submissions_of_which_a_third_repeat_from_eight_threads_are_exact(site: Hall) -> None:
    chance = random.Random(7)
    start = site.now() - timedelta(hours=8)
    ratings = [
        rating(
            chance.randint(1, 5),
            f"s{n}",
            f"A{n % 40:02}",
            _stamp(start + timedelta(seconds=n * 4)),
            project_no=f"P{n // 2}",
            dwell_ms=4000,
        )
        for n in range(7000)
    ]
    sent = [*ratings, *chance.choices(ratings, k=3000)]
    chance.shuffle(sent)

    def send(share: list[Reading]) -> None:
        link = site.link("tablets", "T1")
        for begin in range(0, len(share), 25):
            link.emit(share[begin : begin + 25], None)

    threads = [threading.Thread(target=send, args=(sent[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = site.submitted()
    assert len(sent) == 10_000
    assert Counter(each.session_id for each in told) == Counter(f"s{n}" for n in range(7000))
    stars = {reading.facts["session_id"]: reading.facts["stars"] for reading in ratings}
    assert all(each.stars == stars[each.session_id] for each in told)
    numbers = Counter((each.project_no, each.assess_number) for each in told)
    assert set(numbers.values()) == {1}, "each service has one first and one second rating"
    assert len(told) > KEPT


def test_a_rating_while_the_hall_is_shut_is_flagged_and_counts(site: Hall) -> None:
    friday = site.now().replace(hour=10) - timedelta(days=(site.now().weekday() - 4) % 7 or 7)
    profile = {"version": 1, "opening_hours": [{"days": [5], "from": "09:00", "to": "12:00"}]}
    site.document("evaluation_profile", profile)
    for n, moment in enumerate((friday, friday.replace(hour=22), friday - timedelta(days=1))):
        time = moment.replace(tzinfo=None).isoformat(timespec="seconds")
        site.link().emit([rating(5, f"h{n}", "A01", time, dwell_ms=4000)], None)
    told = [each.quality_flags for each in site.submitted()]
    assert ["off_hours" in flags for flags in told] == [False, True, True]

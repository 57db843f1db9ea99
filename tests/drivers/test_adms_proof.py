"""A push is a hint: it counts once the terminal's own log shows it; what the log does not show is told."""

from contextlib import suppress
from datetime import timedelta

import pytest

from drivers.adms import asking
from drivers.adms.hints import HEARD_MAX
from drivers.adms.known import Known
from drivers.base import Order, StoreBusy
from tests.drivers.adms_site import NOON, commands, driver, link, record, records, request, upload
from tests.drivers.memory_link import MemoryLink

DONE = "2026-11-20T11:00:00"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock of the questions: `clock[0]` seconds."""
    now = [1000.0]
    monkeypatch.setattr(asking, "monotonic", lambda: now[0])
    return now


def ask(site: object, here: MemoryLink) -> list[tuple[str, str]]:
    return commands(site.handle(request("getrequest"), here).body)  # type: ignore[attr-defined]


def answer(site: object, here: MemoryLink, name: str, body: bytes, code: int = 0) -> None:
    """The terminal lists `body` in one pack, and says that it is done."""
    if body:
        site.handle(upload(body, f"&PackCnt=1&PackIdx=1&CmdId={name}"), here)  # type: ignore[attr-defined]
    site.handle(request("devicecmd", f"ID={name}&Return={code}&CMD=DATA\n".encode()), here)  # type: ignore[attr-defined]
    site.handle(request("ping"), here)  # type: ignore[attr-defined]


def unconfirmed(here: MemoryLink) -> set[str]:
    return {each.key for each in here.readings if each.facts.get("unconfirmed")}


def test_what_is_pushed_is_unconfirmed_and_what_we_asked_for_is_not() -> None:
    site, here = driver(), link()
    site.handle(upload(records(0, 2)), here)
    ((name, text),) = ask(site, here)
    assert "StartTime=2000-01-01 00:00:00" in text, "nothing was ever proved"
    answer(site, here, name, records(0, 3))
    pushed, shown = here.readings[:2], here.readings[2:]
    assert [each.facts.get("unconfirmed") for each in pushed] == [True, True]
    assert [each.facts.get("unconfirmed") for each in shown] == [None] * 3
    assert {each.key for each in pushed} < {each.key for each in shown}
    assert here.completes == ["2026-11-20T11:59:00"]
    assert here.notes == {}


def test_what_the_log_does_not_show_is_told_and_stays_so_until_it_does(clock: list[float]) -> None:
    site, here = driver(), link()
    site.handle(upload(records(0, 5)), here)
    ((name, _),) = ask(site, here)
    answer(site, here, name, records(0, 3))
    assert here.notes == {"push_unconfirmed": "2: 2026-11-20T08:00:03|1003|0"}
    clock[0] += asking.PROOF_S
    ((name, _),) = ask(site, here)
    answer(site, here, name, records(2, 3))
    assert here.notes == {}


def test_a_proof_begins_at_the_last_one_and_its_answer_cannot_be_empty(clock: list[float]) -> None:
    site, here = driver(), link(Known(complete=DONE, newest="2026-11-20T08:00:00").text())
    ((name, text),) = ask(site, here)
    assert "StartTime=2026-11-20 08:00:00\tEndTime=2026-11-21 12:00:00" in text
    answer(site, here, name, records(0, 1))
    assert ask(site, here) == [], "there is nothing to prove"
    clock[0] += asking.PROOF_S - 1
    assert ask(site, here) == []
    clock[0] += 1
    assert len(ask(site, here)) == 1


def test_what_is_pushed_is_looked_for_soon(clock: list[float]) -> None:
    site, here = driver(), link(Known(complete=DONE).text())
    ((name, _),) = ask(site, here)
    answer(site, here, name, records(0, 1))
    site.handle(upload(record(0).replace("08:00", "11:30").encode()), here)
    assert ask(site, here) == []
    clock[0] += asking.HINT_S
    ((name, text),) = ask(site, here)
    assert "EndTime=2026-11-21" in text
    answer(site, here, name, b"", -1)
    assert (ask(site, here), here.notes) == ([], {}), "no answer proves nothing, for or against"
    clock[0] += asking.PROOF_S
    ((name, _),) = ask(site, here)
    answer(site, here, name, records(0, 1))
    assert "push_unconfirmed" in here.notes


def test_a_forger_of_old_punches_does_not_keep_the_terminal_busy(clock: list[float]) -> None:
    site, here = driver(), link(Known(complete=DONE).text())
    questions = []
    for turn in range(120):
        old = record(turn).replace("2026-11", "2020-01").encode()
        site.handle(upload(old + record(turn).replace("08:0", "11:3").encode()), here)
        clock[0] += asking.HINT_S
        for name, text in ask(site, here):
            questions.append(text)
            answer(site, here, name, records(0, 1))
    far = [text for text in questions if "StartTime=2020" in text]
    assert len(questions) > 100
    assert len(far) == 1, "an hour of it costs one long question, and the others are short"


def test_old_forged_punches_hold_up_no_proof_of_new_ones(clock: list[float]) -> None:
    site, here = driver(), link(Known(complete=DONE).text())
    forged = records(0, HEARD_MAX + 500).replace(b"2026-11", b"2020-01").splitlines(keepends=True)
    site.handle(upload(forged[0]), here)
    ((name, _),) = ask(site, here)
    answer(site, here, name, records(0, 1))
    site.handle(upload(b"".join(forged[1:])), here)
    clock[0] += asking.HINT_S
    assert ask(site, here) == [], "old ones are looked for once an hour"
    site.handle(upload(record(0).replace("08:00", "11:30").encode()), here)
    ((name, text),) = ask(site, here)
    assert "EndTime=2026-11-21" in text
    answer(site, here, name, records(0, 1))
    assert here.notes == {"push_unconfirmed": "2: 2020-01-20T08:00:00|1000|0"}


def test_a_terminal_that_never_answers_is_told(clock: list[float]) -> None:
    site, here = driver(), link(Known(complete=DONE, newest=DONE).text())
    for _ in range(asking.UNPROVED):
        clock[0] += asking.PROOF_S
        ((name, _),) = ask(site, here)
        answer(site, here, name, b"", -1004)
    assert here.notes == {"push_unproved": "refused"}


def test_a_thousand_forged_pushes_confirm_nothing() -> None:
    site, here = driver(), link()
    ((name, _),) = ask(site, here)
    for number in range(1000):
        site.handle(upload(records(number, 1), f"&PackCnt=1&PackIdx=1&CmdId={number:016x}"), here)
        site.handle(request("devicecmd", f"ID={number:016x}&Return=0&CMD=DATA\n".encode()), here)
    assert len(unconfirmed(here)) == len(here.readings) == 1000
    assert here.completes == []
    assert name not in repr(here.readings)


def test_a_question_is_asked_again_and_given_up_in_the_end(clock: list[float]) -> None:
    site, here = driver(), link(Known(complete=DONE).text())
    asked = 0
    for _ in range(50):
        asked += len(ask(site, here))
        clock[0] += 60
    assert asked >= 3
    assert here.completes == []


def test_a_proof_that_cannot_be_stored_is_stored_later() -> None:
    site, here = driver(), link()
    site.handle(upload(records(0, 2)), here)
    ((name, _),) = ask(site, here)
    site.handle(upload(records(0, 2), f"&PackCnt=1&PackIdx=1&CmdId={name}"), here)
    here.failures = [StoreBusy("slow")]
    with pytest.raises(StoreBusy):
        site.handle(request("devicecmd", f"ID={name}&Return=0&CMD=DATA\n".encode()), here)
    assert here.completes == []
    site.handle(request("ping"), here)
    site.handle(request("getrequest"), here)
    assert len(here.completes) == 1


def test_the_clock_of_the_terminal_is_what_a_proof_is_told_by() -> None:
    site, here = driver(), link()
    site.handle(upload(record(0).replace("08:00:00", "11:59:30").encode()), here)
    ((name, _),) = ask(site, here)
    answer(site, here, name, record(0).replace("08:00:00", "11:59:30").encode())
    shown = NOON.replace(tzinfo=None) - timedelta(seconds=30 + 60)
    assert here.completes == [shown.isoformat()]


def test_questions_go_out_one_at_a_time() -> None:
    site, here, answers = driver(), link(), list[str]()
    ((proof, _),) = ask(site, here)
    here.waiting = [Order("reread", answers.append)]
    assert ask(site, here) == [], "its answer would mingle with that of the proof"
    answer(site, here, proof, records(0, 2))
    ((name, text),) = ask(site, here)
    assert "StartTime=2000-01-01" in text
    answer(site, here, name, records(0, 2))
    assert answers == ["ok"]
    assert here.passes == [True]


def test_a_long_answer_has_all_the_time_it_needs(clock: list[float]) -> None:
    site, here = driver(), link()
    ((name, _),) = ask(site, here)
    for index in range(1, 11):
        site.handle(upload(records(index, 1), f"&PackCnt=10&PackIdx={index}&CmdId={name}"), here)
        clock[0] += 200
        assert ask(site, here) == [], "it is still coming"
    answer(site, here, name, b"")
    assert len(here.completes) == 1


def whole(here: MemoryLink) -> tuple[object, str]:
    """A site whose terminal has been asked for its whole log, and the question's id."""
    site = driver()
    here.waiting = [Order("reread", lambda _result: None)]
    ((name, _),) = ask(site, here)
    return site, name


def test_a_pack_that_comes_twice_is_counted_by_nobody() -> None:
    here = link()
    site, name = whole(here)
    for index in (1, 2, 2, 3):
        site.handle(upload(records(index, 1), f"&PackCnt=3&PackIdx={index}&CmdId={name}"), here)  # type: ignore[attr-defined]
    assert here.passes == [True, False]


def test_a_pack_that_was_half_stored_is_counted_by_nobody() -> None:
    here = link()
    site, name = whole(here)
    for index, fails in ((1, False), (2, True), (2, False)):
        here.failures = [StoreBusy("slow")] if fails else []
        with suppress(StoreBusy):
            site.handle(upload(records(index, 1), f"&PackCnt=2&PackIdx={index}&CmdId={name}"), here)  # type: ignore[attr-defined]
    assert here.passes == [True, False]


def test_an_answer_that_breaks_off_counts_nothing() -> None:
    here = link()
    site, name = whole(here)
    site.handle(upload(records(1, 1), f"&PackCnt=2&PackIdx=1&CmdId={name}"), here)  # type: ignore[attr-defined]
    answer(site, here, name, b"", -1)
    assert here.passes == [True, False]
    assert here.completes == []

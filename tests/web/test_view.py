"""What the page says of a snapshot, without a server."""

import msgspec
import pytest

from edge.contract import Problem
from edge.snapshot import StaffPart
from edge.web.short import clock_offset, moment, plain, since
from edge.web.view import page
from tests.web.halls import DEAD_GATE, GATE, TROUBLE, WELL, problem

AT = WELL.at


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("2025-11-22T08:11:40+08:00", "08:11:40", "08:11:40"),
        ("2025-11-22T00:11:40+00:00", "08:11:40", "08:11:40"),
        ("2025-11-21T17:41:12+08:00", "昨\u00a017:41", "yest. 17:41"),
        ("2025-03-01T17:41:12+08:00", "03-01 17:41", "03-01 17:41"),
        ("2000-01-01T00:00:00+08:00", "2000-01-01 00:00", "2000-01-01 00:00"),
        ("2025-11-23T01:00:00+08:00", "11-23 01:00", "11-23 01:00"),
        (None, "–", "–"),
        ("", "–", "–"),
        ("no time at all", "no time at all", "no time at all"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_moment_is_short_and_clear(text: str | None, zh: str, en: str) -> None:
    assert (moment(text, AT, "zh"), moment(text, AT, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2025-11-22T07:46:10+08:00", "07:46:10 (25\u00a0min)"),
        ("2025-11-22T05:02:00+08:00", "05:02:00 (3\u00a0h)"),
        ("2025-11-19T05:02:00+08:00", "11-19 05:02 (3\u00a0d)"),
        ("2025-11-22T08:12:30+08:00", "08:12:30 (0\u00a0min)"),
        ("", "–"),
    ],
)
def test_since_says_how_long(text: str, shown: str) -> None:
    assert since(text, AT, "en") == shown


@pytest.mark.parametrize(
    ("offset_ms", "shown"),
    [
        (None, "–"),
        (0, "+0.0 s"),
        (-40, "+0.0 s"),
        (-400, "-0.4 s"),
        (-96_000, "-96 s"),
        (150_000, "+2 min"),
        (9 * 3_600_000, "+9 h"),
        (-9_000 * 86_400_000, "-9000 d"),
    ],
)
def test_clock_offset_has_a_fitting_unit(offset_ms: int | None, shown: str) -> None:
    assert clock_offset(offset_ms) == shown


def test_hostile_text_is_cut_and_cleaned() -> None:
    assert plain("a\u202egpj.exe\u2066\x1b[31m\x00\n", 60) == "a�gpj.exe��[31m��"
    assert plain("长" * 65_536, 60) == "长" * 59 + "…"
    assert plain("长" * 60, 60) == "长" * 60


def test_conclusion_names_each_problem_with_since_cause_and_next_step() -> None:
    shown = page(TROUBLE, "zh")
    assert (shown.level, shown.headline) == ("bad", "结论: 3 个问题")
    assert [entry.subject for entry in shown.problems] == ["大门指纹机 (1F)", "人脸机 2 (2F)", "上行"]
    for entry in shown.problems:
        assert entry.text
        assert entry.since != "–"
        assert entry.next_step
    assert page(WELL, "zh").level == "good"
    assert page(WELL, "zh").headline == "结论: 一切正常"


def test_level_is_bad_only_when_something_is_gone() -> None:
    slow = msgspec.structs.replace(WELL, problems=(problem("uplink", "no_receipt", AT),))
    assert page(slow, "en").level == "warn"
    assert page(msgspec.structs.replace(slow, devices=(DEAD_GATE,)), "en").level == "bad"


def test_row_shows_the_devices_numbers() -> None:
    full = msgspec.structs.replace(GATE, counts={"logs": 120_000, "log_max": 100_000}, quarantined=2)
    row = page(msgspec.structs.replace(WELL, devices=(full,)), "en").devices[0]
    assert (row.counts, row.fill, row.fill_text) == ("120,000 / 412", 100, "100 %")
    assert row.detail == "2 quarantined"
    empty = msgspec.structs.replace(GATE, counts={"log_max": 0})
    row = page(msgspec.structs.replace(WELL, devices=(empty,)), "en").devices[0]
    assert (row.counts, row.fill, row.fill_text) == ("– / 412", None, "–")


def test_unknown_cause_of_a_plugin_is_shown_as_it_is() -> None:
    odd = msgspec.structs.replace(DEAD_GATE, cause="paper_jam")
    assert page(msgspec.structs.replace(WELL, devices=(odd,)), "zh").devices[0].cause == "paper_jam"


def test_untrusted_clock_is_said_with_its_next_step() -> None:
    problem = Problem("clock", "clock_suspected", "", {}, {})
    suspected = page(msgspec.structs.replace(WELL, problems=(problem,)), "zh").panels[1]
    assert "hall-edge clock" in suspected.next_step
    store = page(msgspec.structs.replace(WELL, clock_trusted=False), "zh").panels[1]
    assert store.level == "warn"
    assert "本机时间" in store.cause
    assert store.next_step


REVOKED = StaffPart(
    order="a1",
    command="staff.revoke",
    user="1007\u202e",
    actor="li.wei",
    device_id="zk-gate",
    state="done",
    given="2025-11-22T08:00:00+08:00",
    since="2025-11-22T08:10:00+08:00",
    expires="2026-02-20T08:00:00+08:00",
    cause="staff_done",
)


def test_orders_about_staff_show_what_is_open_since_when_why_and_the_next_step() -> None:
    assert len(page(WELL, "en").panels) == 2, "no orders, no panel"
    waiting = msgspec.structs.replace(REVOKED, state="waiting", device_id="face-2f", cause="no_answer")
    refused = msgspec.structs.replace(REVOKED, state="failed", cause="staff_refused", detail="-3")
    panel = page(msgspec.structs.replace(WELL, staff=(waiting, REVOKED)), "en").panels[2]
    assert (panel.level, panel.state) == ("unknown", "1 not answered")
    open_one, answered = panel.facts
    assert open_one.label == "revoke · 1007\ufffd · 人脸机 2 (2F)"
    assert "does not answer" in open_one.value
    assert "since 08:10:00" in open_one.value
    assert "next step: check power" in open_one.value
    assert answered.value.startswith("done · carried out by the terminal")
    panel = page(msgspec.structs.replace(WELL, staff=(refused,)), "zh").panels[2]
    assert (panel.level, panel.state) == ("warn", "均已答复")
    assert "终端拒绝执行 · -3" in panel.facts[0].value

"""Keypads: bytes of a line become ratings and nothing else does; written first, thanked after."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from operator import xor
from typing import Any

import pytest

from drivers.base import IntakeClosed, Order, Reading
from drivers.keypad import Keypad
from drivers.keypad.frame import Frame, crc16
from drivers.keypad.hearing import QUIET_S, STALE_S, Ear, Layout, Press
from drivers.keypad.line import KEEPALIVE
from drivers.keypad.memory import _KEPT
from drivers.keypad.options import KeypadOptions
from tests.drivers.memory_link import MemoryLink, Running, running
from tests.sim.keypad import KEYS, OPTIONS, Converter, Pads, Pty

VECTOR = bytes.fromhex("55AA000B02000000201111111111112955AA")
"""The published frame (protocols §6): JT/T 905.2, device type 02."""
BODY = bytes.fromhex("0200000020111111111111")
LAYOUT = Layout(address_at=1, key_command=b"\x01\x01")
KEY = bytes.fromhex("0601010104")


def options(pads: Pads, **more: Any) -> KeypadOptions:
    windows = {address: f"A{address}" for address in pads.addresses}
    made: dict[str, Any] = {**OPTIONS, "windows": windows, "debounce_ms": 0, **more}
    return KeypadOptions(pads.port, **made)


def bare(pads: Pads, **more: Any) -> KeypadOptions:
    keys = dict(zip("12345", list(KEYS.values())[:5], strict=True))
    return KeypadOptions(pads.port, keys, window="A01", mode="ascii-key", debounce_ms=0, **more)


@pytest.fixture
def pads() -> Iterator[Pads]:
    with Pads(("01", "02", "03")) as made:
        yield made


def order(name: str, window: str = "A01", **about: str) -> tuple[Order, list[str]]:
    answers: list[str] = []
    return Order(name, answers.append, about={"window": window, **about}), answers


def said(link: MemoryLink) -> list[str]:
    return [reading.kind.removeprefix("evaluation.") for reading in link.readings]


def ratings(link: MemoryLink) -> list[Reading]:
    return [reading for reading in link.readings if reading.kind == "evaluation.submitted"]


def invited(link: MemoryLink, work: Running, window: str = "A01", **about: str) -> str:
    asked, answers = order("invite", window, **about)
    link.waiting.append(asked)
    work.until(lambda: answers)
    return answers[0]


# --- frames ---------------------------------------------------------------------------------------------


def test_the_published_frame_is_read_and_written() -> None:
    assert Frame().unpack(VECTOR) == (BODY, len(VECTOR))
    assert Frame().pack(BODY) == VECTOR


@pytest.mark.parametrize("place", range(len(VECTOR)))
def test_a_flipped_bit_anywhere_is_no_frame(place: int) -> None:
    wrong = bytearray(VECTOR)
    wrong[place] ^= 0x10
    body, _size = Frame().unpack(bytes(wrong))
    assert body is None


@pytest.mark.parametrize("count", range(len(VECTOR)))
def test_a_frame_that_is_not_whole_is_waited_for(count: int) -> None:
    assert Frame().unpack(VECTOR[:count]) == (None, 0)


@pytest.mark.parametrize(
    ("frame", "written"),
    [
        (Frame(b"\xaa", b"\x0d", "u8", "body", "sum8", "header"), "aa020103b00d"),
        (Frame(b"\xaa", b"", "u8", "whole", "xor", "length"), "aa05010307"),
        (Frame(b"\x7e", b"\x7e", "u16le", "body", "none", "body"), "7e020001037e"),
        (Frame(b"\x01", b"", "none", "body", "crc16", "header", 2), "010103" + "5120"),
    ],
)
def test_other_frames_written_by_hand(frame: Frame, written: str) -> None:
    whole = bytes.fromhex(written)
    if frame.checksum == "crc16":
        whole = whole[:3] + crc16(whole[:3])
    assert frame.pack(b"\x01\x03") == whole
    assert frame.unpack(whole + b"\x99") == (b"\x01\x03", len(whole))


def test_crc16_of_the_textbook() -> None:
    assert crc16(b"123456789") == (0x4B37).to_bytes(2, "little")


# --- hearing --------------------------------------------------------------------------------------------


def heard(ear: Ear, *chunks: tuple[float, bytes]) -> list[Press]:
    return [press for at_s, chunk in chunks for press in ear.hear(chunk, at_s)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_presses_are_found_in_noise_however_it_is_cut(size: int) -> None:
    frame = Frame().pack(KEY)
    stream = b"\x55\xaa\x00" + frame + b"\x00\xff55" + frame[:6] + frame + b"\xaa\x55\x55" + frame
    chunks = [(n * 0.001, stream[n : n + size]) for n in range(0, len(stream), size)]
    ear = Ear(Frame(), LAYOUT)
    assert heard(ear, *chunks, (9.0, b""), (9.1, b"")) == [Press("01", "04")] * 3
    assert ear.noise == len(stream) - 3 * len(frame)


def test_a_header_of_noise_does_not_swallow_the_press_after_it() -> None:
    ear = Ear(Frame(), LAYOUT)
    assert heard(ear, (0.0, b"\x55\xaa\x00\x30" + Frame().pack(KEY)), (STALE_S + 0.1, b"")) == [
        Press("01", "04")
    ]


def test_a_frame_of_another_device_type_or_command_is_no_press() -> None:
    for body in ("0201010104", "0601010204", "06010101", "06"):
        ear = Ear(Frame(), LAYOUT)
        assert heard(ear, (0.0, Frame().pack(bytes.fromhex(body)))) == []


def test_a_bare_key_counts_alone_between_silences() -> None:
    ear = Ear(None, LAYOUT)
    quiet = QUIET_S * 2
    assert heard(ear, (1.0, b"3"), (1.0 + quiet, b"")) == [Press("", "3")]
    assert heard(ear, (2.0, b"4"), (2.01, b"4"), (2.02, b"4"), (3.0, b"")) == [Press("", "4")], "held down"
    assert heard(ear, (4.0, b"1"), (4.01, b"2"), (5.0, b"")) == [], "two keys at once are nobody's"
    assert heard(ear, (6.0, b"\xf04\x00"), (7.0, b"")) == []
    assert heard(ear, (8.0, b"1"), (9.0, b"2"), (9.0 + quiet, b"")) == [Press("", "1"), Press("", "2")]
    assert ear.noise == 5


def test_a_bare_key_may_have_a_beginning_and_an_end() -> None:
    ear = Ear(None, LAYOUT, b"K", b"\r\n")
    assert heard(ear, (1.0, b"K2\r"), (1.01, b"\n"), (2.0, b"3"), (3.0, b"")) == [Press("", "2")]


# --- the driver on the wire -----------------------------------------------------------------------------


def test_an_answer_to_an_invitation_is_written_before_it_is_thanked_for(pads: Pads) -> None:
    link = MemoryLink()
    thanked_at_emit: list[int] = []
    link.on_emit = lambda _readings: thanked_at_emit.append(pads.heard["thanks", "02"])
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        session = invited(link, work, "A02", trigger="queue", project_no="P1")
        work.until(lambda: pads.heard["start", "02"])
        pads.press(2, "02")
        work.until(lambda: pads.heard["thanks", "02"])
    assert said(link) == ["invited", "submitted"]
    asked, rated = (reading.facts for reading in link.readings)
    assert asked["session_id"] == rated["session_id"] == session
    assert (asked["trigger"], asked["window_no"], asked["project_no"]) == ("queue", "A02", "P1")
    assert (rated["level"], rated["stars"], rated["scale"], rated["raw_code"]) == ("dissatisfied", 2, 5, "04")
    assert (rated["channel"], rated["project_no"]) == ("hall_terminal", "P1")
    assert isinstance(rated["dwell_ms"], int)
    assert thanked_at_emit == [0, 0]
    assert pads.heard["thanks", "01"] == 0
    assert link.cursor is None


def test_a_press_nobody_asked_for_is_a_citizens_own(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        pads.press(5, "03")
        work.until(lambda: ratings(link))
    assert said(link) == ["invited", "submitted"]
    assert link.readings[0].facts["trigger"] == "citizen"
    assert "dwell_ms" not in link.readings[1].facts


def test_a_second_press_is_late_and_shown(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        invited(link, work)
        pads.press(5)
        work.until(lambda: ratings(link))
        pads.press(1)
        pads.press(4, "02")
        work.until(lambda: len(ratings(link)) == 2)
    assert [reading.facts["stars"] for reading in ratings(link)] == [5, 4]
    assert link.observations[-1].counts["late"] == 1


def test_bouncing_keys_are_one_press(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads, debounce_ms=800)), link) as work:
        work.until(lambda: link.observations)
        for stars in (5, 5, 1):
            pads.press(stars)
        pads.press(3, "02")
        work.until(lambda: len(ratings(link)) == 2)
    assert [reading.facts["stars"] for reading in ratings(link)] == [5, 3]
    assert link.observations[-1].counts["late"] == 0


def test_timeouts_of_ours_and_of_the_keypad_are_unrated(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        invited(link, work)
        pads.code(0xFE)
        work.until(lambda: "unrated" in said(link))
        pads.code(0xFE)
        invited(link, work, timeout_s="3")
        work.until(lambda: said(link).count("unrated") == 2)
    assert said(link) == ["invited", "unrated", "invited", "unrated"]
    assert {reading.facts.get("reason") for reading in link.readings} == {None, "timeout"}


def test_staff_may_cancel_and_asking_twice_is_one_session(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        assert invited(link, work) == invited(link, work)
        cancel, answers = order("cancel")
        link.waiting.append(cancel)
        again, more = order("cancel")
        link.waiting.append(again)
        strange, refused = order("dance")
        link.waiting.append(strange)
        welcome, greeted = order("welcome")
        link.waiting.append(welcome)
        work.until(lambda: greeted and pads.heard["welcome", "01"])
    assert (answers, more, refused, greeted) == (
        ["done"],
        ["nothing is asked there"],
        ["unsupported"],
        ["done"],
    )
    assert said(link) == ["invited", "unrated"]
    assert link.readings[-1].facts["reason"] == "cancelled"


def test_ten_thousand_bytes_of_noise_are_no_rating_and_hide_none(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        invited(link, work, timeout_s="600")
        for _ in range(4):
            pads.noise(2500)
            pads.half()
        time.sleep(STALE_S + 0.2)
        pads.press(1)
        work.until(lambda: ratings(link))
    assert [reading.facts["stars"] for reading in ratings(link)] == [1]
    assert said(link) == ["invited", "submitted"]
    assert link.observations[-1].counts["noise"] >= 10_000


def test_ten_thousand_bytes_of_noise_on_a_line_of_bare_keys_are_no_rating() -> None:
    with Pads(mode="ascii-key") as pads:
        link = MemoryLink()
        with running(Keypad(bare(pads)), link) as work:
            work.until(lambda: link.observations)
            invited(link, work, timeout_s="60")
            pads.noise(9500)
            for _ in range(10):
                time.sleep(QUIET_S * 2)
                pads.noise(50, (50, 50))
            work.until(lambda: _kept(pads).noise == 10_000)
            assert said(link) == ["invited"]
            pads.press(4)
            work.until(lambda: ratings(link))
        assert [reading.facts["raw_code"] for reading in ratings(link)] == ["2"]


def _kept(pads: Pads) -> Any:
    return _KEPT[pads.port]


def test_what_is_not_stored_is_stored_by_the_next_life_and_thanked_for_only_then(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        session = invited(link, work)
        link.failures = [IntakeClosed("disk full"), IntakeClosed("disk full")]
        pads.press(1)
        assert isinstance(work.ended(), IntakeClosed)
    assert pads.heard["thanks", "01"] == 0
    with running(Keypad(options(pads)), link) as work:
        assert isinstance(work.ended(), IntakeClosed)
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: ratings(link))
    assert [reading.facts["session_id"] for reading in link.readings] == [session, session]
    assert said(link) == ["invited", "submitted"]


def test_a_plug_pulled_and_put_back_ends_no_session(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        invited(link, work, timeout_s="60")
        pads.wire.unplug()
        error = work.ended()
    assert error is not None
    assert getattr(error, "cause", "") == "connection_lost"
    with running(Keypad(options(pads)), link) as work:
        error = work.ended()
    assert getattr(error, "cause", "") == "not_plugged_in"
    before = len(link.observations)
    with running(Keypad(options(pads)), link) as work:
        pads.wire.plug()
        work.until(lambda: len(link.observations) > before)
        pads.press(3)
        work.until(lambda: ratings(link))
    assert said(link) == ["invited", "submitted"]


def test_sessions_left_open_by_a_process_that_died_end_as_device_error(pads: Pads) -> None:
    link = MemoryLink()
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: link.observations)
        session = invited(link, work)
    assert session in str(link.cursor)
    _KEPT.clear()  # what a new process knows
    with running(Keypad(options(pads)), link) as work:
        work.until(lambda: "unrated" in said(link))
    assert link.readings[-1].facts == {"session_id": session, "window_no": "A01", "reason": "device_error"}
    assert link.readings[0].key == link.readings[1].key
    assert link.cursor is None
    for wrong in ("nonsense", "[[1]]", "{}", "3"):
        _KEPT.clear()
        with running(Keypad(options(pads)), MemoryLink(wrong)) as work:
            time.sleep(0.1)
        assert work.error is None


def test_several_keypads_behind_a_converter_and_one_that_is_gone_without_a_word() -> None:
    with Pads(("01", "0a"), wire=Converter()) as pads:
        link = MemoryLink()
        driver = Keypad(options(pads))
        assert driver.windows == ("A01", "A0a")
        with running(driver, link) as work:
            work.until(lambda: link.observations)
            pads.press(2, "0a")
            work.until(lambda: ratings(link))
        assert ratings(link)[0].facts["window_no"] == "A0a"
    idle, interval, count, unanswered = (
        KEEPALIVE[option] for option in sorted(KEEPALIVE, key=list(KEEPALIVE).index)
    )
    assert idle + interval * count <= 30
    assert unanswered <= 30_000


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port", "COM3"),
        ("port", "socket://10.0.0.1"),
        ("keys", {"01": "good"}),
        ("keys", {"1": "satisfied"}),
        ("keys", {"01": "satisfied", "02": "dissatisfied"}),
        ("window", "A01"),
        ("windows", {"1": "A01"}),
        ("windows", {"01": "A01", "02": "A01"}),
        ("mode", "morse"),
        ("key_command", ""),
        ("key_command", "zz"),
        ("start", "5"),
        ("baud", 1),
        ("timeout_s", 1),
        ("frame_checksum", "md5"),
        ("frame_body_size", -1),
    ],
)
def test_options_that_are_wrong_are_named(key: str, value: object) -> None:
    good: dict[str, Any] = {"port": "/dev/serial/by-id/x", **OPTIONS, "windows": {"01": "A01"}}
    assert KeypadOptions(**good).serial == "x"
    with pytest.raises(ValueError, match=key):
        KeypadOptions(**{**good, key: value})


def test_a_scale_is_the_levels_a_keypad_offers_and_a_bare_key_needs_to_be_asked() -> None:
    keys = {"1": "satisfied", "2": "basically_satisfied", "3": "dissatisfied", "5": "timeout"}
    made = KeypadOptions("/dev/ttyUSB0", keys, window="A01", mode="ascii-key", label="SN7")
    assert (made.scale, made.serial, made.takes_walk_ups) == (3, "SN7", False)
    assert made.level("3") == "dissatisfied"
    assert made.level("5") is None
    assert replace(made, walk_ups="yes").takes_walk_ups
    assert reduce(xor, VECTOR[2:15]) == VECTOR[15]


def test_a_port_in_use_by_another_program_is_told() -> None:
    with Pads(wire=Pty()) as pads:
        first, second = MemoryLink(), MemoryLink()
        with running(Keypad(options(pads)), first) as work:
            work.until(lambda: first.observations)
            with running(Keypad(options(pads)), second) as other:
                error = other.ended()
    assert getattr(error, "cause", "") == "port_unusable"

"""An event on one line, in the reader's language, also where it is newer than this release."""

import msgspec
import pytest

from edge.cli.show import SHOWN_MAX, event_line, taken_lines
from edge.contract import Event
from tests.contract import FOLDER

PUNCH = (FOLDER / "examples" / "attendance.punch.v1.json").read_bytes()
STATUS = (FOLDER / "examples" / "device.status.v1.json").read_bytes()


def line(body: bytes, lang: str, **changed: object) -> str:
    event = msgspec.json.decode(body, type=Event)
    return event_line(event, msgspec.json.decode(event.data) | changed, lang)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ["上班", "人脸", "时间存疑"]), ("en", ["in", "face", "suspect"])]
)
def test_a_punch_is_told_in_one_language(lang: str, words: list[str]) -> None:
    told = line(PUNCH, lang, punch_state="check_in", verify_method="face", time_quality="suspect")
    for word in words:
        assert word in told
    assert lang == "en" or "suspect" not in told


def test_a_state_is_told_in_chinese() -> None:
    assert "离线" in line(STATUS, "zh", state="offline")


def test_what_this_release_does_not_know_is_shown_as_it_is() -> None:
    assert "nap" in line(PUNCH, "zh", punch_state="nap", verify_method="iris", time_quality="guessed")
    assert "sulking" in line(STATUS, "en", state="sulking")


def test_what_a_commit_brought_is_shown_or_counted_for_each_hall() -> None:
    event = msgspec.json.decode(PUNCH, type=Event)
    other = msgspec.structs.replace(event, source="/zwdt/410421/hall-2")
    assert taken_lines([event] * SHOWN_MAX, "zh") == [line(PUNCH, "zh")] * SHOWN_MAX
    told = taken_lines([event] * SHOWN_MAX + [other], "en")
    assert told == [f"{event.source}  {SHOWN_MAX} events", f"{other.source}  1 events"]

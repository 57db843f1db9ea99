"""«Where is this punch?» asked of a real hall, at each hop and for each cause."""

import json
import subprocess
from datetime import datetime, timedelta

from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.inside import hall_edge

JUST = timedelta(minutes=1)


def asked(hall: Hall, person: str, at: datetime, *more: str) -> tuple[str, dict[str, object]]:
    """The word of the answer, and all of it; the exit code must fit."""
    told: subprocess.CompletedProcess[str] = hall_edge(
        "trace", "--person", person, "--time", at.isoformat(), "--json", *more, config=hall.daemon.config
    )
    assert told.stdout, told.stderr
    answer = json.loads(told.stdout)
    settled = answer["word"] in ("hop_confirmed", "hop_purged", "hop_erased", "hop_before_service")
    assert told.returncode == (0 if settled else 1)
    return answer["word"], answer


def word(hall: Hall, person: str, at: datetime) -> str:
    return asked(hall, person, at)[0]


def stored(hall: Hall, count: int) -> bool:
    status = hall.daemon.status()
    return status is not None and status.devices[0].stored == count


def test_a_punch_is_followed_from_the_wire_to_its_receipt(hall: Hall) -> None:
    now = hall.terminal.clock()
    hall.broker.stop()
    hall.terminal.punch("1001", at=now)
    hall.terminal.add_raw(_odd(b"1002"))
    hall.daemon.start()
    assert until(lambda: stored(hall, 1), 20)
    assert word(hall, "1001", now) == "hop_waiting"
    assert word(hall, "1001", now + timedelta(minutes=11)) == "hop_not_read", "not yet read so far"
    assert word(hall, "1002", now) == "hop_quarantined"
    assert word(hall, "1003", now - JUST) == "hop_maybe_quarantined"
    hall.broker.start()
    assert until(lambda: word(hall, "1001", now) == "hop_sent", 30, 0.5)
    with consuming(hall.county):
        assert until(lambda: word(hall, "1001", now) == "hop_confirmed", 20, 0.5)
    told = hall_edge("trace", "--person", "1001", "--time", now.isoformat()[:16], config=hall.daemon.config)
    assert "已确认" in told.stdout
    assert "SN0000001" in told.stdout
    english = hall_edge(
        "--lang", "en", "trace", "--person", "1001", "--time", now.isoformat(), config=hall.daemon.config
    )
    assert "has confirmed" in english.stdout
    hall.daemon.stop()
    assert (
        "没有运行"
        in hall_edge("trace", "--person", "1001", "--time", now.isoformat(), config=hall.daemon.config).stdout
    )


def test_absence_is_proved_by_a_complete_read_alone_and_a_clock_that_was_off_is_named(hall: Hall) -> None:
    now = hall.terminal.clock()
    hall.terminal.punch("1001", at=now - timedelta(hours=3))
    hall.daemon.start()
    assert until(lambda: stored(hall, 1), 20)
    assert until(lambda: word(hall, "1001", now - timedelta(hours=1)) == "hop_not_on_terminal", 20, 0.5), (
        "the read is over a moment after its punches are stored"
    )
    _, answer = asked(hall, "1001", now - timedelta(hours=1))
    assert [other["person"] for other in answer["others"]] == ["1001"]  # type: ignore[attr-defined]
    now = hall.terminal.clock()
    hall.terminal.set_clock(-7200)
    hall.terminal.punch("1002")
    assert until(lambda: stored(hall, 2), 20)
    assert until(lambda: word(hall, "1002", now) in ("hop_waiting", "hop_sent"), 20, 0.5), (
        "found under the terminal's wrong time, once that is known"
    )
    assert word(hall, "1003", now - timedelta(hours=1)) == "hop_clock_off"
    assert asked(hall, "1003", now, "--device", "fp-1")[0] in ("hop_not_read", "hop_clock_off")


def test_mistakes_are_named(hall: Hall) -> None:
    hall.daemon.folder.mkdir()
    (hall.daemon.folder / "edge.db").write_text("no database")
    for command in (("trace", "--person", "1", "--time", "08:02"), ("reconcile",)):
        said = hall_edge(*command, config=hall.daemon.config)
        assert (said.returncode, "edge.db" in said.stderr) == (1, True)
        assert "Traceback" not in said.stderr
    (hall.daemon.folder / "edge.db").unlink()
    said = hall_edge("trace", "--person", "1", "--time", "8 Uhr", config=hall.daemon.config)
    assert said.returncode == 1, "there is no database yet"
    hall.daemon.start()
    said = hall_edge("trace", "--person", "1", "--time", "8 Uhr", config=hall.daemon.config)
    assert (said.returncode, "8 Uhr" in said.stderr) == (2, True)
    wrong = ("trace", "--person", "1", "--time", "08:02", "--device", "fp-9")
    assert hall_edge(*wrong, config=hall.daemon.config).returncode == 2


def _odd(user: bytes) -> bytes:
    """A record of 40 bytes whose date cannot be."""
    february_31 = (24 * 372 + 31 + 30) * 86400
    return bytes(2) + user.ljust(24, b"\0") + b"\1" + february_31.to_bytes(4, "little") + bytes(9)

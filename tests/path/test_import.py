"""A terminal's USB export beside its own log: what both hold counts once, what only the file holds comes."""

import subprocess
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from edge.control import command
from edge.store import FILE
from edge.store.books import Books
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.inside import hall_edge
from tests.path.test_guardian import device, online, punches, told
from tests.sim.zk import Punch


def written(path: Path, records: Iterable[Punch], *more: str) -> Path:
    """The export as a terminal writes it."""
    lines = [f"{p.user_id:>9}\t{p.time:%Y-%m-%d %H:%M:%S}\t1\t{p.state}\t{p.verify}\t0\r\n" for p in records]
    path.write_bytes("".join([*lines, *more]).encode())
    return path


def imported(hall: Hall, file: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return hall_edge("import-punches", "fp-1", str(file), *more, config=hall.daemon.config)


def past(hall: Hall, count: int) -> list[Punch]:
    first = hall.terminal.clock() - timedelta(days=2)
    return [Punch(str(1001 + n), first + timedelta(minutes=n), n % 2, 1) for n in range(count)]


def test_what_log_and_file_hold_counts_once_and_what_was_cleared_comes_back(hall: Hall) -> None:
    history = past(hall, 900)
    hall.terminal.load(history[300:])
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).stored == 600, 20)
    file = written(hall.folder / "SN0000001_attlog.dat", history, "an odd line\r\n")
    dry = imported(hall, file, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "新增 300 条，已有 600 条，无法辨认 1 行" in dry.stdout
    assert (device(hall).stored, device(hall).quarantined) == (600, 0), "a dry run writes nothing"
    with consuming(hall.county):
        done = imported(hall, file)
        assert "已导入 300 条" in done.stdout, done.stderr
        assert (device(hall).stored, device(hall).quarantined) == (900, 1)
        again = hall_edge("--lang", "en", "import-punches", "fp-1", str(file), config=hall.daemon.config)
        assert "0 taken" in again.stdout
        assert until(lambda: hall.held() == 900, 20)
        hall.terminal.clear()
        hall.terminal.load(history)
        assert hall_edge("reread", "fp-1", config=hall.daemon.config).returncode == 0
        assert not until(lambda: device(hall).stored != 900, 3), "the log brings none of them again"
        assert hall.held() == 900
    assert [each["action"] for each in told(hall, "edge.audit")] == ["punches.import"] * 2
    with closing(Books(hall.daemon.folder / FILE)) as books:
        kept = books.rejects("SN0000001")
    assert [(each.reason, each.raw) for each in kept] == [("export_line", b"an odd line")]


def test_a_file_that_is_not_of_this_terminal_is_not_taken(hall: Hall) -> None:
    history = past(hall, 20)
    hall.terminal.load(history)
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).stored == 20, 20)
    swapped = [Punch(p.user_id, p.time, p.verify + 1, p.state) for p in history]
    file = written(hall.folder / "1_attlog.dat", swapped)
    refused = imported(hall, file)
    assert (refused.returncode, "20 条" in refused.stderr) == (1, True)
    assert device(hall).stored == 20
    other = imported(hall, written(hall.folder / "SN0000009_attlog.dat", history))
    assert (other.returncode, "SN0000009" in other.stderr) == (1, True)
    assert imported(hall, hall.folder / "none.dat").returncode == 2
    forced = imported(hall, file, "--force")
    assert (forced.returncode, device(hall).stored) == (0, 40)


def test_a_terminal_that_was_replaced_brings_what_nobody_read(hall: Hall) -> None:
    history = past(hall, 20)
    hall.terminal.load(history[:12])
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).stored == 12, 20)
    hall.terminal.stop()
    hall.terminal.clear()
    hall.terminal.serial = hall.terminal.options["~SerialNumber"] = "SN0000002"
    hall.terminal.start()
    assert until(lambda: device(hall).cause == "terminal_swapped", 20)
    assert hall_edge("accept", "fp-1", config=hall.daemon.config).returncode == 0
    hall.terminal.punch("1001")
    assert until(lambda: online(hall) and punches(hall, "SN0000002") == 1, 20)
    file = written(hall.folder / "1_attlog.dat", history)
    foreign = imported(hall, file, "--serial", "SN0000009")
    assert (foreign.returncode, "SN0000009" in foreign.stderr) == (1, True)
    taken = imported(hall, file, "--serial", "SN0000001")
    assert "已导入 8 条" in taken.stdout, taken.stderr
    assert (punches(hall, "SN0000001"), punches(hall, "SN0000002")) == (20, 1)
    moment = hall.terminal.clock().isoformat()
    late = imported(hall, file, "--serial", "SN0000001", "--complete-until", moment, "--yes")
    assert (late.returncode, device(hall).serial) == (1, "SN0000002"), "the watermark is of another terminal"
    hall.terminal.punch("1002")
    assert until(lambda: punches(hall, "SN0000002") == 2, 20)
    hall.daemon.stop()
    hall.daemon.start()
    assert until(lambda: online(hall), 20), "who stands there is not forgotten for a file"
    assert (punches(hall, "SN0000001"), punches(hall, "SN0000002")) == (20, 2)


def test_only_a_person_moves_the_watermark(hall: Hall) -> None:
    """The terminal has died: its export is all there is."""
    history, now = past(hall, 5), hall.terminal.clock()
    hall.terminal.stop()
    hall.daemon.start()
    file = written(hall.folder / "1_attlog.dat", history)
    unknown = imported(hall, file)
    assert (unknown.returncode, "--serial" in unknown.stderr) == (1, True)
    assert imported(hall, file, "--serial", "SN0000001").returncode == 0
    assert punches(hall, "SN0000001") == 5
    assert device(hall).complete_until is None
    until_then = (now - timedelta(minutes=1)).isoformat(timespec="seconds")
    asked = imported(hall, file, "--complete-until", until_then)
    assert asked.returncode == 1, "nobody said yes"
    assert device(hall).complete_until is None
    more, tomorrow = written(hall.folder / "2_attlog.dat", past(hall, 7)), now + timedelta(days=1)
    future = imported(hall, more, "--complete-until", tomorrow.isoformat(), "--yes")
    assert future.returncode == 1
    assert punches(hall, "SN0000001") == 5, "a moment that cannot be is refused before anything is taken"
    audits = len(imports(hall))
    late = command(hall.daemon.folder, "import-end", device="fp-1", file="x", until=tomorrow.isoformat())
    assert (late is not None and not late.done, len(imports(hall))) == (True, audits + 1)
    said = imported(hall, file, "--complete-until", until_then, "--yes")
    assert said.returncode == 0, said.stderr
    assert (device(hall).complete_until or "").startswith(until_then)
    back = imported(hall, file, "--complete-until", (now - timedelta(hours=1)).isoformat(), "--yes")
    assert back.returncode == 1, "never back"
    hall.daemon.stop()
    hall.daemon.start()
    assert until(lambda: (device(hall).complete_until or "").startswith(until_then), 20)
    hall.daemon.stop()
    assert imported(hall, file).returncode == 5


def imports(hall: Hall) -> list[str]:
    return [each["detail"] for each in told(hall, "edge.audit") if each["action"] == "punches.import"]


def test_an_order_for_no_device_is_refused(hall: Hall) -> None:
    hall.daemon.start()
    for name in ("import-look", "import-lines", "import-end"):
        answer = command(hall.daemon.folder, name, device="fp-9", lines="")
        assert answer is not None
        assert (answer.done, "fp-9" in answer.text) == (False, True)

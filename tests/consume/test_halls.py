"""`hall-edge halls`: every hall with its word, worst first, in both kinds of database."""

import json
import subprocess
import sys
from contextlib import closing

import msgspec

from edge.consume.halls import standings
from edge.contract import Problem, State
from tests.consume.hall import NOW, Hall, Message

LANGUAGES = ("zh", "en")


def state(hall: Hall, word: str = "ready", head: int = 0, problem: str = "") -> Message:
    texts = {lang: f"{problem} {lang}" for lang in LANGUAGES}
    problems = (Problem("door", problem, NOW.isoformat(), texts, texts),) if problem else ()
    told = State(
        state=word,  # type: ignore[arg-type]
        epoch="e1",
        version="1",
        at=NOW.isoformat(),
        seq_head=head,
        sent_to=head,
        problems=problems,
    )
    return hall.topic("state"), msgspec.json.encode(told)


def fill(books) -> None:
    names = {name: Hall(name) for name in ("well", "behind", "troubled", "lost", "stopped", "silent")}
    with closing(books.ledger()) as ledger:
        ledger.take([names["well"].batch(names["well"].log(range(3))[0]), state(names["well"], head=4)])
        ledger.take([state(names["behind"], head=9), state(names["silent"]), state(names["lost"])])
        ledger.take([state(names["troubled"], problem="no_answer"), state(names["stopped"], "stopped")])
        ledger.take([state(names["lost"], "lost")])
    old = "now() - interval '1 h'" if books.password_file else "datetime('now', '-1 hour')"
    books.execute(f"UPDATE states SET heard = {old} WHERE source LIKE '%silent'")


def hall_edge(books, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["--database", str(books.database)]
    if books.password_file:
        options += ["--database-password-file", str(books.password_file)]
    command = [sys.executable, "-m", "edge.cli", "--lang", "en", "halls", *options, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_halls_are_listed_worst_first_with_what_to_do(books):
    fill(books)
    order = ["lost", "silent", "stopped", "troubled", "behind", "well"]
    found = standings(books.database, books.password_file)
    assert [hall.word for hall in found] == order
    assert [hall.source.rsplit("/", 1)[1] for hall in found] == order
    assert [hall.behind for hall in found][-2:] == [9, 0]
    shown = hall_edge(books)
    lines = shown.stdout.splitlines()
    assert (shown.returncode, lines[-1]) == (1, "6 halls, 5 need attention")
    assert all(f"330100/{word}" in line for word, line in zip(order, lines[1:], strict=False))
    assert "check the hall's power" in lines[1]
    assert "no_answer en" in lines[4]
    assert [hall["word"] for hall in json.loads(hall_edge(books, "--json").stdout)] == order


def test_all_is_well_exits_with_0_and_a_database_that_is_not_there_with_1(books, tmp_path):
    well = Hall("h1")
    with closing(books.ledger()) as ledger:
        ledger.take([well.batch(well.log(range(3))[0]), state(well, head=4)])
    assert hall_edge(books).returncode == 0
    missing = subprocess.run(
        [sys.executable, "-m", "edge.cli", "halls", "--database", str(tmp_path / "none.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (missing.returncode, "none.db" in missing.stderr) == (1, True)

"""A document in the place of another: what stays, counts, is refused; over restarts and failures."""

from datetime import date
from pathlib import Path

import pytest

from drivers.base import IntakeClosed
from edge.catalogue.documents import ConfigApplied
from edge.documents import Documents
from tests.documents.written import ASSIGNMENTS, GOOD, ROSTER, altered, text

NOVEMBER_10 = date(2026, 11, 10)


class Site:
    """A folder for files, a folder for what is kept, and what was told."""

    def __init__(self, root: Path) -> None:
        self.folder, self.state = root / "documents", root / "state"
        self.folder.mkdir()
        self.told: list[ConfigApplied] = []
        self.failing = False

    def tell(self, told: ConfigApplied) -> None:
        if self.failing:
            raise IntakeClosed("disk full")
        self.told.append(told)

    def documents(self) -> Documents:
        return Documents(self.folder, self.state, lambda: "now", lambda: NOVEMBER_10, self.tell)

    def put(self, name: str, content: bytes) -> None:
        (self.folder / f"{name}.json").write_bytes(content)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def entries(documents: Documents) -> list[tuple[str, str, str, str]]:
    held = documents.held.assignments or ()
    return sorted((each.staff_no, each.window_no, each.start, each.end) for each in held)


def covering(version: int, first: str, last: str, *rows: tuple[str, str, str, str], **more: bool) -> bytes:
    found = [{"staff_no": a, "window_no": b, "from": c, "to": d} for a, b, c, d in rows]
    return text({"version": version, "covers": {"from": first, "to": last}, "entries": found, **more})


def test_files_come_into_force_and_each_is_told_once(site: Site) -> None:
    documents = site.documents()
    for name, good in GOOD.items():
        site.put(name, text(good))
    for _ in range(3):
        documents.look()
    assert [(told.doc, told.version, told.ok, told.added) for told in site.told] == [
        ("roster", 3, True, 3),
        ("window_groups", 1, True, 2),
        ("assignments", 5, True, 2),
        ("evaluation_profile", 1, True, 8),
    ]
    assert documents.held.staff["1001"].name == "张一"
    assert documents.held.profile is not None
    assert documents.held.profile.page == "provincial"


def test_a_changed_file_is_taken_with_its_counts(site: Site) -> None:
    documents = site.documents()
    site.put("roster", text(ROSTER))
    documents.look()
    staff = [{**ROSTER["staff"][0], "post": "首席"}, {"staff_no": "1009", "name": "新"}]
    site.put("roster", text({"version": 4, "staff": staff}))
    documents.look()
    told = site.told[-1]
    assert (told.added, told.changed, told.removed, told.version) == (1, 1, 2, 4)
    assert set(documents.held.staff) == {"1001", "1009"}


def test_a_refused_file_changes_nothing_is_told_once_and_shown_until_it_is_right(site: Site) -> None:
    documents = site.documents()
    site.put("roster", text(ROSTER))
    documents.look()
    for wrong in (b"{", altered("roster", "version", to=2), altered("roster", "staff", to=[])):
        site.put("roster", wrong)
        documents.look()
        documents.look()
        assert len(documents.held.staff) == 3
        (shown,) = documents.attention()
        assert (shown.subject, shown.cause) == ("roster", "document_refused")
        assert "roster.json" in shown.about
    assert [told.ok for told in site.told] == [True, False, False, False]
    assert "is below the version in force, 3" in site.told[2].errors[0]
    assert "raise it to 4" in site.told[3].errors[0], "another content needs another version"
    site.put("roster", text(ROSTER))
    documents.look()
    assert documents.attention() == ()


def test_the_last_good_copy_survives_a_restart_without_its_file(site: Site) -> None:
    site.documents().take("assignments", text(ASSIGNMENTS))
    again = site.documents()
    assert len(entries(again)) == 2
    assert again.version("assignments") == 5
    assert again.take("assignments", text(ASSIGNMENTS)).ok
    assert len(site.told) == 1, "the same bytes again are no news"
    refused = again.take("assignments", text({**ASSIGNMENTS, "version": 4}))
    assert "version" in str(refused.complaints[0])


def test_a_kept_copy_that_is_broken_costs_that_document_alone(site: Site) -> None:
    documents = site.documents()
    for name in ("roster", "assignments"):
        assert documents.take(name, text(GOOD[name])).ok
    (site.state / "documents" / "roster.json").write_bytes(b'{"sha256": "x", "document": {"version": 0}}')
    again = site.documents()
    assert again.version("roster") is None
    assert again.version("assignments") == 5
    assert again.take("roster", text(ROSTER)).ok


def test_what_cannot_be_stored_is_told_later(site: Site) -> None:
    documents = site.documents()
    site.failing = True
    assert documents.take("roster", text(ROSTER)).ok
    assert site.told == []
    site.failing = False
    documents.look()
    documents.look()
    assert [told.doc for told in site.told] == ["roster"]


def test_a_copy_that_cannot_be_kept_does_not_come_into_force(site: Site) -> None:
    documents = site.documents()
    site.state.mkdir()
    (site.state / "documents").write_text("in the way")
    site.put("roster", text(ROSTER))
    for _ in range(3):
        documents.look()
    (told,) = site.told
    assert "cannot be kept" in told.errors[0]
    assert documents.held.staff == {}
    (site.state / "documents").unlink()
    documents.look()
    assert len(documents.held.staff) == 3
    assert [told.ok for told in site.told] == [False, True]
    assert documents.attention() == ()


def test_assignments_replace_the_days_they_cover_and_no_other(site: Site) -> None:
    documents = site.documents()
    documents.take(
        "assignments",
        covering(
            1,
            "2026-11-01",
            "2026-11-30",
            ("1", "A", "2026-11-01", "2026-11-30"),
            ("2", "B", "2026-11-20", "2026-11-21"),
        ),
    )
    taken = documents.take(
        "assignments", covering(2, "2026-11-15", "2026-11-21", ("3", "A", "2026-11-15", "2026-11-21"))
    )
    assert taken.ok
    assert entries(documents) == [
        ("1", "A", "2026-11-01", "2026-11-14"),
        ("1", "A", "2026-11-22", "2026-11-30"),
        ("3", "A", "2026-11-15", "2026-11-21"),
    ]


def test_moments_are_cut_at_the_covered_days(site: Site) -> None:
    documents = site.documents()
    documents.take(
        "assignments",
        covering(1, "2026-11-01", "2026-11-30", ("1", "A", "2026-11-13T14:00", "2026-11-20T12:00")),
    )
    documents.take("assignments", covering(2, "2026-11-14", "2026-11-15"))
    assert entries(documents) == [
        ("1", "A", "2026-11-13T14:00", "2026-11-13"),
        ("1", "A", "2026-11-16", "2026-11-20T12:00"),
    ]


def test_a_day_that_is_over_is_not_emptied_unless_it_is_said(site: Site) -> None:
    documents = site.documents()
    documents.take(
        "assignments", covering(1, "2026-11-01", "2026-11-30", ("1", "A", "2026-11-01", "2026-11-30"))
    )
    gone = [("1", "A", "2026-11-10", "2026-11-30")]
    taken = documents.take("assignments", covering(2, "2026-11-01", "2026-11-30", *gone))
    assert "removes: true" in str(taken.complaints[0])
    assert "2026-11-01 1 A" in str(taken.complaints[0])
    assert documents.take("assignments", covering(3, "2026-11-10", "2026-11-30")).ok, "today is not over"
    assert documents.take("assignments", covering(4, "2026-11-01", "2026-11-30", removes=True)).ok
    assert entries(documents) == []

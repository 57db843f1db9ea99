"""Each mistake in a document is named by file, key and value, in both languages; remarks are none."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from edge.contract_files import document_schema
from edge.documents import check
from edge.documents.reading import BYTES_MAX, read
from edge.documents.shapes import KINDS
from tests.contract import FOLDER
from tests.documents.written import ASSIGNMENTS, GOOD, GROUPS, altered, text

SAMPLES = Path("config/documents")


@pytest.mark.parametrize("name", KINDS)
def test_a_good_document_is_read_and_fits_its_schema(name: str) -> None:
    document, complaints = read(name, text(GOOD[name]))
    assert document is not None
    assert complaints == []
    schema = json.loads((FOLDER / "documents" / f"{name}.v1.json").read_text("utf-8"))
    assert schema == json.loads(json.dumps(document_schema(name)))
    Draft202012Validator.check_schema(schema)
    for whole in (GOOD[name], json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))):
        Draft202012Validator(schema).validate(whole)
    assert not Draft202012Validator(schema).is_valid(GOOD[name] | {"phone": "1"})


def test_the_samples_are_right_and_each_says_what_it_is() -> None:
    versions, complaints = check(SAMPLES)
    assert versions == dict.fromkeys(KINDS, 1)
    assert complaints == []
    for path in SAMPLES.iterdir():
        assert "//" in json.loads(path.read_text("utf-8")), path


@pytest.mark.parametrize(
    ("content", "key", "value", "word"),
    [
        (altered("roster", "staff", 1, "name", to=7), "staff[1].name", "", "text in quotes"),
        (altered("roster", "staff", 1, "name", to=...), "staff[1].name", "", "is required"),
        (altered("roster", "staff", 0, "id_card", to="4104"), "staff[0].id_card", "4104", "take it out"),
        (
            altered("roster", "staff", 2, "staff_no", to="1001"),
            "staff[2].staff_no",
            "1001",
            "staff[0].staff_no",
        ),
        (altered("roster", "staff", 1, "devices", to={"fp-1": "7"}), "staff[1].devices.fp-1", "7", "already"),
        (altered("roster", "version", to=0), "version", "0", "at least 1"),
        (altered("roster", "version", to=...), "version", "", "is required"),
        (
            altered("window_groups", "groups", 1, "windows", to=["A02"]),
            "groups[1].windows[0]",
            "A02",
            "already",
        ),
        (
            altered("window_groups", "groups", 0, "bands", 0, "to", to="08:00"),
            "groups[0].bands[0].to",
            "08:00",
            "after 08:30",
        ),
        (
            altered("window_groups", "groups", 0, "bands", 0, "from", to="8:30"),
            "groups[0].bands[0].from",
            "8:30",
            "time of day",
        ),
        (altered("assignments", "covers", to=...), "covers", "", "is required"),
        (
            altered("assignments", "covers", "to", to="2026-10-31"),
            "covers.to",
            "2026-10-31",
            "before 2026-11-01",
        ),
        (altered("assignments", "entries", 1, "to", to="2026-11-01"), "entries[1].to", "2026-11-01", "after"),
        (altered("assignments", "entries", 1, "to", to="2026-12-01"), "entries[1]", "2026-12-01", "outside"),
        (
            altered("assignments", "entries", 1, "to", to="2026-11-31"),
            "entries[1]",
            "2026-11-31",
            "no such day",
        ),
        (altered("assignments", "entries", 0, "from", to="1/11/26"), "entries[0].from", "1/11/26", "day or"),
        (
            altered("evaluation_profile", "provincial", "hosts", to=["x.cn"]),
            "provincial.urls.A01",
            "pj.example.cn",
            "add pj.example.cn",
        ),
        (
            altered("evaluation_profile", "provincial", "urls", "A01", to="javascript:1"),
            "provincial.urls.A01",
            "javascript",
            "http(s)",
        ),
        (altered("evaluation_profile", "provincial", "urls", to={}), "provincial.urls", "", "each window"),
        (altered("evaluation_profile", "channels", "hall_tablet", to="5"), "channels", "5", "already"),
        (altered("evaluation_profile", "timeout_s", to=1), "timeout_s", "1", "at least 3"),
        (
            altered("evaluation_profile", "provincial", "images", to={"A01": "../x.png"}),
            "provincial.images.A01",
            "../x.png",
            "PNG",
        ),
        (
            altered(
                "evaluation_profile", "opening_hours", to=[{"days": [1], "from": "12:00", "to": "08:30"}]
            ),
            "opening_hours[0].to",
            "08:30",
            "after 12:00",
        ),
        (
            altered(
                "evaluation_profile", "opening_hours", to=[{"days": [8], "from": "08:30", "to": "12:00"}]
            ),
            "opening_hours[0].days[0]",
            "8",
            "at most 7",
        ),
        (
            altered(
                "evaluation_profile",
                "tag_dictionary",
                to={"version": "x", "tags": [{"code": "7", "zh": "a"}]},
            ),
            "tag_dictionary.tags[0].code",
            "7",
            "3 digits",
        ),
    ],
)
def test_a_mistake_is_named_by_file_key_and_value(content: bytes, key: str, value: str, word: str) -> None:
    name = _name(content)
    document, complaints = read(name, content, "docs/x.json")
    assert document is None
    (complaint,) = complaints
    said = str(complaint)
    assert said.startswith("docs/x.json ")
    assert key in complaint.key
    assert value in said
    assert word in said
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said), "Chinese first"


def _name(content: bytes) -> str:
    """Whose document this is, by its own key."""
    own = {
        "staff": "roster",
        "groups": "window_groups",
        "entries": "assignments",
        "page": "evaluation_profile",
    }
    return next(own[key] for key in json.loads(content) if key in own)


def test_every_wrong_entry_is_named_not_the_first_alone() -> None:
    wrong = {**ASSIGNMENTS, "entries": [{"staff_no": "1"}, *ASSIGNMENTS["entries"], {"window_no": "A01"}, 5]}
    _document, complaints = read("assignments", text(wrong))
    assert [complaint.key.split(".")[0] for complaint in complaints] == [
        "entries[0]",
        "entries[3]",
        "entries[4]",
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "must be an object"),
        (b"null", "must be an object"),
        (b" " * (BYTES_MAX + 1), "larger than"),
    ],
)
def test_what_is_no_document_at_all_is_told(content: bytes, word: str) -> None:
    document, (complaint,) = read("roster", content)
    assert document is None
    assert word in str(complaint)


def test_a_syntax_mistake_is_told_with_its_line() -> None:
    _document, (complaint,) = read("roster", b'{\n "version": 1,\n "staff": [,]\n}', "r.json")
    assert str(complaint).startswith("r.json:3")


def test_a_name_that_is_none_says_which_is_meant(tmp_path: Path) -> None:
    (tmp_path / "window_group.json").write_bytes(text(GROUPS))
    versions, (complaint,) = check(tmp_path)
    assert versions == {}
    assert "'window_groups'" in str(complaint)


def test_remarks_are_left_out_wherever_they_stand() -> None:
    noted = altered("roster", "staff", 0, "// why", to="hello")
    assert read("roster", noted)[0] == read("roster", text(GOOD["roster"]))[0]

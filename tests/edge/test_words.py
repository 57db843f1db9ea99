"""Every text exists in both languages, every cause has its next step, none is missing and none is idle."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from edge.account.statement import COLUMNS
from edge.causes import CAUSES
from edge.clock.trust import Source
from edge.consume.halls import ORDER
from edge.office.forms.fields import Fault as FormFault
from edge.office.forms.typed import CATEGORIES, FORMS, INSPECTORS, KINDS, MODES, RESULTS, VIAS
from edge.office.passwords import Fault as PasswordFault
from edge.office.words import OFFICE
from edge.pairing.signing import Part
from edge.payloads import Audit, PunchState, TimeQuality, VerifyMethod
from edge.proof.proof import Fault, Standing
from edge.snapshot import DeviceWord, StaffPart, UplinkHealth
from edge.staff.orders import NAMES
from edge.words import LANGS, TEXTS, both, pick_language, say

NOTHING_TO_DO = {"ok", "disabled"}
BUILT = {
    "state.": {*get_args(DeviceWord), *get_args(UplinkHealth.__annotations__["state"])},
    "punch.": set(get_args(PunchState)),
    "verify.": set(get_args(VerifyMethod)),
    "quality.": set(get_args(TimeQuality)),
    "count.": {
        *("logs", "events", "log_max", "users", "users_max"),
        *("late", "noise", "unasked", "unknown_keys"),
    },
    "clock.": {word or "nobody" for word in get_args(Source)},
    "tamper.": set(get_args(Fault)),
    "standing.": set(get_args(Standing)),
    "rec.": set(COLUMNS),
    "setting.": {"duplicate_period_s", "cyclic_delete"},
    "halls.word.": set(ORDER),
    "staff.": {*get_args(StaffPart.__annotations__["state"]), *NAMES},
    "halls.next.": {*ORDER} - {"well", "troubled"},
}
"""Keys that are put together from a word of these."""


def constants() -> Iterator[str]:
    """Every string that stands in the code of the daemon and its templates."""
    for top in ("edge", "drivers"):
        for path in Path(top).rglob("*.py"):
            if path.name.endswith("words.py"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    for folder in ("web", "office"):
        yield from placed(Path("edge") / folder)


def placed(room: Path) -> Iterator[str]:
    """Every string that stands in the templates and scripts of a room."""
    for path in (*(room / "templates").iterdir(), *(room / "static").iterdir()):
        yield from path.read_text(encoding="utf-8").replace('"', "'").split("'")


USED = set(constants())
FORM_WORDS = {
    "category": CATEGORIES,
    "via": VIAS,
    "inspector": INSPECTORS,
    "mode": MODES,
    "found": RESULTS,
    "kind": (KINDS["guestbook"], KINDS["complaint"]),
}


def test_every_cause_is_told_in_both_languages_with_a_next_step() -> None:
    for name, cause in CAUSES.items():
        assert cause.zh != cause.en
        assert cause.zh, name
        assert name in NOTHING_TO_DO or (cause.next_zh and cause.next_en), name
        text, step = both(name)
        assert set(text) == set(step) == set(LANGS)


def test_every_cause_a_driver_or_the_uplink_names_is_known_and_none_is_idle() -> None:
    named: set[str] = set()
    for path in (*Path("drivers").rglob("*.py"), *Path("edge").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                if name in ("DeviceOffline", "DeviceRefused") and words:
                    named.add(str(words[0]))
                if name == "translate" and words:
                    named.add(str(words[-1]))
    assert named - set(CAUSES) == set()
    assert set(CAUSES) - USED == set()


def test_no_text_is_idle_and_none_is_missing() -> None:
    built = {prefix + word for prefix, words in BUILT.items() for word in words}
    assert built - set(TEXTS) == set()
    columns = {key for key in TEXTS if key.split(".")[0] in ("col", "page")}
    assert set(TEXTS) - built - columns - USED == set()


def test_no_text_of_the_peoples_pages_is_idle_and_none_is_missing() -> None:
    built = {
        *(f"role.{role}" for role in get_args(Audit.__annotations__["role"])),
        *(f"result.{result}" for result in get_args(Audit.__annotations__["result"])),
        *(f"fault.{why}" for why in get_args(PasswordFault)),
        *(f"part.{part}" for part in get_args(Part)),
        *(f"order_{result}" for result in ("done", "refused")),
        *(key for key in OFFICE if key.startswith("level.")),
        *(f"typed.{why}" for why in get_args(FormFault)),
        *(f"nav.{form}" for form in FORMS),
        *(f"form.away_{why}" for why in ("offline", "login", "closed", "refused")),
        *(f"{kind}.{word}" for kind, words in FORM_WORDS.items() for word in words),
    }
    assert built - set(OFFICE) == set()
    assert set(OFFICE) - built - USED == set()


@pytest.mark.parametrize("key", [*TEXTS, *(f"office:{key}" for key in OFFICE)])
def test_both_languages_take_the_same_values(key: str) -> None:
    texts = OFFICE[key.removeprefix("office:")] if key.startswith("office:") else TEXTS[key]
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
    assert fields[0] == fields[1]
    assert all(texts) or key == "quality.synced"  # what is as it should be needs no word


def test_the_language_of_a_browser() -> None:
    assert pick_language("en-US,en;q=0.9,zh;q=0.5") == "en"
    assert pick_language("zh-CN,en;q=0.9") == "zh"
    assert pick_language("fr,en") == "en"
    assert pick_language(None) == pick_language("") == pick_language("fr") == "zh"
    assert say("en", "unconfirmed", n=3) == "3 unconfirmed"

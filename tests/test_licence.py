"""LICENSE says of every package that is installed what its licence asks."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_no_pinned_package_is_missing_from_the_note() -> None:
    note = set(re.findall(r"[a-z0-9_.-]*[a-z0-9]", (ROOT / "LICENSE").read_text("utf-8").lower()))
    pinned = re.findall(
        r"^([a-z0-9_.-]+)(?:\[\w+\])?==", (ROOT / "requirements.lock").read_text(), flags=re.M
    )
    assert len(pinned) > 20
    assert [name for name in pinned if name not in note] == []

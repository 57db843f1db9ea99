"""Documents for tests: small ones that are right, to be made wrong."""

import json
from typing import Any

ROSTER = {
    "version": 3,
    "staff": [
        {"staff_no": "1001", "name": "张一", "dept_code": "D1", "devices": {"fp-1": "7"}},
        {"staff_no": "1002", "name": "李二", "dept_code": "D1"},
        {"staff_no": "1003", "name": "王三", "dept_code": "D2", "active": False},
    ],
}
GROUPS = {
    "version": 1,
    "groups": [
        {
            "group_id": "g1",
            "windows": ["A01", "A02"],
            "bands": [{"from": "08:30", "to": "12:00", "min_staff": 1}],
            "ab_pairs": [["1001", "1002"]],
        },
        {"group_id": "g2", "windows": ["B01"]},
    ],
}
ASSIGNMENTS = {
    "version": 5,
    "covers": {"from": "2026-11-01", "to": "2026-11-30"},
    "entries": [
        {"staff_no": "1001", "window_no": "A01", "from": "2026-11-01", "to": "2026-11-30"},
        {"staff_no": "1002", "window_no": "A02", "from": "2026-11-02", "to": "2026-11-06"},
    ],
}
PROFILE = {
    "version": 1,
    "page": "provincial",
    "provincial": {"hosts": ["pj.example.cn"], "urls": {"A01": "https://pj.example.cn/w?n=1"}},
    "channels": {"hall_tablet": "4", "hall_terminal": "5"},
}
GOOD: dict[str, dict[str, Any]] = {
    "roster": ROSTER,
    "window_groups": GROUPS,
    "assignments": ASSIGNMENTS,
    "evaluation_profile": PROFILE,
}


def text(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def altered(name: str, *path: str | int, to: object) -> bytes:
    """A good document with one value set; `to=...` takes the key out."""
    document: Any = json.loads(text(GOOD[name]))
    at = document
    for step in path[:-1]:
        at = at[step]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return text(document)

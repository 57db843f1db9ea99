"""Which events overtake all others on their way upstream: bad ratings, coverage gaps, alarms. Pure.

A kind that can be urgent joins the table, with the rule that reads its data; what is not there never is.
"""

from collections.abc import Callable, Mapping

import msgspec

from drivers.evaluation.levels import bad

Data = Mapping[str, object]

URGENT: Mapping[str, Callable[[Data], bool]] = {
    "device.alarm": lambda data: data.get("active") is True,
    "evaluation.submitted": lambda data: bad(data.get("stars")),
    "complaint.filed": lambda _data: True,
}


def urgent(kind: str, data: bytes) -> bool:
    """Whether an event of this kind with this payload (JSON) goes before everything else."""
    rule = URGENT.get(kind)
    return rule is not None and rule(msgspec.json.decode(data, type=dict[str, object]))

"""What a device is told to do beside its work; part of the door (`drivers/base.py`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

STAFF = ("staff_push", "staff_revoke")
"""Orders about a person."""
VOID = "void"
"""The answer of an order that no longer stands."""


class Person(NamedTuple):
    """Whom a staff order is about. order: its id, each time the same; card: "" = leave it as it is."""

    order: str
    user: str
    name: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A command for this device; `done(result)` answers it, once: `ok`, or a word and `: detail`.

    clock: of a `set_time`: the naive wall clock to set at the moment of asking; None = not now, so refuse.
    person: of `staff_push` and `staff_revoke`, at the moment of asking; None = it no longer stands.
    about: of an `invite`: window, trigger and what else is known of the service. stands: whether who gave it
    still waits; the Link passes over what does not stand.
    """

    name: str
    done: Callable[[str], None]
    clock: Callable[[], str | None] = lambda: None
    person: Callable[[], Person | None] = lambda: None
    about: Mapping[str, str] = field(default_factory=dict)
    stands: Callable[[], bool] = lambda: True

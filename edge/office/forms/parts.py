"""What the forms stand on, put together for one hall."""

from collections.abc import Callable
from typing import NamedTuple

from edge.documents.posts import Held
from edge.office.forms.contacts import Life
from edge.office.forms.entries import Entries
from edge.store.contacts import Contacts


class Parts(NamedTuple):
    """held: what the documents say now; None where the hall has none."""

    entries: Entries
    contacts: Contacts
    life: Life
    held: Callable[[], Held | None]

"""A terminal's own export file: whose it is, and whether it fits what was read of that terminal. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

BATCH_BYTES = 24_000
"""Of raw lines in one order: the control socket takes 64 KB, and a byte may take two there."""
BATCH_LINES = 400
ENOUGH = 5
"""So many records of a time that was read completely, and none known: the file is another terminal's."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What some lines come to. settled: records of a time up to which the terminal was read completely."""

    new: int = 0
    known: int = 0
    settled: int = 0
    settled_known: int = 0
    rejected: int = 0
    odd: tuple[str, ...] = ()
    first: str = ""
    last: str = ""

    @property
    def foreign(self) -> bool:
        """Whether this cannot be the log of that terminal: what must be known is not."""
        return self.settled >= ENOUGH and not self.settled_known

    def counts(self) -> dict[str, str | int]:
        """What the text `import.looked` is filled with."""
        span = {"first": self.first.replace("T", " ") or "-", "last": self.last.replace("T", " ") or "-"}
        return {**span, "new": self.new, "known": self.known, "rejected": self.rejected}


def together(parts: Iterable[Looked]) -> Looked:
    """The sum."""
    seen = list(parts)
    return Looked(
        new=sum(part.new for part in seen),
        known=sum(part.known for part in seen),
        settled=sum(part.settled for part in seen),
        settled_known=sum(part.settled_known for part in seen),
        rejected=sum(part.rejected for part in seen),
        odd=tuple(line for part in seen for line in part.odd)[:3],
        first=min((part.first for part in seen if part.first), default=""),
        last=max((part.last for part in seen), default=""),
    )


def serial_in(name: str) -> str:
    """The serial number in a file's name; "" where that has only the device's number, `1_attlog.dat`."""
    found = re.match(r"(\w{6,})_attlog", name, re.IGNORECASE)
    return found[1] if found else ""


def batches(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The lines in orders of bearable size."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if batch and (size + len(line) > BATCH_BYTES or len(batch) >= BATCH_LINES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch

"""What the outbox has set aside, and what of it a person had queued again: both outlive a restart."""

from collections import deque
from collections.abc import Callable, Collection
from threading import Lock

from edge.store import Reader, Store, sequence_of
from edge.uplink.outbox import Outbox


class Shelf:
    """`requeue` may be called from any thread; the rest is the uplink's own.

    _turn: what the outbox knows is not written while an order is, which it does not know yet.
    """

    def __init__(self, store: Store, now: Callable[[], str]) -> None:
        self._store, self._now = store, now
        self._asked: deque[Collection[int]] = deque()
        self._turn = Lock()

    def restore(self, outbox: Outbox, reader: Reader) -> None:
        """At the start of an outbox: what was set aside, and is to go again."""
        known = reader.set_aside()
        outbox.aside.parked.update((each.position, each.reason) for each in known)
        outbox.requeue(each.position for each in known if each.again)

    def requeue(self, outbox: Outbox, number: int | None) -> list[int]:
        """Let what is set aside go again: one number or all; returns the numbers.

        On disk when this returns. IntakeClosed or StoreBusy: the disk did not take it, nothing is queued.
        """
        parked = dict(outbox.aside.parked)
        found = {place: why for place, why in parked.items() if number in (None, sequence_of(place))}
        if found:
            with self._turn:
                self._store.queue_again(found, self._now())
                self._asked.append(found)
        return sorted(map(sequence_of, found))

    def keep(self, outbox: Outbox) -> None:
        """Tell the outbox what a person asked for, and the disk what has changed; later, while one asks."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            while self._asked:
                outbox.requeue(self._asked.popleft())
            aside = outbox.aside
            if aside.changed:
                aside.changed = False
                self._store.keep_parked(dict(aside.parked), set(aside.requeued), self._now())
        finally:
            self._turn.release()

"""SIGTERM and SIGINT become an Event that is set.

A handler runs inside whatever main does at that moment. If main is about to wait on the Event it holds the
Event's lock, and a handler that set it would wait for that lock for ever: so the handler only leaves a note,
and a thread sets the Event.
"""

import signal
import threading
from queue import SimpleQueue


def stop_on_signals(stop: threading.Event, *more: int) -> None:
    """Set `stop` on SIGTERM, SIGINT and `more` signals; only the main thread may ask for that."""
    notes: SimpleQueue[int] = SimpleQueue()  # its `put` may be called in a handler, whatever is interrupted

    def pass_on() -> None:
        notes.get()
        stop.set()

    threading.Thread(target=pass_on, name="farewell", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT, *more):
        signal.signal(number, lambda caught, _: notes.put(caught))

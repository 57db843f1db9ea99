"""The threads that handle requests of devices: a few, begun when needed; none holds up the exit."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

Result = TypeVar("Result")
Job = tuple[Callable[[], Result], "Future[Result]"]


class Pool(Generic[Result]):
    """At most `size` jobs at once; the others wait in line."""

    def __init__(self, size: int) -> None:
        self._size, self._threads, self._idle = size, 0, 0
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job[Result]] = SimpleQueue()

    def submit(self, job: Callable[[], Result]) -> "Future[Result]":
        """Have a job done; never blocks."""
        future: Future[Result] = Future()
        self._jobs.put((job, future))
        with self._lock:
            grows = self._jobs.qsize() > self._idle and self._threads < self._size
            self._threads += grows
        if grows:
            threading.Thread(target=self._work, name="caller", daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            job, future = self._jobs.get()
            with self._lock:
                self._idle -= 1
            if future.set_running_or_notify_cancel():
                _do(job, future)
            del job, future  # a request of two megabytes would be held until the next one


def _do(job: Callable[[], Result], future: "Future[Result]") -> None:
    try:
        future.set_result(job())
    except BaseException as error:  # noqa: BLE001 - it is the caller's to look at
        future.set_exception(error)

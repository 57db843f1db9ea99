"""The threads that handle requests hold nothing between two of them."""

import weakref
from functools import partial

from edge.ports.pool import Pool
from tests.hall import until


class Body:
    """A request's."""


def test_an_idle_thread_holds_nothing_of_the_last_request() -> None:
    pool, body = Pool[int](1), Body()
    held = weakref.ref(body)
    pool.submit(partial(id, body)).result(5)
    del body
    assert until(lambda: held() is None, 20)

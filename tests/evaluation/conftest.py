"""The store without processes of its own, as in its own tests."""

from tests.store.conftest import one_process

__all__ = ["one_process"]

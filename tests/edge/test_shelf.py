"""What is set aside on disk: a person's order is not undone by what the outbox knew before it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.store import Store, sequence_of
from edge.store.writer import Writer
from edge.uplink.confirmations import Confirmation
from edge.uplink.outbox import Outbox
from edge.uplink.shelf import Shelf
from tests.store.halls import intake, open_store


def again(store: Store) -> dict[int, bool]:
    store.flush()
    with closing(store.reader()) as reader:
        return {each.position: bool(each.again) for each in reader.set_aside()}


@pytest.mark.parametrize("moment", ["before", "between its commits"])
def test_what_the_outbox_writes_beside_an_order_does_not_undo_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    store = open_store(tmp_path)
    store.take(intake(1, 2, 3))
    outbox, shelf = Outbox({"county": Confirmation()}), Shelf(store, lambda: "now")
    first = store.tip.position - 2
    outbox.aside.park(first, "refused")
    shelf.keep(outbox)
    assert again(store) == {first: False}

    def another_is_parked() -> None:
        outbox.aside.park(first + 1, "refused")
        shelf.keep(outbox)

    real: Callable[[Writer], None] = Writer.save_riders

    def then(writer: Writer) -> None:
        real(writer)
        monkeypatch.setattr(Writer, "save_riders", real)
        another_is_parked()

    if moment == "before":
        another_is_parked()
    else:
        monkeypatch.setattr(Writer, "save_riders", then)
    assert shelf.requeue(outbox, sequence_of(first)) == [sequence_of(first)]
    assert again(store)[first], "on disk when it returns"
    shelf.keep(outbox)
    assert again(store) == {first: True, first + 1: False}
    store.close()

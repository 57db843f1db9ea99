"""The reference consumer: upstream's side of the contract, as a small library and `hall-edge consume`.

It shows what exactly-once takes: ids decide what counts, numbers show what is missing, receipts go out after
the commit. It stands apart from the edge: of its rooms it uses the contract, the events and SQLite's door.
PostgreSQL and NATS JetStream, for a province, are extras.
"""

from edge.consume.batch import Counts, Taken
from edge.consume.database import DatabaseFails, DatabaseNewer, count
from edge.consume.halls import Standing, standings
from edge.consume.ledger import Ledger
from edge.consume.settings import Settings
from edge.consume.subscriber import Consumer

__all__ = [
    "Consumer",
    "Counts",
    "DatabaseFails",
    "DatabaseNewer",
    "Ledger",
    "Settings",
    "Standing",
    "Taken",
    "count",
    "standings",
]

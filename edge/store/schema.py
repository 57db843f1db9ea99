"""The tables, and what their columns mean. Fixed SQL of the hot path stands beside its use.

event       the log: `position` = epoch number << 40 | sequence; `fact` decides «same fact» and begins with
            serial and time, so that its index grows at the end; `hash` of the body, `chain` up to here.
            Without `body` it is a stub: `size` = bytes of the body it had, `emptied` = why it has none.
parked      rows set aside by the uplink: nobody upstream can take them; the rest flows. `again` = a person
            had it queued again, and it has not arrived.
known       key-only: records from before `in_service_from`, never sent, never taken for new.
copies      how many identical records a terminal holds of one fact, where it is more than one.
device      per configured device: the driver's cursor and how far its data is complete.
terminal    per serial number: when its first complete read ended.
quarantine  what made no sense; `pending_from` = complete until then, the period that stays pending.
receipt     per confirming application: its last receipt, with the chain hash at it (hex) that it confirmed;
            application '' is the broker's PUBACK, which confirms none.
"""

from edge.store.sqlite import Connection

VERSION = 3
"""`PRAGMA user_version` of the newest schema."""

SEQUENCE_BITS = 40
SEQUENCE_MASK = (1 << SEQUENCE_BITS) - 1

TABLES_1 = """
CREATE TABLE epoch (
    number INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, hash_alg TEXT NOT NULL,
    opened TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TABLE event (
    position INTEGER PRIMARY KEY, fact TEXT NOT NULL UNIQUE, body TEXT,
    hash BLOB NOT NULL, chain BLOB NOT NULL
) STRICT;
CREATE TABLE known (fact TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE copies (fact TEXT PRIMARY KEY, copies INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE device (
    device_id TEXT PRIMARY KEY, serial TEXT NOT NULL DEFAULT '', cursor TEXT, complete_until TEXT,
    last_data TEXT, stored INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE terminal (serial TEXT PRIMARY KEY, first_read TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, serial TEXT NOT NULL, reason TEXT NOT NULL,
    length INTEGER NOT NULL, sha256 TEXT NOT NULL, raw BLOB, seen TEXT NOT NULL, pending_from TEXT,
    UNIQUE (serial, sha256)
) STRICT;
CREATE TABLE receipt (
    app TEXT PRIMARY KEY, n INTEGER NOT NULL, position INTEGER NOT NULL, received TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


TABLES_2 = """
ALTER TABLE event ADD COLUMN size INTEGER;
ALTER TABLE event ADD COLUMN emptied TEXT;
CREATE TABLE parked (position INTEGER PRIMARY KEY, reason TEXT NOT NULL, since TEXT NOT NULL) STRICT;
ALTER TABLE receipt ADD COLUMN head TEXT;
"""


TABLES_3 = "ALTER TABLE parked ADD COLUMN again INTEGER NOT NULL DEFAULT 0"


def position(epoch_number: int, sequence: int) -> int:
    """Where an event stands in the log: order of epochs, then of numbers."""
    return epoch_number << SEQUENCE_BITS | sequence


def sequence_of(position: int) -> int:
    """The number of the event at `position` within its epoch."""
    return position & SEQUENCE_MASK


def epoch_of(position: int) -> int:
    """The epoch number of the event at `position`."""
    return position >> SEQUENCE_BITS


def version_of(connection: Connection) -> int:
    """The schema version of an open database; 0 for an empty one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)

"""The consumer's tables in SQLite and the longer statements on them.

events    what counts, once per id, for ever the first copy.
ledgers   per source and epoch: committed without a gap up to where, chain hash there.
numbers   the hashes of the numbers up to there: a row for each run that was settled at once, from `first` on.
waiting   bodies of numbers above it, or word of withheld ones.
refused   what could not be used, with its bytes (without a number: the first `GARBAGE_KEPT` of them).
withheld  whose number is settled without them, as long as they have not come.
states    what each hall last said of itself.
"""

_SCHEMA = """
CREATE TABLE events (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, epoch TEXT NOT NULL,
    sequence INTEGER NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE halls (
    source TEXT PRIMARY KEY, epoch TEXT NOT NULL, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE ledgers (
    key INTEGER PRIMARY KEY, source TEXT NOT NULL, epoch TEXT NOT NULL, upto INTEGER NOT NULL,
    head BLOB NOT NULL, hash_alg TEXT, UNIQUE (source, epoch)) STRICT;
CREATE TABLE numbers (
    ledger INTEGER NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (ledger, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE waiting (
    ledger INTEGER NOT NULL, sequence INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (ledger, sequence)) STRICT;
CREATE TABLE refused (
    number INTEGER PRIMARY KEY, ledger INTEGER, sequence INTEGER, topic TEXT NOT NULL,
    reason TEXT NOT NULL, length INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL,
    UNIQUE (ledger, sequence)) STRICT;
CREATE UNIQUE INDEX refused_garbage ON refused (topic, sha256) WHERE ledger IS NULL;
"""
_WITHHELD = """
ALTER TABLE waiting ADD COLUMN hash BLOB;
ALTER TABLE waiting ADD COLUMN chain BLOB;
CREATE TABLE withheld (
    ledger INTEGER NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    size INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (ledger, sequence)) STRICT;
CREATE INDEX withheld_id ON withheld (id);
"""
_STATES = """
ALTER TABLE halls ADD COLUMN sent_to INTEGER NOT NULL DEFAULT 0;
CREATE TABLE states (
    source TEXT PRIMARY KEY, word TEXT NOT NULL, since TEXT NOT NULL, heard TEXT NOT NULL,
    body BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""
_RUNS = """
ALTER TABLE numbers RENAME COLUMN sequence TO first;
ALTER TABLE numbers RENAME COLUMN hash TO hashes;
"""
STEPS = (_SCHEMA, _WITHHELD, _STATES, _RUNS)
"""Step n leads to schema version n, which `PRAGMA user_version` tells."""

ADD_EVENT = """
INSERT INTO events (id, source, epoch, sequence, type, time, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""
HASHES = """
SELECT first, hashes FROM numbers WHERE ledger = ? AND first <= ? ORDER BY first DESC LIMIT 1
"""
SAVE_STATE = """
INSERT INTO states VALUES (?1, ?2, datetime(), datetime(), ?3) ON CONFLICT (source) DO UPDATE SET
    since = iif(word = ?2, since, datetime()), heard = datetime(), word = ?2, body = ?3
"""
STATES = """
SELECT source, since, heard, body, upto FROM states
LEFT JOIN halls USING (source) LEFT JOIN ledgers USING (source, epoch)
"""
LACKING = """
SELECT source, upto FROM halls JOIN ledgers USING (source, epoch)
WHERE upto < sent_to OR EXISTS (SELECT 1 FROM waiting WHERE ledger = key)
"""
ISLANDS = """
SELECT min(sequence), max(sequence) FROM (
    SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island
    FROM waiting WHERE ledger = ?)
GROUP BY island ORDER BY 1
"""
WITHHOLD = """
INSERT INTO withheld SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = ?3)
"""
PARKED = """
SELECT sequence FROM withheld WHERE ledger = ? AND reason = 'parked' ORDER BY sequence LIMIT ?
"""

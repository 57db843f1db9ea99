"""The consumer's tables in PostgreSQL and the longer statements on them; what each holds: `sqlite_schema.py`.

Whoever follows `events` while several workers write goes by `(taken, number)`, up to the oldest transaction
still open (`config/contract/GUIDE.md`): numbers alone become visible out of order.
"""

SCHEMA = """
CREATE TABLE events (
    taken XID8 NOT NULL DEFAULT pg_current_xact_id(), number BIGINT GENERATED ALWAYS AS IDENTITY,
    id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, epoch TEXT NOT NULL, sequence BIGINT NOT NULL,
    type TEXT NOT NULL, time TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (taken, number));
CREATE TABLE halls (
    source TEXT PRIMARY KEY, epoch TEXT NOT NULL, n BIGINT NOT NULL, sent_to BIGINT NOT NULL)
    WITH (fillfactor = 50);
CREATE TABLE ledgers (
    key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source TEXT NOT NULL, epoch TEXT NOT NULL,
    upto BIGINT NOT NULL, head BYTEA NOT NULL, hash_alg TEXT, UNIQUE (source, epoch))
    WITH (fillfactor = 50);
CREATE TABLE numbers (
    ledger BIGINT NOT NULL, sequence BIGINT NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY (ledger, sequence));
CREATE TABLE waiting (
    ledger BIGINT NOT NULL, sequence BIGINT NOT NULL, body BYTEA NOT NULL, hash BYTEA, chain BYTEA,
    PRIMARY KEY (ledger, sequence));
CREATE TABLE refused (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ledger BIGINT, sequence BIGINT,
    topic TEXT NOT NULL, reason TEXT NOT NULL, length BIGINT NOT NULL, sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL, UNIQUE (ledger, sequence));
CREATE UNIQUE INDEX refused_garbage ON refused (topic, sha256) WHERE ledger IS NULL;
CREATE TABLE withheld (
    ledger BIGINT NOT NULL, sequence BIGINT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    size BIGINT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (ledger, sequence));
CREATE INDEX withheld_id ON withheld (id);
CREATE TABLE states (
    source TEXT PRIMARY KEY, word TEXT NOT NULL, since TIMESTAMPTZ NOT NULL, heard TIMESTAMPTZ NOT NULL,
    body BYTEA NOT NULL) WITH (fillfactor = 50);
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL);
CREATE TABLE schema_version (version INTEGER NOT NULL);
"""
_RUNS = """
ALTER TABLE numbers RENAME COLUMN sequence TO first;
ALTER TABLE numbers RENAME COLUMN hash TO hashes;
"""
STEPS = (SCHEMA, _RUNS)
"""Step n leads to schema version n."""

LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
ADD_EVENTS = """
INSERT INTO events (id, source, epoch, sequence, type, time, body)
SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[], %b::text[])
ON CONFLICT (id) DO NOTHING RETURNING id
"""
SAVE_HALLS = """
INSERT INTO halls SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
ON CONFLICT (source) DO UPDATE SET epoch = excluded.epoch, n = excluded.n, sent_to = excluded.sent_to
"""
SAVE_LEDGERS = """
UPDATE ledgers SET upto = row.upto, head = row.head, hash_alg = row.hash_alg
FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::text[]) AS row (key, upto, head, hash_alg)
WHERE ledgers.key = row.key
"""
SETTLE = "COPY numbers (ledger, first, hashes) FROM STDIN (FORMAT BINARY)"
WAIT = "COPY waiting (ledger, sequence, body, hash, chain) FROM STDIN (FORMAT BINARY)"
WAITING = "SELECT sequence, body, hash, chain FROM waiting WHERE ledger = %s AND sequence BETWEEN %s AND %s"
HASHES = """
SELECT first, hashes FROM numbers WHERE ledger = %s AND first <= %s ORDER BY first DESC LIMIT 1
"""
ISLANDS = """
SELECT min(sequence), max(sequence) FROM (
    SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island
    FROM waiting WHERE ledger = %s) AS numbered
GROUP BY island ORDER BY 1
"""
LACKING = """
SELECT source, upto FROM halls JOIN ledgers USING (source, epoch)
WHERE upto < sent_to OR EXISTS (SELECT 1 FROM waiting WHERE ledger = key)
"""
REFUSE = """
INSERT INTO refused (ledger, sequence, topic, reason, length, sha256, body)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
USE = """
DELETE FROM refused USING unnest(%s::bigint[], %s::bigint[]) AS usable (ledger, sequence)
WHERE refused.ledger = usable.ledger AND refused.sequence = usable.sequence
"""
WITHHOLD = """
INSERT INTO withheld
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[])
    AS told (ledger, sequence, id, type, size, reason, detail)
WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.id = told.id)
"""
SAVE_STATE = """
INSERT INTO states VALUES (%s, %s, now(), now(), %s) ON CONFLICT (source) DO UPDATE SET
    since = CASE WHEN states.word = excluded.word THEN states.since ELSE now() END,
    heard = now(), word = excluded.word, body = excluded.body
"""
STATES = """
SELECT source, to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
    to_char(heard AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), body, upto
FROM states LEFT JOIN halls USING (source) LEFT JOIN ledgers USING (source, epoch)
"""
LEASE = """
INSERT INTO leases VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE leases.holder = excluded.holder OR leases.until < clock_timestamp()
RETURNING name
"""
PARKED = """
SELECT sequence FROM withheld WHERE ledger = %s AND reason = 'parked' ORDER BY sequence LIMIT %s
"""

"""The tables of the log store in PostgreSQL, in a schema of their own.

They are those of SQLite (see `log.schema`), with three differences. Positions are counted in each
network, because processes that write to different networks wait for one another nowhere: `network`
holds the newest position of each, and whoever writes to one locks its row. All that grows with the
events is partitioned by network. And every row says its network, which says its partition.
"""

VERSION = 1
PARTITIONS = 8

_TABLES = """
CREATE TABLE layout (version bigint NOT NULL);

CREATE TABLE network (
    network bytea PRIMARY KEY,
    position bigint NOT NULL,
    last_act bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE log (
    number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    network bytea NOT NULL,
    log bytea NOT NULL UNIQUE,
    key bytea NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    hlc bigint NOT NULL,
    position bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX log_of_network ON log (network, position);
CREATE INDEX log_of_key ON log (key);

CREATE TABLE arrival (
    network bytea NOT NULL,
    position bigint NOT NULL,
    log bigint NOT NULL,
    first bigint NOT NULL,
    count bigint NOT NULL,
    received bigint NOT NULL,
    PRIMARY KEY (network, position),
    UNIQUE (network, log, first)
) PARTITION BY HASH (network);

CREATE TABLE record (
    network bytea NOT NULL,
    position bigint NOT NULL,
    topic text NOT NULL,
    record bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (network, position)
) PARTITION BY HASH (network);

CREATE TABLE seal (
    network bytea NOT NULL,
    log bigint NOT NULL,
    seq bigint NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (network, log, seq)
) PARTITION BY HASH (network);

CREATE TABLE act (
    network bytea NOT NULL,
    position bigint NOT NULL,
    log bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (network, position)
) PARTITION BY HASH (network);

CREATE VIEW stored_events AS
SELECT
    record.position,
    log.network,
    log.log AS originator_id,
    arrival.first + record.position - arrival.position AS originator_version,
    record.topic,
    record.record AS state
FROM log
JOIN arrival ON arrival.network = log.network AND arrival.log = log.number
JOIN record ON record.network = log.network
AND record.position >= arrival.position
AND record.position < arrival.position + arrival.count;

CREATE INDEX blank ON record (network, position) WHERE get_byte(record, 0) = 129;

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
-- A body gives way to its own hash, or comes back, and nothing else changes.
IF TG_OP = 'UPDATE' AND starts_with(TG_TABLE_NAME, 'record') THEN
    IF (NEW.network, NEW.position, NEW.topic, NEW.hash, substr(NEW.record, 2, 9))
        = (OLD.network, OLD.position, OLD.topic, OLD.hash, substr(OLD.record, 2, 9))
        AND get_byte(OLD.record, 0) # get_byte(NEW.record, 0) = 128
        AND length(CASE get_byte(OLD.record, 0) WHEN 129 THEN OLD.record ELSE NEW.record END) = 42
    THEN RETURN NEW; END IF;
END IF;
RAISE integrity_constraint_violation USING MESSAGE = 'the log is append-only'; END $$;
"""

PARTITIONED = ("record", "arrival", "seal", "act")

_PARTITION = """
CREATE TABLE {table}_{n} PARTITION OF {table} FOR VALUES WITH (MODULUS {count}, REMAINDER {n});
"""
_APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE {verbs} ON {table} FOR EACH ROW EXECUTE FUNCTION append_only();
"""

TABLES = (
    _TABLES
    + "".join(
        _PARTITION.format(table=table, n=n, count=PARTITIONS)
        for table in PARTITIONED
        for n in range(PARTITIONS)
    )
    + "".join(_APPEND_ONLY.format(table=table, verbs="UPDATE OR DELETE") for table in PARTITIONED)
    + _APPEND_ONLY.format(table="log", verbs="DELETE")
    + f"INSERT INTO layout VALUES ({VERSION});"
)

HEADS = "SELECT network, number, key, hlc, log, seq, hash FROM log WHERE network = %s"

LOCK = "SELECT position, last_act FROM network WHERE network = %s FOR UPDATE"
OPEN = """
INSERT INTO log (network, log, key, seq, hash, hlc, position)
VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING number
"""

# The heads of logs and networks after a writing, and word of it.
MOVE_HEADS = """
WITH moved AS (
    UPDATE log SET seq = new.seq, hash = new.hash, hlc = new.hlc
    FROM unnest(%(numbers)s::bigint[], %(seqs)s::bigint[], %(hashes)s::bytea[], %(hlcs)s::bigint[])
    AS new(number, seq, hash, hlc) WHERE log.number = new.number
), grown AS (
    UPDATE network SET position = new.position, last_act = new.last_act
    FROM unnest(%(networks)s::bytea[], %(positions)s::bigint[], %(last_acts)s::bigint[])
    AS new(network, position, last_act) WHERE network.network = new.network
    RETURNING network.network
)
SELECT pg_notify(%(channel)s, encode(network, 'hex')) FROM grown
"""

# A range of a log: its runs from the one that holds the first seq wanted, and of each run the
# positions that fall into the range.
_RUNS = """
JOIN arrival ON arrival.network = %(network)s AND arrival.log = asked.log
AND arrival.first >= (SELECT max(first) FROM arrival
    WHERE network = %(network)s AND log = asked.log AND first <= asked.after + 1)
AND arrival.first <= asked.upto
JOIN record ON record.network = %(network)s
AND record.position >= arrival.position + greatest(0, asked.after + 1 - arrival.first)
AND record.position < arrival.position + least(arrival.count, asked.upto + 1 - arrival.first)
"""

RANGE = (
    "SELECT {wanted} FROM (VALUES (%(log)s::bigint, %(after)s::bigint, %(upto)s::bigint))"
    " AS asked(log, after, upto)" + _RUNS
)
IN_ORDER = " ORDER BY arrival.first, record.position"

_ASKED = """
unnest(%(logs)s::bigint[], %(afters)s::bigint[], %(uptos)s::bigint[])
WITH ORDINALITY AS asked(log, after, upto, place)
"""

RANGES = (
    f"SELECT asked.place - 1, record.record FROM {_ASKED} {_RUNS}"
    " ORDER BY asked.place, arrival.first, record.position"
)

SEALS = f"""
SELECT asked.place - 1, seal.seq, seal.signature FROM {_ASKED}
JOIN seal ON seal.network = %(network)s AND seal.log = asked.log
AND seal.seq > asked.after AND seal.seq <= asked.upto
ORDER BY asked.place, seal.seq
"""

HASHES_AT = """
SELECT (SELECT hash FROM record WHERE network = %(network)s AND position = (
    SELECT position + asked.seq - first FROM arrival
    WHERE network = %(network)s AND log = asked.log AND first <= asked.seq
    ORDER BY first DESC LIMIT 1
))
FROM unnest(%(logs)s::bigint[], %(seqs)s::bigint[]) WITH ORDINALITY AS asked(log, seq, place)
ORDER BY asked.place
"""

ACTS = """
SELECT log.log, act.seq, record.record FROM act
JOIN log ON log.number = act.log
JOIN record ON record.network = %(network)s AND record.position = act.position
WHERE act.network = %(network)s ORDER BY act.position
"""

BLANKS = """
SELECT log.log, arrival.first + record.position - arrival.position, record.hash FROM record
JOIN arrival ON arrival.network = %(network)s AND arrival.position = (
    SELECT max(position) FROM arrival
    WHERE network = %(network)s AND position <= record.position
)
JOIN log ON log.number = arrival.log
WHERE record.network = %(network)s AND get_byte(record.record, 0) = 129
"""

REPLACE = """
UPDATE record SET record = %(record)s WHERE network = %(network)s AND position = (
    SELECT position + %(seq)s - first FROM arrival
    WHERE network = %(network)s AND log = %(log)s AND first <= %(seq)s
    ORDER BY first DESC LIMIT 1
)
"""

SINCE = """
SELECT position, record, hash FROM record
WHERE network = %(network)s AND position > %(position)s ORDER BY position LIMIT %(limit)s
"""

# The run that holds a position is the last one that begins at or before it.
RUNS_SINCE = """
SELECT arrival.position, log.log, first, count, received FROM arrival
JOIN log ON log.number = arrival.log
WHERE arrival.network = %(network)s AND arrival.position <= %(last)s
AND arrival.position >= (SELECT max(position) FROM arrival
    WHERE network = %(network)s AND position <= %(first)s)
ORDER BY arrival.position
"""

# The second byte of a record is its kind.
MISNAMED = """
SELECT position FROM record
WHERE topic IS DISTINCT FROM (%s::text[])[1 + get_byte(record, 1)] LIMIT 1
"""

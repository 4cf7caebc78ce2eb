"""The tables of the log store in SQLite.

A record has no columns for its log, seq and time of arrival: records come in runs, so one
`arrival` says for a whole run which log and seq begins at which position. Records then go to the
end of one b-tree, and they are small. `stored_events` shows every record with all that.

`log` holds the head of each log, kept in the transaction that appends; `act` points to the
membership records, which must be found without walking the others.
"""

VERSION = 1

TABLES = """
CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    network BLOB NOT NULL,
    log BLOB NOT NULL UNIQUE,
    key BLOB NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    hlc INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT;
CREATE INDEX log_of_network ON log (network, position);
CREATE INDEX log_of_key ON log (key);

CREATE TABLE arrival (
    position INTEGER PRIMARY KEY,
    network BLOB NOT NULL,
    log INTEGER NOT NULL REFERENCES log,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    received INTEGER NOT NULL,
    UNIQUE (log, first)
) STRICT;
CREATE INDEX arrival_of_network ON arrival (network);

CREATE TABLE record (
    position INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    record BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE INDEX blank ON record (position) WHERE substr(record, 1, 1) = x'81';

CREATE TABLE seal (
    log INTEGER NOT NULL REFERENCES log,
    seq INTEGER NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE act (
    network BLOB NOT NULL,
    position INTEGER NOT NULL,
    log INTEGER NOT NULL REFERENCES log,
    seq INTEGER NOT NULL,
    PRIMARY KEY (network, position)
) STRICT, WITHOUT ROWID;

CREATE VIEW stored_events AS
SELECT
    record.position,
    log.network,
    log.log AS originator_id,
    arrival.first + record.position - arrival.position AS originator_version,
    record.topic,
    record.record AS state,
    record.hash,
    arrival.received
FROM arrival
JOIN log ON log.number = arrival.log
JOIN record ON record.position BETWEEN arrival.position AND arrival.position + arrival.count - 1;
"""

_APPEND_ONLY = """
CREATE TRIGGER {table}_refuses_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
"""

# A body gives way to its own hash, or comes back, and nothing else changes.
_ERASABLE = """
CREATE TRIGGER record_refuses_UPDATE BEFORE UPDATE ON record
WHEN NOT (
    NEW.position = OLD.position AND NEW.topic = OLD.topic AND NEW.hash = OLD.hash
    AND substr(NEW.record, 2, 9) = substr(OLD.record, 2, 9)
    AND min(substr(OLD.record, 1, 1), substr(NEW.record, 1, 1)) = x'01'
    AND ifnull(CASE x'81' WHEN substr(OLD.record, 1, 1) THEN length(OLD.record)
        WHEN substr(NEW.record, 1, 1) THEN length(NEW.record) END, 0) = 42
)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
"""

TRIGGERS = _ERASABLE + "".join(
    _APPEND_ONLY.format(table=table, verb=verb)
    for table, verb in (
        ("record", "DELETE"),
        *((table, verb) for table in ("arrival", "seal", "act") for verb in ("UPDATE", "DELETE")),
        ("log", "DELETE"),
    )
)

BLANKS = """
SELECT log.log, arrival.first + record.position - arrival.position, record.hash FROM record
JOIN arrival ON arrival.position = (
    SELECT max(position) FROM arrival WHERE position <= record.position
)
JOIN log ON log.number = arrival.log
WHERE substr(record.record, 1, 1) = x'81' AND log.network = ?
"""

REPLACE = """
UPDATE record SET record = :record WHERE position = (
    SELECT position + :seq - first FROM arrival
    WHERE log = :log AND first <= :seq ORDER BY first DESC LIMIT 1
)
"""

# A range of a log: its runs by (log, first) from the one that holds the first seq wanted, and of
# each run the positions that fall into the range. CROSS JOIN keeps SQLite to that order.
RANGE = """
SELECT {wanted} FROM arrival CROSS JOIN record
WHERE arrival.log = :log
AND arrival.first >= (SELECT max(first) FROM arrival WHERE log = :log AND first <= :after + 1)
AND arrival.first <= :upto
AND record.position >= arrival.position + max(0, :after + 1 - arrival.first)
AND record.position < arrival.position + min(arrival.count, :upto + 1 - arrival.first)
ORDER BY arrival.first, record.position
"""

# The same for many ranges given as a JSON array of [log, after, upto].
RANGES = """
WITH asked AS MATERIALIZED (
    SELECT key AS place, json_extract(value, '$[0]') AS log,
        json_extract(value, '$[1]') AS after, json_extract(value, '$[2]') AS upto
    FROM json_each(?)
)
SELECT asked.place, record.record FROM asked CROSS JOIN arrival CROSS JOIN record
WHERE arrival.log = asked.log
AND arrival.first >= (SELECT max(first) FROM arrival
    WHERE log = asked.log AND first <= asked.after + 1)
AND arrival.first <= asked.upto
AND record.position >= arrival.position + max(0, asked.after + 1 - arrival.first)
AND record.position < arrival.position + min(arrival.count, asked.upto + 1 - arrival.first)
ORDER BY asked.place, arrival.first, record.position
"""

SEALS = """
SELECT asked.key, seal.seq, seal.signature FROM json_each(?) AS asked CROSS JOIN seal
WHERE seal.log = json_extract(asked.value, '$[0]')
AND seal.seq > json_extract(asked.value, '$[1]')
AND seal.seq <= json_extract(asked.value, '$[2]')
ORDER BY asked.key, seal.seq
"""

# For places given as a JSON array of [log, seq].
HASHES_AT = """
SELECT hash FROM json_each(?) AS asked JOIN record ON record.position = (
    SELECT position + json_extract(asked.value, '$[1]') - first FROM arrival
    WHERE log = json_extract(asked.value, '$[0]') AND first <= json_extract(asked.value, '$[1]')
    ORDER BY first DESC LIMIT 1
) ORDER BY asked.key
"""

ACTS = """
SELECT log.log, act.seq, record.record FROM act
JOIN log ON log.number = act.log JOIN record USING (position)
WHERE act.network = ? ORDER BY act.position
"""

# The run that holds a position is the last one that begins at or before it.
SINCE = """
SELECT record.position, log.log, arrival.first + record.position - arrival.position,
    record.record, record.hash, arrival.received
FROM arrival CROSS JOIN log CROSS JOIN record
WHERE arrival.network = :network
AND arrival.position >= coalesce((SELECT max(position) FROM arrival
    WHERE network = :network AND position <= :position), 0)
AND log.number = arrival.log
AND record.position >= max(:position + 1, arrival.position)
AND record.position < arrival.position + arrival.count
ORDER BY arrival.position, record.position LIMIT :limit
"""

# The second byte of a record is its kind.
MISNAMED = """
SELECT position FROM record
WHERE topic <> CASE substr(record, 2, 1) WHEN x'00' THEN ? WHEN x'01' THEN ? END LIMIT 1
"""

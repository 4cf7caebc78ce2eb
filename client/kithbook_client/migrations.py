"""The tables of a home's file, one step for each version of `schema`.

An event's place is one number, the number of its log × 2³² + its seq, so that a log's events lie
together and a row names an event with one integer. The log side is ours to the byte; the views
are plain tables, one for each kind of fact, with the columns that its shape has today. The first
step makes them so as well: a later one that changes a view drops its table and makes it anew, with
its indexes, and has the rows worked out again.
"""

from sqlite_utils import Database, Migrations

from kithbook_client.shapes import SHAPES

migrations = Migrations("kith")

LOG_SIDE = """
CREATE TABLE network (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    clock INTEGER NOT NULL DEFAULT 0, -- the latest timestamp of others that was believed
    server TEXT
);
CREATE TABLE person (
    no INTEGER PRIMARY KEY,
    network INTEGER NOT NULL REFERENCES network(no),
    id BLOB NOT NULL,
    name TEXT, -- the one in force, for those who look at the tables
    UNIQUE (id, network)
);
CREATE TABLE device (
    no INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    secret BLOB NOT NULL,
    name TEXT NOT NULL,
    machine TEXT NOT NULL
);
CREATE TABLE log (
    no INTEGER PRIMARY KEY,
    network INTEGER NOT NULL REFERENCES network(no),
    id BLOB NOT NULL,
    key BLOB,
    device TEXT,
    seq INTEGER NOT NULL DEFAULT 0,
    hash BLOB,
    hlc INTEGER NOT NULL DEFAULT 0,
    person INTEGER REFERENCES person(no),
    role TEXT,
    until INTEGER,
    why TEXT,
    searched INTEGER NOT NULL DEFAULT 0, -- up to this seq its texts can be searched
    UNIQUE (id, network)
);
CREATE TABLE event (
    place INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    received INTEGER NOT NULL, -- ms since 1970
    hash BLOB NOT NULL,
    record BLOB NOT NULL,
    log INTEGER GENERATED ALWAYS AS (place >> 32) VIRTUAL REFERENCES log(no),
    seq INTEGER GENERATED ALWAYS AS (place & 0xffffffff) VIRTUAL
);
CREATE TABLE seal (
    place INTEGER PRIMARY KEY REFERENCES event(place),
    signature BLOB NOT NULL
);
CREATE TABLE fork (
    place INTEGER NOT NULL,
    hash BLOB NOT NULL,
    record BLOB NOT NULL,
    aside INTEGER NOT NULL, -- ms since 1970
    log INTEGER GENERATED ALWAYS AS (place >> 32) VIRTUAL REFERENCES log(no),
    seq INTEGER GENERATED ALWAYS AS (place & 0xffffffff) VIRTUAL,
    PRIMARY KEY (place, hash)
) WITHOUT ROWID;

CREATE TRIGGER event_stays BEFORE DELETE ON event
WHEN NOT EXISTS (
    SELECT 1 FROM fork
    WHERE fork.place = OLD.place AND fork.hash = OLD.hash AND fork.record = OLD.record
)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER event_stays_as_it_is BEFORE UPDATE ON event
WHEN NOT ( -- the body gives way to its own hash, and nothing else changes
    NEW.place = OLD.place AND NEW.position = OLD.position
    AND NEW.received = OLD.received AND NEW.hash = OLD.hash
    AND substr(OLD.record, 1, 1) = x'01' AND substr(NEW.record, 1, 1) = x'81'
    AND substr(NEW.record, 2, 9) = substr(OLD.record, 2, 9) AND length(NEW.record) = 42
)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

-- Where to find events; written with them.
CREATE TABLE mention (
    person INTEGER NOT NULL REFERENCES person(no),
    event INTEGER NOT NULL REFERENCES event(place),
    PRIMARY KEY (person, event)
) WITHOUT ROWID;
CREATE TABLE source (
    source BLOB NOT NULL,
    event INTEGER NOT NULL REFERENCES event(place),
    PRIMARY KEY (source, event)
) WITHOUT ROWID;
CREATE TABLE ahead ( -- happening more than a day after they were written
    at INTEGER NOT NULL,
    event INTEGER NOT NULL REFERENCES event(place),
    PRIMARY KEY (at, event)
) WITHOUT ROWID;
CREATE TABLE act (event INTEGER PRIMARY KEY REFERENCES event(place)); -- of membership
CREATE TABLE correction (event INTEGER PRIMARY KEY REFERENCES event(place)); -- of other events

CREATE TABLE opening ( -- pages that open a log by a link, until the server has taken them
    ticket BLOB PRIMARY KEY,
    key BLOB NOT NULL,
    page BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE peer (
    network INTEGER NOT NULL REFERENCES network(no),
    url TEXT NOT NULL,
    token TEXT,
    expires INTEGER,
    heads BLOB, -- what it last said that it holds
    last_sync INTEGER, -- ms since 1970
    PRIMARY KEY (network, url)
) WITHOUT ROWID;
CREATE TABLE tracking (
    network INTEGER PRIMARY KEY REFERENCES network(no),
    position INTEGER NOT NULL, -- of the last event that the views have taken in
    weight BLOB NOT NULL, -- the sum behind the digest
    version INTEGER NOT NULL -- of the projections that wrote the views
);
"""

SEVERAL_NETWORKS = """
ALTER TABLE network ADD COLUMN private INTEGER NOT NULL DEFAULT 0; -- 1 for one's own
ALTER TABLE network ADD COLUMN current INTEGER NOT NULL DEFAULT 0; -- 1 for the one written to
ALTER TABLE network ADD COLUMN left INTEGER; -- ms since 1970, when one left it
UPDATE network SET private = 1 WHERE no = (SELECT min(no) FROM network);
"""

ROLES_OVER_TIME = """
ALTER TABLE log ADD COLUMN earlier TEXT; -- roles before this one, with the last seq under each
ALTER TABLE log ADD COLUMN powerless TEXT; -- acts that the writer had no right to, each with why
"""

ERASING = """
CREATE TABLE erasure ( -- whose bodies are to be destroyed, whether or not they have come
    event INTEGER NOT NULL,
    [check] BLOB NOT NULL,
    PRIMARY KEY (event, [check])
) WITHOUT ROWID;
DROP TRIGGER event_stays_as_it_is;
CREATE TRIGGER event_stays_as_it_is BEFORE UPDATE ON event
WHEN NOT ( -- the body gives way to its own hash, or comes back, and nothing else changes
    NEW.place = OLD.place AND NEW.position = OLD.position
    AND NEW.received = OLD.received AND NEW.hash = OLD.hash
    AND substr(NEW.record, 2, 9) = substr(OLD.record, 2, 9)
    AND min(substr(OLD.record, 1, 1), substr(NEW.record, 1, 1)) = x'01'
    AND ifnull(CASE x'81' WHEN substr(OLD.record, 1, 1) THEN length(OLD.record)
        WHEN substr(NEW.record, 1, 1) THEN length(NEW.record) END, 0) = 42
)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
"""

SHARED = """
CREATE TABLE shared ( -- events that tell a team again what stands in the private network
    event INTEGER PRIMARY KEY REFERENCES event(place),
    original INTEGER NOT NULL REFERENCES event(place)
);
"""

SET_ASIDE = """
DROP TRIGGER event_stays;
CREATE TRIGGER event_stays BEFORE DELETE ON event
WHEN NOT EXISTS ( -- it stands in a branch that was set aside, with its body if it has one here
    SELECT 1 FROM fork
    WHERE fork.place = OLD.place AND fork.hash = OLD.hash
    AND (fork.record = OLD.record OR substr(OLD.record, 1, 1) = x'81')
)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
"""

VIEWS = (
    *(
        (shape.table, shape.key + shape.rest, shape.key + shape.many)
        for shapes in SHAPES.values()
        for shape in shapes
    ),
    # What people are found by: names and aliases, again from each further word on, and e-mails.
    ("handle", ("text", "person", "field", "whole"), ("text", "person", "field")),
    # What can be searched: the words of an event by its place, or of a card by its person.
    ("text", ("id", "words"), ("id",)),
)
"""Table → its columns, and those of them that are its key."""


@migrations()
def first(db: Database) -> None:
    for statement in _statements(LOG_SIDE):
        db.execute(statement)
    for name, names, key in VIEWS:
        _create_view_table(db, name, names, key)
    db.table("link").create_index(["b"])
    db.table("tie").create_index(["b"])
    for side in ("by", "to"):
        db.execute(f"CREATE INDEX help_open_{side} ON help([{side}]) WHERE open")
    for side in ("by", "who", "to"):
        db.table("referral").create_index([side])
    db.table("card").create_index(["field"])
    db.table("text").enable_fts(
        ["words"], tokenize="unicode61 remove_diacritics 2", create_triggers=True
    )


@migrations()
def several_networks(db: Database) -> None:
    for statement in _statements(SEVERAL_NETWORKS):
        db.execute(statement)


@migrations()
def days_as_they_are(db: Database) -> None:
    """What a link's days hold is written down as it is in memory; the views are made anew."""
    db.execute("UPDATE tracking SET version = -1")


@migrations()
def who_said_so(db: Database) -> None:
    """A merge knows its author, and a retraction whether an owner made it."""
    for statement in _statements(ROLES_OVER_TIME):
        db.execute(statement)
    for name, names, key in VIEWS:
        if name in {"merge", "retraction"}:
            db.table(name).drop()
            _create_view_table(db, name, names, key)
    db.execute("UPDATE tracking SET version = -1")


@migrations()
def erasing(db: Database) -> None:
    for statement in _statements(ERASING):
        db.execute(statement)
    db.execute("CREATE INDEX void_missing ON void(event) WHERE reason = 'missing'")


@migrations()
def what_was_shared(db: Database) -> None:
    for statement in _statements(SHARED):
        db.execute(statement)


@migrations()
def set_aside_again(db: Database) -> None:
    for statement in _statements(SET_ASIDE):
        db.execute(statement)


@migrations()
def highest_levels(db: Database) -> None:
    db.execute("CREATE INDEX link_stated ON link(a, tenths) WHERE tenths IS NOT NULL")


@migrations()
def what_is_stated_of_somebody(db: Database) -> None:
    db.execute("CREATE INDEX link_stated_of ON link(b, tenths) WHERE tenths IS NOT NULL")


_TYPES: dict[str, type] = {
    **dict.fromkeys(("kind", "field", "value", "setting", "reason", "text", "words"), str),
    **dict.fromkeys(("days", "said", "check"), bytes),
}
"""Column → what it holds, where that is no number."""
_PEOPLE = ("a", "b", "author", "by", "to", "who", "person")
"""Columns that hold a person's number."""


def _create_view_table(
    db: Database, name: str, names: tuple[str, ...], key: tuple[str, ...]
) -> None:
    columns = {column: _TYPES.get(column, int) for column in names}
    references = [(column, "person", "no") for column in names if column in _PEOPLE]
    if "network" in names:
        references.append(("network", "network", "no"))
    sql = db.create_table_sql(
        name, columns, pk=key[0] if len(key) == 1 else key, foreign_keys=references, not_null=key
    )
    # A key of several columns is also where the rows lie: one tree to write instead of two.
    db.execute(sql.strip().rstrip(";") + (" WITHOUT ROWID" if len(key) > 1 else ""))


def _statements(script: str) -> list[str]:
    """A script cut into statements; `executescript` would commit the transaction we are in."""
    import sqlite3

    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found

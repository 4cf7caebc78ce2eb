"""Whatever byte is changed in what the log holds, verify finds it and says where."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from kithbook.envelope import chain
from kithbook_client.replica import Replica
from kithbook_client.verify import verify
from tests.client.core.world import Clock, another, copied, give, held, met, sync
from tests.replica_server import ReplicaServer

TRIGGERS = ("event_stays", "event_stays_as_it_is")


@pytest.fixture(name="full")
def _full(replica: Replica, tmp_path: Path, clock: Clock) -> Replica:
    """Two logs, some seals, and an event that is not sealed yet."""
    other = another(tmp_path / "other", replica, clock)
    replica.append([met(replica, "Bob"), met(replica, "Carol", source=bytes(16))])
    give(replica, other)
    other.append([met(other, "Dan")])
    give(other, replica)
    replica.append([met(replica, "Eve")])
    for trigger in TRIGGERS:
        replica.db.execute(f"DROP TRIGGER {trigger}")
    return replica


ROLES = ("role", "until", "why", "earlier", "powerless")
COLUMNS = {
    "event": ("place", "position", "hash", "record"),
    "seal": ("place", "signature"),
    "log": ("id", "key", "device", "seq", "hash", "hlc", "person", *ROLES),
    "device": ("key", "secret"),
}
"""What is checked; `received`, which only this replica knows, cannot be."""


def test_what_is_whole_is_found_so(full: Replica) -> None:
    report = verify(full, views=True)

    assert (report.ok, report.events, report.problems) == (True, full.count(), [])


@pytest.mark.parametrize(
    ("table", "column"), [(t, column) for t, columns in COLUMNS.items() for column in columns]
)
def test_any_changed_value_is_found(full: Replica, table: str, column: str) -> None:
    chance = Random(f"{table} {column}")
    key = "rowid"
    values = full.db.execute(f"SELECT {key}, [{column}] FROM {table}").fetchall()
    for row, value in values:
        for changed in _changed(value, chance):
            full.db.execute("SAVEPOINT here")
            try:
                full.db.execute(
                    f"UPDATE {table} SET [{column}] = ? WHERE {key} = ?", (changed, row)
                )
                full.home.forget()
                report = verify(full)
            finally:
                full.db.execute("ROLLBACK TO here")
                full.db.execute("RELEASE here")
                full.home.forget()
            assert not report.ok, (row, value, changed)
            assert report.problems[0].why
    assert verify(full).ok


def _changed(value: Any, chance: Random) -> list[Any]:
    """The value with some bit of it flipped, at either end and somewhere between."""
    match value:
        case bytes():
            places = {0, len(value) - 1, chance.randrange(len(value)), chance.randrange(len(value))}
            flipped = []
            for at in sorted(places):
                other = bytearray(value)
                other[at] ^= 1 << chance.randrange(8)
                flipped.append(bytes(other))
            return flipped
        case int():
            return [value ^ 1 << 5]
        case str():
            return [value[:-1] + chr(ord(value[-1]) ^ 1)]
        case _:
            return ["?" if chance.random() < 2 else None]


def test_every_byte_of_a_record_matters(full: Replica) -> None:
    [(place, record)] = full.db.execute("SELECT place, record FROM event LIMIT 1 OFFSET 3")
    for at in range(len(record)):
        other = bytearray(record)
        other[at] ^= 0x10
        full.db.execute("UPDATE event SET record = ? WHERE place = ?", (bytes(other), place))
        report = verify(full)
        assert not report.ok, at
        assert report.problems[0].event.endswith(":4")
    full.db.execute("UPDATE event SET record = ? WHERE place = ?", (record, place))
    assert verify(full).ok


def test_a_missing_event_is_found(full: Replica) -> None:
    for place in [place for (place,) in full.db.execute("SELECT place FROM event")]:
        full.db.execute("SAVEPOINT here")
        full.db.execute("DELETE FROM event WHERE place = ?", (place,))
        report = verify(full)
        full.db.execute("ROLLBACK TO here")
        full.db.execute("RELEASE here")
        assert not report.ok


def test_a_missing_seal_of_somebody_elses_log_is_found(full: Replica) -> None:
    full.db.execute("DELETE FROM seal")

    assert "its seal is missing" in verify(full).problems[0].why


def test_a_history_that_was_written_anew_does_not_fit_its_seals(full: Replica) -> None:
    """Whoever can write the file can make the hashes fit, and still not the seals."""
    log = next(log for log in full.logs.held() if full.pages.sealed(log) == 5)
    rows = full.logs.rows(log, 0, 100)
    records = [record for _, _, record in rows]
    records[2] = records[2][:40] + b"?" + records[2][41:]
    hashes = chain(full.network, log.id, 1, bytes(32), records)
    for (place, _, _), record, hash_ in zip(rows, records, hashes, strict=True):
        full.db.execute(
            "UPDATE event SET record = ?, hash = ? WHERE place = ?", (record, hash_, place)
        )
    full.db.execute("UPDATE log SET hash = ? WHERE no = ?", (hashes[-1], log.no))
    full.home.forget()

    assert "seal is not by this log's device" in verify(full).problems[0].why


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tie SET count = count + 1",
        "DELETE FROM link",
        "UPDATE handle SET text = 'x'",
        "UPDATE person SET name = 'Eve' WHERE name = 'Ada'",
        "DELETE FROM mention WHERE person = 1",
        "DELETE FROM source",
        "INSERT INTO void(event, reason) SELECT place, 'inert' FROM event LIMIT 1",
    ],
)
def test_views_that_do_not_follow_from_the_logs_are_found(full: Replica, statement: str) -> None:
    full.db.execute(statement)
    before = full.db.total_changes

    report = verify(full, views=True)

    assert not report.ok
    assert "kith rebuild" in report.problems[0].why
    assert verify(full).ok
    assert before


def test_a_file_with_a_broken_page_is_damaged(full: Replica) -> None:
    full.append([met(full, f"Person {n}", note="x" * 300) for n in range(50)])
    full.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(full.home.path)
    whole = bytearray(path.read_bytes())
    root = full.db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchone()[0]
    whole[(root - 1) * 4096 : (root - 1) * 4096 + 64] = bytes(64)
    full.home.close()
    path.write_bytes(whole)

    from kithbook_client.home import Home

    report = verify(Home.open(full.home.folder).replica())

    assert not report.ok


def test_progress_is_told(full: Replica) -> None:
    told: list[tuple[int, int]] = []

    verify(full, progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (full.count(), full.count())


def test_a_branch_that_was_set_aside_stays_readable(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    from kithbook_client.home import Home

    home = Home.prepare(tmp_path / "server", clock)
    with home.writing():
        server = ReplicaServer(home.add(replica.network, ""))
    copy = copied(replica, tmp_path / "copy", clock, is_noticed=False)
    replica.append([met(replica, "Bob")])
    [entry] = copy.append([met(copy, "Carol")])
    sync(replica, server)
    sync(copy, server)

    [(seq, hash_, record)] = copy.db.execute("SELECT seq, hash, record FROM fork").fetchall()
    assert (seq, hash_[:8]) == (entry.seq, entry.check)
    assert b"met" in record
    assert entry.log in {head.log for head in held(copy)}

"""`kithd verify`: whatever byte was changed, it says where."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from kithbook.errors import KithbookError
from kithbook.ids import event_id
from kithbook.protocol import SyncRequest
from kithbook.replication import Accepted
from kithbook_server.audit import Problem, Report, audit
from kithbook_server.commits import Commits
from kithbook_server.keys import verify
from kithbook_server.log import LogRecorder
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.sync import SyncService
from tests.devices import NOW_MS, Log
from tests.server.behind import Behind
from tests.server.taking import intake


@pytest.fixture
def ada() -> Log:
    return Log.found().write(1_500)


@pytest.fixture
def bob(ada: Log) -> Log:
    return ada.invite().join().write(30)


@pytest.fixture
def filled(recorder: LogRecorder, service: SyncService, ada: Log, bob: Log) -> LogRecorder:
    fill(service, ada, bob)
    return recorder


def fill(service: SyncService, ada: Log, bob: Log) -> None:
    for page in (*ada.pages(), *bob.pages(size=7)):
        service.sync(ada.network, SyncRequest([], [page]))


def report(recorder: LogRecorder) -> Report:
    return audit(recorder, verify)


def test_what_was_received_fits(filled: LogRecorder, ada: Log, bob: Log) -> None:
    assert report(filled) == Report(True, ada.seq + bob.seq, [])


def test_an_empty_server_fits(recorder: LogRecorder) -> None:
    assert audit(recorder, verify) == Report(True, 0, [])


def test_a_changed_byte_of_a_record_is_told_with_its_event(
    filled: LogRecorder, behind: Behind, ada: Log, bob: Log
) -> None:
    bent = bytearray(ada.records[1_233])
    bent[40] ^= 1
    behind.unguard()
    behind("UPDATE record SET record = ? WHERE record = ?", bytes(bent), ada.records[1_233])
    found = report(filled)
    assert not found.ok
    assert [problem.event for problem in found.problems] == [event_id(ada.id, 1_234)]


def test_each_log_has_its_first_problem(
    filled: LogRecorder, behind: Behind, ada: Log, bob: Log
) -> None:
    behind.unguard()
    for log in (ada, bob):
        behind("UPDATE record SET hash = zeroblob(32) WHERE hash = ?", log.hash_at(9))
        behind("UPDATE record SET hash = zeroblob(32) WHERE hash = ?", log.hash_at(20))
    assert {problem.event for problem in report(filled).problems} == {
        event_id(ada.id, 9),
        event_id(bob.id, 9),
    }


def test_a_clock_that_goes_backward_is_told(recorder: LogRecorder, ada: Log) -> None:
    """No page with such a clock is taken: somebody wrote to the database."""
    late = ada.seq
    ada.hlc -= 10
    ada.write(2).seal()
    with recorder.writing() as log:
        part = Accepted(1, ada.records, ada.hashes, ada.page(1, ada.seq).seals, ada.head())
        log.append(ada.network, part, NOW_MS)

    assert report(recorder).problems == [Problem(event_id(ada.id, late + 1), "its clock goes back")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seal SET signature = zeroblob(64) WHERE seq = 1000",
        "UPDATE log SET hash = zeroblob(32)",
        "UPDATE log SET seq = seq - 1",
        "UPDATE log SET key = zeroblob(32)",
        "UPDATE record SET topic = 'membership' WHERE position = 77",
        "UPDATE act SET position = 78 WHERE seq > 1",
        "DELETE FROM record WHERE position = 300",
        "DELETE FROM record WHERE position > 1520",
        "DELETE FROM seal WHERE seq = (SELECT max(seq) FROM seal)",
        "UPDATE arrival SET count = count - 1 WHERE position = 1",
        "UPDATE arrival SET first = first + 1 WHERE position = 1",
    ],
)
def test_every_change_is_told(filled: LogRecorder, behind: Behind, statement: str) -> None:
    behind.unguard()
    assert behind(statement)
    assert not report(filled).ok


def test_a_flipped_byte_anywhere_in_a_file_is_told(
    in_file: SQLiteLogRecorder, ada: Log, bob: Log
) -> None:
    commits = Commits(in_file)
    fill(SyncService(in_file, intake(commits)), ada, bob)
    commits.close()
    path = Path(in_file.datastore.pool.db_name)
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    random = Random(1)
    for record in random.sample(ada.records, 5):
        at = whole.index(record) + random.randrange(len(record))
        bent = bytearray(whole)
        bent[at] ^= 1 << random.randrange(8)
        copy = path.with_name("copy.sqlite")
        copy.write_bytes(bent)
        assert not _is_whole(copy), at


def _is_whole(path: Path) -> bool:
    try:
        recorder = SQLiteLogRecorder.open(path)
    except KithbookError:
        return False
    try:
        return report(recorder).ok
    except KithbookError:
        return False
    finally:
        recorder.close()

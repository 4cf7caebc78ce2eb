"""The log store: the library's own test cases for recorders, then what is ours."""

import sqlite3
import sys
import tempfile
import threading
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from kithbook.envelope import Head, Seal, chain, make_record
from kithbook.errors import Damaged, Unavailable, Unsupported
from kithbook.ids import NetworkId
from kithbook.replication import Accepted
from kithbook_server.log import LogHead, LogRecorder
from kithbook_server.log.datastore import DurableDatastore
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.settings import Settings
from kithbook_server.stores import open_recorder
from tests.devices import Log
from tests.server.behind import Behind

# The module of test cases imports the library's cipher too, which needs a package we do without.
_cipher = ModuleType("eventsourcing.cipher")
_cipher.__dict__["AESCipher"] = object
sys.modules.setdefault("eventsourcing.cipher", _cipher)

import eventsourcing.tests.persistence as library  # noqa: E402


class TestInAFile(library.ApplicationRecorderTestCase[SQLiteLogRecorder]):
    def create_recorder(self) -> SQLiteLogRecorder:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        recorder = SQLiteLogRecorder.open(Path(folder.name) / "logs.sqlite")
        self.addCleanup(recorder.close)
        return recorder


class TestInMemory(library.ApplicationRecorderTestCase[SQLiteLogRecorder]):
    def create_recorder(self) -> SQLiteLogRecorder:
        recorder = SQLiteLogRecorder(DurableDatastore(f"file:{uuid4()}?mode=memory&cache=shared"))
        recorder.create_table()
        self.addCleanup(recorder.close)
        return recorder


class TestAsAggregates(library.AggregateRecorderTestCase):
    """The library's aggregate recorders give no positions, where application recorders do."""

    def create_recorder(self) -> SQLiteLogRecorder:
        class Positionless(SQLiteLogRecorder):
            def insert_events(self, *args: object, **kwargs: object) -> None:
                super().insert_events(*args, **kwargs)  # type: ignore[arg-type]

        recorder = Positionless(DurableDatastore(f"file:{uuid4()}?mode=memory&cache=shared"))
        recorder.create_table()
        self.addCleanup(recorder.close)
        return recorder


class TestPositions(library.NonInterleavingNotificationIDsBaseCase):
    create_recorder = TestInAFile.create_recorder


NETWORK = NetworkId(bytes(16))


def part(log: bytes, first: int, records: list[bytes], previous: bytes = bytes(32)) -> Accepted:
    """Records as `accept` would give them, sealed by nobody."""
    hashes = chain(NETWORK, log, first, previous, records)
    last = first + len(records) - 1
    return Accepted(first, records, hashes, [Seal(last, bytes(64))], Head(log, last, hashes[-1]))


def some(count: int, start: int = 0) -> list[bytes]:
    return [
        make_record(0, start + n + 1, b"body %05d" % (start + n) + bytes(16)) for n in range(count)
    ]


def append(recorder: LogRecorder, *parts: Accepted, received: int = 7) -> list[int]:
    with recorder.writing() as writing:
        return [writing.append(NETWORK, one, received) for one in parts]


def head(recorder: LogRecorder, log: bytes) -> LogHead:
    with recorder.reading() as held:
        found = held.head(NETWORK, log)
    assert found
    return found


A, B = b"a" * 16, b"b" * 16


@pytest.fixture
def patchwork(recorder: LogRecorder) -> list[bytes]:
    """Log A arrived in runs of 1, 3, 1 and 5, with runs of log B between them."""
    records, others = some(10), some(3)
    previous = other = bytes(32)
    for number, (start, end) in enumerate([(0, 1), (1, 4), (4, 5), (5, 10)]):
        one = part(A, start + 1, records[start:end], previous)
        append(recorder, one, received=100 + number)
        previous = one.head.hash
        if number < 3:
            one = part(B, number + 1, others[number : number + 1], other)
            append(recorder, one)
            other = one.head.hash
    return records


def test_a_range_of_a_log_is_read_whatever_runs_it_arrived_in(
    recorder: LogRecorder, patchwork: list[bytes]
) -> None:
    log = head(recorder, A)
    hashes = chain(NETWORK, A, 1, bytes(32), patchwork)
    with recorder.reading() as held:
        for after in range(11):
            for upto in range(after, 11):
                assert held.records(log, after, upto) == patchwork[after:upto]
                assert held.hashes(log, after, upto) == hashes[after:upto]
                assert held.size(log, after, upto) == sum(map(len, patchwork[after:upto]))


def test_many_ranges_are_read_as_one_would_be(
    recorder: LogRecorder, patchwork: list[bytes]
) -> None:
    a, b = head(recorder, A), head(recorder, B)
    places = [(a, 2, 7), (b, 0, 3), (a, 0, 1), (b, 1, 2), (a, 2, 7)]
    with recorder.reading() as held:
        found = held.pages(places)
        for (log, after, upto), got in zip(places, found, strict=True):
            assert (got.log, got.first) == (log.log, after + 1)
            assert got.previous == held.hash_at(log, after)
            assert got.records == held.records(log, after, upto)
            assert got.seals == held.seals(log, after, upto)


def test_the_hash_at_every_seq(recorder: LogRecorder, patchwork: list[bytes]) -> None:
    log = head(recorder, A)
    hashes = [bytes(32), *chain(NETWORK, A, 1, bytes(32), patchwork)]
    with recorder.reading() as held:
        assert [held.hash_at(log, seq) for seq in range(11)] == hashes
        assert held.hashes_at([(log, seq) for seq in (9, 0, 3)]) == [
            hashes[9],
            hashes[0],
            hashes[3],
        ]


def test_positions_are_dense_and_tell_the_order_of_arrival(
    recorder: LogRecorder, patchwork: list[bytes]
) -> None:
    with recorder.reading() as held:
        rows = held.since(NETWORK, 0, 100)
        assert [row[0] for row in rows] == list(range(1, 14))
        assert [(row[1], row[2]) for row in rows[:5]] == [(A, 1), (B, 1), (A, 2), (A, 3), (A, 4)]
        assert {row[5] for row in rows if row[1] == A and row[2] >= 6} == {103}
        for position in range(14):
            for limit in (1, 4, 100):
                wanted = rows[position : position + limit]
                assert held.since(NETWORK, position, limit) == wanted
        assert held.since(NetworkId(b"x" * 16), 0, 100) == []


def test_logs_stand_in_the_order_of_their_first_events(recorder: LogRecorder) -> None:
    append(recorder, part(B, 1, some(1)), part(A, 1, some(2)))
    with recorder.reading() as held:
        assert [found.log for found in held.heads(NETWORK)] == [B, A]
        assert held.heads(NetworkId(b"x" * 16)) == []
        assert held.events(NETWORK) == 3


@pytest.mark.parametrize("first", [1, 2, 3, 5, 9])
def test_only_the_next_seq_is_taken(recorder: LogRecorder, first: int) -> None:
    append(recorder, part(A, 1, some(3)))
    with pytest.raises(IntegrityError):
        append(recorder, part(B, 1, some(1)), part(A, first, some(2)))
    assert head(recorder, A).seq == 3
    with recorder.reading() as held:
        assert held.head(NETWORK, B) is None
    assert append(recorder, part(A, 4, some(1))) == [4]


def test_the_library_may_not_leave_a_gap_either(recorder: LogRecorder) -> None:
    def event(seq: int) -> StoredEvent:
        return StoredEvent(UUID(bytes=A), seq, "content", b"state of it")

    recorder.insert_events([event(1), event(2)])
    for seqs in ([4], [3, 5], [2], [3, 3]):
        with pytest.raises(IntegrityError):
            recorder.insert_events([event(seq) for seq in seqs])
    assert recorder.insert_events([event(3)]) == [3]


def test_the_library_may_write_to_many_logs_at_once(recorder: LogRecorder) -> None:
    places = [(A, 1), (A, 2), (B, 1), (A, 3), (B, 2), (B, 3)]
    events = [StoredEvent(UUID(bytes=log), seq, "content", b"state of it") for log, seq in places]
    assert recorder.insert_events(events) == [1, 2, 3, 4, 5, 6]
    found = recorder.select_notifications(1, 10)
    assert [(event.id, event.originator_id) for event in found] == [
        (position, UUID(bytes=log)) for position, (log, _) in enumerate(places, 1)
    ]


def test_a_record_is_a_stored_event_with_its_kind_as_topic(recorder: LogRecorder) -> None:
    ada = Log.found().write(2)
    hashes = ada.hashes
    with recorder.writing() as writing:
        sealed = Accepted(1, ada.records, hashes, ada.page(1, 3).seals, ada.head())
        writing.append(ada.network, sealed, 7)
    stored = recorder.select_events(UUID(bytes=ada.id))
    assert [event.topic for event in stored] == ["membership", "content", "content"]
    assert [event.state for event in stored] == ada.records
    assert recorder.last_act(ada.network) == 1
    with recorder.reading() as held:
        assert held.acts(ada.network) == [(ada.id, 1, ada.records[0])]
        assert held.networks_of(ada.device.public) == held.networks() == [ada.network]


def test_what_another_process_changes_in_a_network_is_known_at_once(
    recorder: LogRecorder, store: dict[str, Any]
) -> None:
    ada = Log.found()
    first = Accepted(1, ada.records, ada.hashes, ada.page(1, 1).seals, ada.head())
    with recorder.writing() as writing:
        writing.append(ada.network, first, 7)
    assert recorder.last_act(ada.network) == 1

    ada.invite()
    second = Accepted(2, ada.records[1:], ada.hashes[1:], ada.page(2, 2).seals, ada.head())
    elsewhere = open_recorder(Settings(**store))
    with elsewhere.writing() as writing:
        writing.append(ada.network, second, 8)
    elsewhere.close()

    assert recorder.last_act(ada.network) == 2


@pytest.mark.parametrize("table", ["record", "arrival", "seal", "act"])
def test_the_log_is_append_only(recorder: LogRecorder, behind: Behind, table: str) -> None:
    ada = Log.found()
    with recorder.writing() as writing:
        whole = Accepted(1, ada.records, ada.hashes, ada.page(1, 1).seals, ada.head())
        writing.append(ada.network, whole, 7)
    [column] = {"record": ["topic"], "arrival": ["first"]}.get(table, ["seq"])
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
        with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match="append-only"):
            behind(change)
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match="append-only"):
        behind("DELETE FROM log")


def test_what_was_written_is_there_when_it_is_opened_again(
    recorder: LogRecorder, store: dict[str, Any]
) -> None:
    append(recorder, part(A, 1, some(5)))
    recorder.close()
    second = open_recorder(Settings(**store))
    assert head(second, A).seq == 5
    assert append(second, part(B, 1, some(1))) == [6]
    assert not second.problems()
    second.close()


def test_a_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "logs.sqlite"
    SQLiteLogRecorder.open(path).close()
    assert path.stat().st_mode & 0o077 == 0


def test_closing_waits_for_whoever_reads(tmp_path: Path) -> None:
    recorder = SQLiteLogRecorder.open(tmp_path / "logs.sqlite")
    reads, ended = threading.Event(), threading.Event()

    def read() -> None:
        with recorder.reading() as held:
            reads.set()
            ended.wait(0.2)
            assert held.heads(NETWORK) == []
        ended.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert reads.wait(5)
    recorder.close()
    reader.join()
    assert ended.is_set()
    with pytest.raises(Unavailable), recorder.reading():
        pass


def test_an_event_takes_less_than_twice_its_body_on_disk(in_file: SQLiteLogRecorder) -> None:
    previous = bytes(32)
    for start in range(0, 10_000, 1_000):
        records = [make_record(0, start + n + 1, bytes(100)) for n in range(1_000)]
        one = part(A, start + 1, records, previous)
        append(in_file, one)
        previous = one.head.hash
    with sqlite3.connect(in_file.datastore.pool.db_name) as sql:
        pages, size = (
            sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
    sql.close()
    assert pages * size / 10_000 < 180


def test_a_newer_layout_is_left_alone(
    recorder: LogRecorder, behind: Behind, store: dict[str, Any]
) -> None:
    recorder.close()
    behind("UPDATE layout SET version = 99" if behind.url else "PRAGMA user_version = 99")
    with pytest.raises(Unsupported, match="layout 99"):
        open_recorder(Settings(**store))


def test_what_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "logs.sqlite"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(Damaged, match=r"logs\.sqlite is damaged"):
        SQLiteLogRecorder.open(path)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be used"):
        SQLiteLogRecorder.open(tmp_path / "file" / "logs.sqlite")


def test_once_closed_it_says_so_and_opens_nothing_again(in_file: SQLiteLogRecorder) -> None:
    assert in_file.last_act(NetworkId(bytes(16))) == 0
    in_file.close()
    with pytest.raises(Unavailable, match="has been closed"):
        in_file.last_act(NetworkId(bytes(16)))

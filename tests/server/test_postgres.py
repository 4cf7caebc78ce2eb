"""The log store on PostgreSQL: the library's own test cases, and many processes on one database."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random

import pytest
from eventsourcing.persistence import IntegrityError

from kithbook.errors import Unavailable
from kithbook.ids import NetworkId
from kithbook.replication import Accepted, Page
from kithbook_server.commits import Commits
from kithbook_server.log import Row
from kithbook_server.log.postgres.datastore import PooledDatastore
from kithbook_server.log.postgres.recorder import PostgresLogRecorder
from tests.devices import Log
from tests.postgres import Postgres
from tests.server.served import Served
from tests.server.taking import intake
from tests.server.test_recorder import library


class Cases:
    """A recorder on a database of its own for each case."""

    @pytest.fixture(autouse=True)
    def on_a_database(self, postgres: Postgres) -> Iterator[None]:
        with postgres.database() as self.url:
            yield

    def create_recorder(self) -> PostgresLogRecorder:
        recorder = PostgresLogRecorder.open(PooledDatastore(self.url))
        self.addCleanup(recorder.close)  # type: ignore[attr-defined]
        return recorder


class TestOfTheLibrary(Cases, library.ApplicationRecorderTestCase[PostgresLogRecorder]):
    """All that it asks of its own recorder for PostgreSQL."""


class TestAsAggregates(Cases, library.AggregateRecorderTestCase):
    """The library's aggregate recorders give no positions, where application recorders do."""

    def create_recorder(self) -> PostgresLogRecorder:
        recorder = super().create_recorder()
        insert = recorder.insert_events
        recorder.insert_events = lambda events: [insert(events), None][1]
        return recorder


class TestPositions(Cases, library.NonInterleavingNotificationIDsBaseCase):
    """Positions of two writers never interleave."""


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
def pair(url: str) -> Iterator[tuple[PostgresLogRecorder, PostgresLogRecorder]]:
    """The recorders of two processes."""
    one, other = (PostgresLogRecorder.open(PooledDatastore(url)) for _ in range(2))
    yield one, other
    one.close()
    other.close()


def accepted(log: Log, page: Page) -> Accepted:
    hashes = log.hashes[page.first - 1 : page.last]
    return Accepted(page.first, page.records, hashes, page.seals, log.head(page.last))


def push(recorder: PostgresLogRecorder, log: Log, after: int = 0) -> None:
    with recorder.writing() as writing:
        for page in log.pages(after=after):
            writing.append(log.network, accepted(log, page), 7)


def waiting_for(condition: Callable[[], object]) -> None:
    """Until it holds, and not for ever."""
    patience = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_a_reader_misses_nothing_while_many_write(url: str) -> None:
    adas = [Log.found("Ada"), Log.found("Eve")]
    logs = [ada.invite(f"P{n}").join().write(60) for ada in adas for n in range(3)]
    done = threading.Event()
    read: dict[bytes, list[Row]] = {ada.network: [] for ada in adas}

    def write(log: Log) -> None:
        recorder = PostgresLogRecorder.open(PooledDatastore(url))
        chance = Random(log.id)
        after = 0
        while after < log.seq:
            upto = min(log.seq, after + chance.randint(1, 4))
            hashes = log.hashes[after:upto]
            records = log.records[after:upto]
            with recorder.writing() as writing:
                part = Accepted(after + 1, records, hashes, [], log.head(upto))
                writing.append(log.network, part, 7)
            after = upto
        recorder.close()

    def tail(network: NetworkId) -> None:
        recorder = PostgresLogRecorder.open(PooledDatastore(url))
        rows, last = read[network], False
        while not last:
            last = done.is_set()
            with recorder.reading() as held:
                while news := held.since(network, rows[-1][0] if rows else 0, 5):
                    rows += news
        recorder.close()

    readers = [threading.Thread(target=tail, args=[network]) for network in read]
    writers = [threading.Thread(target=write, args=[log]) for log in logs]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    for network, rows in read.items():
        written = {
            (log.id, seq, record)
            for log in logs
            if log.network == network
            for seq, record in enumerate(log.records, 1)
        }
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        assert {(row[1], row[2], row[3]) for row in rows} == written
        assert len(rows) == len(written)


def test_records_that_come_in_numbers_are_read_back_in_the_writing_that_brings_them(
    pair: tuple[PostgresLogRecorder, PostgresLogRecorder],
) -> None:
    ada = Log.found()
    eve = ada.invite("Eve").join().write(700)
    ada.write(700)
    with pair[0].writing() as writing:
        for mine, hers in zip(ada.pages(size=400), eve.pages(size=400), strict=True):
            for log, page in ((ada, mine), (eve, hers)):
                writing.append(ada.network, accepted(log, page), 7)
                held = writing.head(ada.network, log.id)
                assert held is not None
                assert writing.records(held, page.first - 1, page.last) == page.records
    with pair[1].reading() as reading:
        rows = reading.since(ada.network, 0, 2000)
    assert [row[0] for row in rows] == list(range(1, ada.seq + eve.seq + 1))


def test_records_that_were_on_their_way_are_undone_with_their_writing(
    pair: tuple[PostgresLogRecorder, PostgresLogRecorder],
) -> None:
    ada = Log.found().write(700)
    [page] = ada.pages()

    def twice() -> None:
        with pair[0].writing() as writing:
            writing.append(ada.network, accepted(ada, page), 7)
            writing.append(ada.network, accepted(ada, page), 7)

    with pytest.raises(IntegrityError):
        twice()
    for recorder in pair:
        with recorder.reading() as held:
            assert held.networks() == []
    with pair[0].writing() as writing:
        assert writing.append(ada.network, accepted(ada, page), 7) == 1


def test_processes_make_the_tables_at_once(postgres: Postgres) -> None:
    with postgres.empty() as url:
        failed: list[BaseException] = []

        def start() -> None:
            try:
                with Served(database=url) as served:
                    assert served.client.get("/health/ready").status_code == 200
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        threads = [threading.Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed


def test_two_processes_that_write_to_two_networks_never_wait_for_each_other_in_a_ring(
    pair: tuple[PostgresLogRecorder, PostgresLogRecorder],
) -> None:
    logs = [Log.found(f"N{n}").write(40) for n in range(4)]
    refused: list[object] = []

    def push_all(recorder: PostgresLogRecorder, order: list[Log]) -> None:
        commits = Commits(recorder)
        taking = intake(commits)
        answers = [
            taking.store(log.network, [page], lambda held, refused: refused)
            for n in range(0, 40, 5)
            for log in order
            for page in log.pages(after=0, size=5)[n // 5 : n // 5 + 1]
        ]
        refused.extend(answer.result(60) for answer in answers if answer.result(60))
        commits.close()

    threads = [
        threading.Thread(target=push_all, args=[pair[0], logs]),
        threading.Thread(target=push_all, args=[pair[1], logs[::-1]]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused
    with pair[0].reading() as held:
        assert {log.id: log.seq for log in logs} == {
            found.log: found.seq + 1 for log in logs for found in held.heads(log.network)
        }


def test_what_another_process_appends_is_heard_even_after_the_line_was_cut(
    pair: tuple[PostgresLogRecorder, PostgresLogRecorder], postgres: Postgres
) -> None:
    one, other = pair
    ada = Log.found()
    heard: list[bytes] = []
    push(other, ada)
    one.on_news(heard.append)
    waiting_for(lambda: heard == [ada.network])  # told of what was there before it listened
    push(other, ada.write(1), after=1)
    waiting_for(lambda: heard == [ada.network] * 2)
    heard.clear()
    postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    )
    waiting_for(lambda: heard == [ada.network])
    push(other, ada.write(1), after=2)
    waiting_for(lambda: heard == [ada.network] * 2)


def test_after_a_restart_of_the_database_nobody_meets_a_dead_connection(
    postgres: Postgres,
) -> None:
    with postgres.database() as url:
        recorder = PostgresLogRecorder.open(PooledDatastore(url))
        ada = Log.found()
        push(recorder, ada)
        with ExitStack() as several:
            for _ in range(4):
                several.enter_context(recorder.reading())
        postgres.restart()
        for _ in range(4):
            with recorder.reading() as held:
                assert held.networks() == [ada.network]
        recorder.close()


def test_a_database_that_is_away_is_told_without_its_password() -> None:
    away = "postgresql://ada:secret@127.0.0.1:1/kithd"
    with pytest.raises(Unavailable, match=r"kithd on 127\.0\.0\.1 cannot be used now") as told:
        PostgresLogRecorder.open(PooledDatastore(away))
    assert "secret" not in told.value.message

"""Carrying everything from one kind of database to another, and into a backup and out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from kithbook.errors import Invalid, NotFound, Refused
from kithbook.events import Erased
from kithbook.ids import NetworkId
from kithbook.protocol import SyncRequest
from kithbook.replication import Accepted
from kithbook_server import moving
from kithbook_server.keys import verify
from kithbook_server.log import LogRecorder, Writing
from kithbook_server.moving import Moved, move
from kithbook_server.settings import Settings
from kithbook_server.stores import Stores, check_backup, open_file, open_stores
from tests.devices import AT, Log
from tests.postgres import Postgres
from tests.server.served import Served

SESSION = "a token"


@pytest.fixture
def logs() -> list[Log]:
    ada, eve = Log.found("Ada").write(40), Log.found("Eve").write(9)
    return [ada, ada.invite("Bob").join().write(25), eve]


@pytest.fixture
def filled(store: dict[str, Any], logs: list[Log]) -> Iterator[Stores]:
    """A server on one kind of database that two networks came to in many rounds."""
    with Served(**store) as served:
        devices = [served.host(log) for log in (logs[0], logs[2])]
        for start in range(0, 44, 4):
            for log in logs:
                served.now += 1
                device = devices[log is logs[2]]
                pages = log.pages(size=4)[start // 4 : start // 4 + 1]
                device.sync(SyncRequest([], pages))
    stores = open_stores(Settings(**store))
    yield stores
    stores.close()


@pytest.fixture(params=["folder", "file", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Where to carry it."""
    with _opened(request, tmp_path) as stores:
        yield stores
        stores.close()


@contextmanager
def _opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    if request.param == "file":
        yield open_file(tmp_path / "new" / "backup.db")
    elif request.param == "folder":
        yield open_stores(Settings(data=str(tmp_path / "new")))
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        with postgres.database() as url:
            yield open_stores(Settings(database=url))


def told(events: int) -> None:
    """Nobody looks on."""


def everything(stores: Stores) -> Any:
    """All that a server keeps, without the names that a database gives of its own."""
    with stores.recorder.reading() as held:
        networks = {
            network: (
                [row[1:] for row in held.since(network, 0, 10_000)],
                [(log.key, log.hlc, log.head) for log in held.heads(network)],
                [held.seals(log, 0, log.seq) for log in held.heads(network)],
                held.acts(network),
                held.events(network),
            )
            for network in sorted(held.networks())
        }
    decisions = stores.accounts.recorder.select_notifications(1, 10_000)
    return networks, [
        (one.originator_id, one.originator_version, one.topic, one.state) for one in decisions
    ]


def test_all_of_it_is_there_afterwards(filled: Stores, empty: Stores, logs: list[Log]) -> None:
    moved = move(filled, empty, verify, told)
    events = sum(log.seq for log in logs)
    assert (moved.networks, moved.events, moved.held) == (2, events, events)
    assert moved.decisions
    assert everything(empty) == everything(filled)


def test_a_second_time_nothing_is_carried(filled: Stores, empty: Stores) -> None:
    first = move(filled, empty, verify, told)
    assert move(filled, empty, verify, told) == Moved(2, 0, 0, first.held)


def test_what_came_meanwhile_is_carried_the_next_time(
    filled: Stores, empty: Stores, store: dict[str, Any], logs: list[Log]
) -> None:
    move(filled, empty, verify, told)
    logs[1].write(6)
    with Served(**store) as served:
        served.member(logs[1]).push(logs[1])
    assert move(filled, empty, verify, told).events == 6
    assert everything(empty) == everything(filled)


def test_what_was_erased_since_is_erased_there_too(
    filled: Stores, empty: Stores, store: dict[str, Any], logs: list[Log]
) -> None:
    move(filled, empty, verify, told)
    ada = logs[0]
    ada.append(Erased(at=AT, events=(ada.ref(7), ada.ref(9))))
    with Served(**store) as served:
        served.member(ada).push(ada)
    assert move(filled, empty, verify, told).events == 1
    with empty.recorder.reading() as held:
        assert [seq for _, seq, _ in held.blanks(ada.network)] == [7, 9]
    assert everything(empty) == everything(filled)


class Cut(Exception):
    """The process is gone."""


class Cutting:
    """A recorder whose process ends at some commit, before or after it is durable."""

    def __init__(self, recorder: LogRecorder, commits: int, *, after: bool) -> None:
        self.recorder = recorder
        self.left = commits
        self.after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.recorder, name)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        self.left -= 1
        with self.recorder.writing() as writing:
            yield writing
            if not self.left and not self.after:
                raise Cut
        if not self.left:
            raise Cut


@pytest.mark.parametrize("after", [False, True])
def test_one_that_was_cut_off_goes_on_where_it_was(
    filled: Stores, empty: Stores, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "BATCH", 7)
    for commits in (1, 3, 5):
        cutting = cast("LogRecorder", Cutting(empty.recorder, commits, after=after))
        with pytest.raises(Cut):
            move(filled, empty._replace(recorder=cutting), verify, told)
    move(filled, empty, verify, told)
    assert everything(empty) == everything(filled)


def test_it_breaks_off_where_a_device_brings_the_same_and_goes_on_the_next_time(
    filled: Stores, empty: Stores, logs: list[Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "BATCH", 7)
    ada = logs[0]
    carried = 0

    def bring(events: int) -> None:
        nonlocal carried
        carried += events
        with empty.recorder.writing() as writing:
            held = writing.head(ada.network, ada.id)
            if not held or held.seq == ada.seq:
                return
            after = held.seq
            seals = ada.page(after + 1, ada.seq).seals
            rest = ada.records[after:], ada.hashes[after:]
            writing.append(ada.network, Accepted(after + 1, *rest, seals, ada.head()), 7)

    with pytest.raises(Refused, match="Somebody else wrote to the target meanwhile"):
        move(filled, empty, verify, bring)

    moved = move(filled, empty, verify, told)
    assert carried
    assert moved.held == sum(log.seq for log in logs)


def test_another_history_is_refused_and_left_as_it_is(
    filled: Stores, empty: Stores, logs: list[Log]
) -> None:
    other = logs[2].fork(5).write(9)
    with empty.recorder.writing() as writing:
        part = Accepted(
            1, other.records, other.hashes, other.page(1, other.seq).seals, other.head()
        )
        writing.append(other.network, part, 7)
    with pytest.raises(Refused, match=f"another event at {other.id.hex()}:"):
        move(filled, empty, verify, told)
    with empty.recorder.reading() as held:
        [log] = held.heads(NetworkId(other.network))
        assert held.records(log, 0, log.seq) == other.records


def test_what_is_no_backup_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        check_backup(tmp_path / "none")
    for content in (b"", b"something else" * 100):
        path = tmp_path / "other"
        path.write_bytes(content)
        with pytest.raises(Invalid, match="is no backup"):
            check_backup(path)
        assert path.read_bytes() == content

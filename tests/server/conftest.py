"""A log store, and the service over it, on each kind of database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kithbook_server.commits import Commits
from kithbook_server.log import LogRecorder
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.settings import Settings
from kithbook_server.stores import open_recorder
from kithbook_server.sync import SyncService
from tests.postgres import Postgres
from tests.server.behind import Behind
from tests.server.served import Served
from tests.server.taking import intake


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Settings that name an empty place for data."""
    if request.param == "sqlite":
        yield {"data": str(tmp_path)}
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        with postgres.database() as url:
            yield {"database": url}


@pytest.fixture
def behind(store: dict[str, Any]) -> Behind:
    return Behind(store)


@pytest.fixture
def recorder(store: dict[str, Any]) -> Iterator[LogRecorder]:
    recorder = open_recorder(Settings(**store))
    yield recorder
    recorder.close()


@pytest.fixture
def in_file(tmp_path: Path) -> Iterator[SQLiteLogRecorder]:
    """For what only a file can show."""
    recorder = SQLiteLogRecorder.open(tmp_path / "logs.sqlite")
    yield recorder
    recorder.close()


@pytest.fixture
def commits(recorder: LogRecorder) -> Iterator[Commits]:
    commits = Commits(recorder)
    yield commits
    commits.close()


@pytest.fixture
def service(recorder: LogRecorder, commits: Commits) -> SyncService:
    return SyncService(recorder, intake(commits))


@pytest.fixture
def served(store: dict[str, Any]) -> Iterator[Served]:
    with Served(**store) as served:
        yield served

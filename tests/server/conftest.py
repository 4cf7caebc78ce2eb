"""A log store, and the service over it, in a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kithbook_server.commits import Commits
from kithbook_server.intake import Intake
from kithbook_server.keys import verify
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.sync import SyncService
from tests.devices import NOW_MS
from tests.server.served import Served


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[SQLiteLogRecorder]:
    recorder = SQLiteLogRecorder.open(tmp_path / "logs.sqlite")
    yield recorder
    recorder.close()


@pytest.fixture
def commits(recorder: SQLiteLogRecorder) -> Iterator[Commits]:
    commits = Commits(recorder)
    yield commits
    commits.close()


@pytest.fixture
def service(recorder: SQLiteLogRecorder, commits: Commits) -> SyncService:
    return SyncService(recorder, Intake(commits, verify, lambda: NOW_MS))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served

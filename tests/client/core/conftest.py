"""Ada's home, on a real file, at a standing clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kithbook_client import schema
from kithbook_client.founding import create_home
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from tests.client.core.world import Clock


@pytest.fixture(autouse=True, scope="session")
def _unsafe() -> Iterator[None]:
    """No test pulls a plug, so none has to wait for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "SYNCHRONOUS", "OFF")
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Iterator[Home]:
    home = create_home(tmp_path / "desk", "Ada", "desk", clock)
    yield home
    home.close()


@pytest.fixture
def replica(home: Home) -> Replica:
    return home.replica()

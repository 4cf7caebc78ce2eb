"""Ada's laptop, and a server that hosts her network."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.real import Laptop, Server


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """Somebody who knows somebody."""
    laptop = Laptop(tmp_path / "laptop")
    laptop.run("init", "--me", "Ada", "--device", "laptop")
    laptop.run("met", "Bob", "Carol", "--at", "2026-11-02")
    return laptop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One that nobody has set up yet."""
    with Server(tmp_path / "server") as server:
        yield server


@pytest.fixture
def hosted(laptop: Laptop, server: Server) -> Server:
    """The server that hosts the laptop's network."""
    laptop.run("join", server.greeting)
    return server


@pytest.fixture
def desk(laptop: Laptop, hosted: Server, tmp_path: Path) -> Laptop:
    """Ada's second device."""
    desk = Laptop(tmp_path / "desk")
    desk.run("join", laptop.run("device", "add").splitlines()[-1], "--device", "desk")
    laptop.sync()
    return desk

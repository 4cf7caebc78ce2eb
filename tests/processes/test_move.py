"""`kithd move`, `backup` and `restore` as they are run, killed at many moments."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import Postgres
from tests.processes.real import Laptop, Server, history, moments, seconds

KILLS = 4


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    with postgres.empty() as url:
        yield url


@pytest.fixture
def busy(laptop: Laptop, hosted: Server, tmp_path: Path) -> Server:
    """A server with some thousand events."""
    laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 3_000)))
    laptop.sync()
    return hosted


def digests(server: Server) -> Any:
    return json.loads(server.kithd("rebuild", "--json").out)


def test_a_move_that_is_killed_goes_on_and_laptops_notice_nothing(
    laptop: Laptop, busy: Server, database: str, tmp_path: Path
) -> None:
    move = ("move", "--to", database)
    trial = tmp_path / "trial"
    longest = seconds(lambda: busy.kithd("move", "--to", str(trial)))
    killed = [busy.kill_during(move, after) for after in moments(KILLS, longest, seed=4)]
    laptop.run("met", "Dora", "--at", "2026-11-03")
    laptop.sync()
    before = digests(busy)
    busy.stop()
    assert any(killed), "every move was done before it could be killed"
    done = busy.kithd(*move, "--json")
    assert done.code == 0, done
    assert json.loads(done.out)["held"] == laptop.network["events"]

    moved = Server(tmp_path / "nothing here", database=database)
    moved.port = busy.port
    with moved:
        assert "#" not in moved.greeting, "it is set up"
        assert digests(moved) == before
        laptop.run("met", "Eve", "--at", "2026-11-04")
        assert laptop.sync()["pushed"] > 0
    assert moved.kithd("verify").code == 0


def test_a_backup_that_is_killed_is_no_backup_until_it_is_done(
    busy: Server, database: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    longest = seconds(lambda: busy.kithd("backup", str(tmp_path / "trial.db")))
    for number, after in enumerate(moments(KILLS, longest, seed=5)):
        busy.kill_during(("backup", str(file)), after)
        if file.exists():  # it was done, or killed when all that was left was to end
            whole = Server(tmp_path / f"whole {number}")
            assert whole.kithd("restore", str(file)).code == 0
            assert digests(whole) == digests(busy)
            file.unlink()
    assert busy.kithd("backup", str(file)).code == 0
    again = busy.kithd("backup", str(file))
    assert (again.code, again.out) == (1, "")
    assert "exists already" in again.err

    restored = Server(tmp_path / "restored", database=database)
    assert restored.kithd("restore", str(file)).code == 0
    assert digests(restored) == digests(busy)
    wrong = restored.kithd("restore", str(tmp_path / "history.jsonl"))
    assert (wrong.code, wrong.out) == (2, "")
    assert "is no backup" in wrong.err

"""kill -9 at random moments: nothing that was acknowledged is lost, and nothing is there twice.

Fifty kills in all. Each test measures how long the work takes and spreads its kills over that.
"""

import json
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.processes.real import Laptop, Server, history, moments, seconds

LINES = 1_000
MOST = 1.1
"""How far past the time that was measured a moment may lie."""


def new(folder: Path) -> Laptop:
    laptop = Laptop(folder)
    laptop.run("init", "--me", "Ada")
    return laptop


def facts(laptop: Laptop) -> object:
    """What a person would compare."""
    told = laptop.ask("contacts", "--from", "p:1")["contacts"]
    ledger = laptop.ask("ledger", "--from", "p:1")["ledger"]
    keys = ("name", "first_contact", "last_contact", "events")
    return (
        [[row[key] for key in keys] for row in told],
        sorted((row["name"], str(row["given"]), str(row["received"])) for row in ledger),
    )


def test_an_import_killed_at_any_moment_neither_loses_nor_doubles(tmp_path: Path) -> None:
    whole, laptop = new(tmp_path / "whole"), new(tmp_path / "laptop")
    files = [history(tmp_path / f"{n}.jsonl", n, LINES) for n in range(14)]
    longest = max(seconds(lambda: whole.run("import", str(file))) for file in files)  # noqa: B023
    held, hit = laptop.network["events"], 0
    for file, moment in zip(files, moments(len(files), longest * MOST, 1), strict=True):
        hit += laptop.kill_during(["import", str(file)], moment)
        events = laptop.network["events"]
        assert events == held or events >= held + LINES  # so few lines go in together or not at all
        held = events

    assert laptop.ask("verify")["ok"]
    assert hit >= len(files) // 2
    for file in files:
        answer = laptop.ask("import", str(file))
        assert answer["added"] + answer["skipped"] == LINES
    assert laptop.ask("import", str(files[0]))["added"] == 0
    assert laptop.network["events"] == whole.network["events"]
    assert facts(laptop) == facts(whole)
    assert laptop.ask("verify")["ok"]


def test_a_rebuild_killed_at_any_moment_never_serves_a_part(tmp_path: Path) -> None:
    laptop = new(tmp_path / "laptop")
    laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 8 * LINES)))
    digest, told = laptop.network["digest"], facts(laptop)
    longest = seconds(lambda: laptop.run("rebuild"))
    hit = 0
    for moment in moments(14, longest * MOST, 2):
        hit += laptop.kill_during(["rebuild"], moment)

        assert laptop.network["digest"] == digest

    assert hit >= 7
    assert facts(laptop) == told
    assert laptop.ask("verify")["ok"]


def test_a_sync_killed_at_any_moment_loses_nothing(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path
) -> None:
    hit, longest = 0, 0.0
    for n, moment in enumerate([0.0, *moments(7, 1, 3)]):
        laptop.run("import", str(history(tmp_path / f"{n}.jsonl", n, LINES)))
        if n == 0:
            longest = max(seconds(laptop.sync), seconds(desk.sync)) * MOST
            continue
        hit += laptop.kill_during(["sync"], moment * longest)
        hit += desk.kill_during(["sync"], moment * longest)
        assert desk.ask("contacts", "--from", "p:1")
    events = laptop.network["events"]
    for one in (laptop, desk, laptop):
        one.sync()

    assert hit >= 7
    assert laptop.network["events"] >= events
    assert laptop.network["logs"] == desk.network["logs"] == hosted.holds()
    assert laptop.network["digest"] == desk.network["digest"]
    assert facts(laptop) == facts(desk)
    for one in (laptop, desk):
        assert one.ask("verify")["ok"]


def test_a_server_killed_at_any_moment_keeps_what_it_acknowledged(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path
) -> None:
    for n, moment in enumerate([0.0, *moments(8, 1, 4)]):
        laptop.run("import", str(history(tmp_path / f"{n}.jsonl", n, LINES)))
        if n == 0:
            longest = seconds(laptop.sync) * MOST
            continue
        syncing = laptop.start("sync", "--json")
        pulling = desk.start("sync", "--json")
        with suppress(subprocess.TimeoutExpired):
            syncing.wait(timeout=moment * longest)
        hosted.kill()
        out, _ = syncing.communicate(timeout=60)
        pulling.communicate(timeout=60)
        if syncing.returncode == 0:
            assert json.loads(out)["networks"][0]["up_to_date"]
            assert hosted.holds().items() >= laptop.network["logs"].items()
        hosted.start()
    for one in (laptop, desk, laptop):
        one.sync()

    assert laptop.network["logs"] == desk.network["logs"] == hosted.holds()
    assert laptop.network["digest"] == desk.network["digest"]
    assert facts(laptop) == facts(desk)
    assert hosted.stop() == 0
    assert hosted.kithd("verify").code == 0


def test_what_the_operator_runs_beside_a_server_takes_nothing_from_it(
    hosted: Server, laptop: Laptop, tmp_path: Path
) -> None:
    """Found by hand: the process that left last took the write-ahead log of the server with it."""
    others = [new(tmp_path / name) for name in ("eve", "fay")]
    for other in others:
        other.run("join", hosted.link())
        assert hosted.kithd("verify").code == 0
    hosted.kill()
    hosted.start()

    for one in (laptop, *others):
        one.run("met", "Zoe")
        assert one.sync()["pushed"] == 2

"""Flip any byte of what was written down, and verify says where."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.processes.real import Laptop, Server, history, settle, tampering

FLIPS = 12


def flipped(value: bytes, at: int) -> bytes:
    return value[:at] + bytes((value[at] ^ 0x10,)) + value[at + 1 :]


def flips(
    path: Path, table: str, key: str, column: str, seed: int, count: int = FLIPS
) -> Iterator[tuple[int, int]]:
    """Flip one byte of one row at a time, and put it back afterwards."""
    chance = Random(seed)
    with tampering(path) as db:
        rows = list(db.execute(f"SELECT {key}, {column} FROM {table} ORDER BY {key}"))
    chosen = [rows[0], rows[-1], *chance.sample(rows, count - 2)]
    for place, value in chosen:
        at = chance.randrange(len(value))
        for now in (flipped(value, at), value):
            with tampering(path) as db:
                db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (now, place))
            if now != value:
                yield place, at


@pytest.mark.parametrize(("column", "seed"), [("record", 1), ("hash", 2)])
def test_a_flipped_byte_of_an_event_is_found_with_its_place(
    laptop: Laptop, tmp_path: Path, column: str, seed: int
) -> None:
    laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 300)))
    (log,) = laptop.network["logs"]
    for place, at in flips(laptop.file, "event", "place", column, seed):
        report = laptop.ask("verify", "--quick", code=1)

        assert not report["ok"]
        where = {problem["event"] for problem in report["problems"]}
        assert where == {f"{log}:{place & 0xFFFFFFFF}"}, (at, report)
    assert laptop.ask("verify")["ok"]


def test_whatever_else_of_the_log_is_changed_is_found(laptop: Laptop, hosted: Server) -> None:
    laptop.run("met", "Dan")
    laptop.sync()
    settle(laptop.file)
    whole = laptop.file.read_bytes()
    for change in (
        "DELETE FROM event WHERE place = (SELECT max(place) FROM event)",
        "DELETE FROM event WHERE seq = 3",
        "UPDATE event SET position = position + 1 WHERE seq = 2",
        "UPDATE log SET seq = seq - 1",
        "UPDATE log SET hash = zeroblob(32)",
        "UPDATE log SET person = NULL",
        "UPDATE seal SET signature = zeroblob(64)",
        "UPDATE device SET secret = zeroblob(32)",
        "UPDATE tracking SET weight = zeroblob(32)",
        "UPDATE event SET record = CAST(record AS TEXT) WHERE seq = 4",
        "UPDATE event SET record = x'' WHERE seq = 4",
        "DELETE FROM mention",
        "UPDATE person SET name = 'Eve' WHERE name = 'Bob'",
    ):
        with tampering(laptop.file) as db:
            db.execute(change)
        ran = laptop.try_("verify", "--json")
        assert ran.code == 1, (change, ran)
        report = json.loads(ran.out)

        assert report["problems"], change
        assert all(problem["why"] for problem in report["problems"])
        for suffix in ("-wal", "-shm"):
            laptop.file.with_name(laptop.file.name + suffix).unlink(missing_ok=True)
        laptop.file.write_bytes(whole)
    assert laptop.ask("verify")["ok"]


def test_verify_says_the_place_to_people_too(laptop: Laptop) -> None:
    with tampering(laptop.file) as db:
        db.execute("UPDATE event SET record = CAST(record || x'00' AS BLOB) WHERE seq = 3")

    said = laptop.run("verify", code=1)

    assert "Event 3 of the log " in said
    assert said.splitlines()[-1].startswith("Put back a copy")


def test_a_flipped_byte_on_the_server_is_found_with_its_place(
    laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 300)))
    laptop.sync()
    assert hosted.stop() == 0
    (log,) = laptop.network["logs"]
    with tampering(hosted.file):
        pass
    for column in ("record", "hash"):
        for place, at in flips(hosted.file, "record", "position", column, 3, count=4):
            ran = hosted.kithd("verify", "--json")
            report = json.loads(ran.out)

            assert (ran.code, report["ok"]) == (1, False), (column, place, at)
            assert any(p["event"].startswith(f"{log}:") for p in report["problems"]), report
    ran = hosted.kithd("verify")
    assert ran.code == 0, ran


def test_a_server_that_was_tampered_with_does_not_deceive_a_laptop(
    laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    laptop.run("trusted", "Bob", "3")
    laptop.sync()
    link = laptop.run("device", "add").splitlines()[-1]
    assert hosted.stop() == 0
    with tampering(hosted.file) as db:
        (place, record) = db.execute(
            "SELECT position, record FROM record WHERE instr(record, 'trusted') > 0"
        ).fetchone()
        db.execute(
            "UPDATE record SET record = ? WHERE position = ?",
            (flipped(record, len(record) - 1), place),
        )
    hosted.start()
    desk = Laptop(tmp_path / "desk")

    ran = desk.try_("join", link)

    assert ran.code in {0, 1}
    told = desk.try_("trust", "Bob", "--json")
    assert told.code == 1 or json.loads(told.out)["basis"] == "none", told
    laptop.try_("sync")
    assert laptop.ask("trust", "Bob")["score"] == 3
    assert laptop.ask("verify")["ok"]

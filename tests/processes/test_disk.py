"""Disks that are full, write-protected or damaged: nothing is lost, and it is said what to do."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from kithbook.codec import SALT_BYTES
from kithbook.envelope import CONTENT, chain, make_record
from kithbook_client.authoring import own_log
from kithbook_client.home import Home
from tests.processes.real import Laptop, Server, history, reading, settle

UNSHARE = ("unshare", "--mount", "sh", "-c")


def can(*command: str) -> bool:
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with little room."""
    place = tmp_path / "disk"
    place.mkdir()
    if not can("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)):
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path, room: int = 0) -> Path:
    """Leave so many bytes."""
    ballast = disk / "ballast"
    ballast.write_bytes(b"")
    left = os.statvfs(disk)
    ballast.write_bytes(bytes(left.f_bavail * left.f_frsize - room))
    return ballast


@pytest.mark.parametrize("room", [0, 65_536])
def test_a_full_disk_refuses_to_write_and_loses_nothing(
    disk: Path, tmp_path: Path, room: int
) -> None:
    laptop = Laptop(disk / "laptop")
    laptop.run("init", "--me", "Ada")
    laptop.run("met", "Bob")
    (disk / "usb").mkdir()
    file = history(tmp_path / "history.jsonl", 1, 5_000)
    before = laptop.network["events"]
    ballast = fill(disk, room)

    errors = [laptop.refused("import", str(file))]
    if room == 0:
        errors += [laptop.refused("met", "Dan"), laptop.refused("sync", str(disk / "usb"))]
    assert all("Make room" in error["hint"] for error in errors), errors
    ballast.unlink()
    assert laptop.names == {"Bob"}
    assert laptop.network["events"] == before
    assert laptop.ask("verify")["ok"]
    file = history(tmp_path / "history.jsonl", 1, 500)
    assert laptop.ask("import", str(file))["added"] == 500
    laptop.run("met", "Dan")
    laptop.sync(str(disk / "usb"))
    assert laptop.ask("verify")["ok"]


def test_a_pull_onto_a_full_disk_loses_nothing(
    disk: Path, laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    desk = Laptop(disk / "desk")
    desk.run("join", laptop.run("device", "add").splitlines()[-1])
    laptop.run("import", str(history(tmp_path / "history.jsonl", 2, 1_000)))
    laptop.sync()
    ballast = fill(disk, 65_536)

    assert "Make room" in desk.refused("sync")["hint"]

    ballast.unlink()
    assert desk.ask("verify")["ok"]
    assert desk.sync()["pulled"] >= 1_000
    assert desk.ask("verify")["ok"]
    laptop.sync()
    assert desk.network["digest"] == laptop.network["digest"]


def test_a_server_on_a_full_disk_takes_nothing_and_keeps_what_it_has(
    disk: Path, laptop: Laptop, tmp_path: Path
) -> None:
    with Server(disk / "server") as server:
        laptop.run("join", server.greeting)
        held = server.holds()
        laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 2_000)))
        ballast = fill(disk)

        with laptop.intact():
            laptop.refused("sync")
        assert server.holds() == held

        ballast.unlink()
        assert laptop.sync()["pushed"] >= 2_000
        assert server.holds() == laptop.network["logs"]


def test_a_home_that_cannot_be_written_is_still_read(laptop: Laptop) -> None:
    home = str(laptop.folder)
    protect = f"mount --bind '{home}' '{home}' && mount -o remount,bind,ro '{home}' && "
    if not can(*UNSHARE, f"{protect} true"):
        pytest.skip("only root may mount the home read-only")
    before = laptop.network
    protected = Laptop(laptop.folder, (*UNSHARE, protect + 'exec "$@"', "sh"))

    for words in (("met", "Bob"), ("trusted", "Bob", "8"), ("rebuild",)):
        assert protected.refused(*words)["code"] == "read_only", words
    assert protected.names == {"Bob", "Carol"}
    assert protected.ask("verify")["ok"]
    assert protected.ask("log")["events"]
    assert laptop.network == before


# Damaged files


def overwritten(path: Path) -> None:
    """Random bytes in the middle."""
    size, chance = path.stat().st_size, Random(3)
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(chance.randbytes(size // 3))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def replaced(path: Path) -> None:
    path.write_bytes(b"Dear diary, today I met Bob.\n" * 1_000)


def headless(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))


@pytest.mark.parametrize("damage", [overwritten, cut, emptied, replaced, headless])
def test_a_damaged_file_is_said_to_be_damaged(
    laptop: Laptop, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 400)))
    settle(laptop.file)
    damage(laptop.file)
    damaged = laptop.file.read_bytes()

    for words in (("contacts",), ("met", "Dan"), ("status",), ("log",), ("rebuild",), ("sync",)):
        ran = laptop.try_(*words, "--json")
        assert ran.code in {0, 1}
        assert ran.code == 0 or '"code":"' in ran.err, ran
    ran = laptop.try_("verify", "--json")
    assert ran.code == 1
    assert "damaged" in ran.err + ran.out or "no_home" in ran.err, ran
    if damage in {replaced, headless}:
        assert laptop.file.read_bytes() == damaged


def test_a_damaged_server_is_said_to_be_damaged(
    laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 400)))
    laptop.sync()
    assert hosted.stop() == 0
    settle(hosted.file)
    whole = hosted.file.read_bytes()
    for damage in (overwritten, cut, replaced, headless):
        hosted.file.write_bytes(whole)
        damage(hosted.file)
        ran = hosted.kithd("verify")

        assert ran.code == 1, (damage, ran)
        assert "damage" in ran.out + ran.err, (damage, ran)


def test_a_home_of_a_later_release_is_refused_and_left_as_it_is(laptop: Laptop) -> None:
    with reading(laptop.file) as db:
        db.execute("PRAGMA user_version = 99")
    settle(laptop.file)
    before = laptop.file.read_bytes()

    for words in (("met", "Bob"), ("contacts",), ("verify",), ("sync",), ("rebuild",)):
        error = laptop.refused(*words)
        assert error["code"] == "unsupported"
        assert "Upgrade" in error["hint"]
    assert laptop.file.read_bytes() == before


def test_a_server_of_a_later_release_is_refused(hosted: Server) -> None:
    hosted.stop()
    with reading(hosted.file) as db:
        db.execute("PRAGMA user_version = 99")

    ran = hosted.kithd("verify")

    assert ran.code in {1, 2}, ran
    assert "newer" in ran.err


# What a later release writes


def write_unknown(laptop: Laptop, body: bytes) -> bytes:
    """Append a record that this release would never make; the record."""
    home = Home.open(laptop.folder)
    try:
        replica = home.replica()
        with replica._writing():
            log = own_log(replica, home.now_ms())
            record = make_record(CONTENT, log.hlc + 1, body + bytes(SALT_BYTES))
            hashes = chain(replica.network, log.id, log.seq + 1, log.hash, [record])
            intake = replica.intake(home.now_ms())
            intake.store(log, [record], hashes)
            intake.finish()
    finally:
        home.close()
    return record


def records(path: Path, table: str) -> set[bytes]:
    with reading(path) as db:
        return {record for (record,) in db.execute(f"SELECT record FROM {table}")}


def test_what_a_later_release_wrote_is_kept_forwarded_and_counted(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path
) -> None:
    sung = b"\x93\xa4sung\xa3Bob\x01"
    strange = [write_unknown(laptop, body) for body in (sung, b"\xc1 no event at all")]
    assert laptop.network["unknown"] >= 1
    assert laptop.sync()["pushed"] == 2
    assert desk.sync()["pulled"] == 2
    (tmp_path / "usb").mkdir()
    desk.sync(str(tmp_path / "usb"))

    assert set(strange) <= records(desk.file, "event")
    assert set(strange) <= records(hosted.file, "record")
    kept = b"".join(page.read_bytes() for page in (tmp_path / "usb").rglob("*.page"))
    assert all(record in kept for record in strange)
    assert desk.network["unknown"] == laptop.network["unknown"]
    assert desk.network["digest"] == laptop.network["digest"]
    laptop.run("met", "Dan")
    for one in (laptop, desk):
        one.sync()
        digest = one.network["digest"]
        one.run("rebuild")
        assert one.network["digest"] == digest
        assert one.ask("verify")["ok"]
    assert [e["void"] for e in desk.ask("log", "--all")["events"]].count("unknown") == 1
    assert hosted.stop() == 0
    assert hosted.kithd("verify").code == 0

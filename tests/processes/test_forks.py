"""Homes that are copied, servers that are lost: everybody ends with everything."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kithbook.events import Described, Met
from kithbook.ids import person_id
from kithbook_client import keys
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.sync.folder import Folder
from kithbook_client.sync.rounds import synchronise
from tests.processes.real import Laptop, Server, reading, settle

HOUR_MS = 3_600_000
YEARS_10_MS = 10 * 365 * 24 * HOUR_MS


def copy(laptop: Laptop, folder: Path) -> Laptop:
    settle(laptop.file)
    shutil.copytree(laptop.folder, folder)
    return Laptop(folder)


def unnoticed(laptop: Laptop) -> None:
    """What only a clone of the whole machine could bring about."""
    with reading(laptop.file) as db:
        db.execute("UPDATE device SET machine = ?", (keys.machine(str(laptop.file)),))
        db.commit()


@contextmanager
def wrong_clock(laptop: Laptop, off: int) -> Iterator[Replica]:
    home = Home.open(laptop.folder, lambda: time.time_ns() // 1_000_000 + off)
    try:
        yield home.replica()
    finally:
        home.close()


def met(replica: Replica, name: str) -> None:
    at, who = replica.home.now_ms() * 1000, person_id(replica.network, name)
    named = Described(at=at, zone=0, person=who, set={"name": name})
    replica.append([named, Met(at=at, zone=0, by=replica.me, people=(who,))])


def agree(*laptops: Laptop) -> None:
    """After some syncs all hold the same, and all of it is whole."""
    for _ in range(2):
        for one in laptops:
            one.sync()
    networks = [one.network for one in laptops]
    assert len({network["digest"] for network in networks}) == 1
    assert all(network["logs"] == networks[0]["logs"] for network in networks)
    for one in laptops:
        assert one.ask("verify")["ok"]


def test_a_copied_home_goes_on_in_a_log_of_its_own(
    laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    laptop.sync()
    other = copy(laptop, tmp_path / "copy")
    laptop.run("met", "Dan")
    other.run("met", "Eve")

    agree(laptop, other)

    assert laptop.names == other.names == {"Bob", "Carol", "Dan", "Eve"}
    assert len(laptop.network["logs"]) == 2
    assert laptop.network["set_aside"] == other.network["set_aside"] == 0


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_fork_that_nobody_noticed_keeps_what_both_wrote(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path, is_shared: bool
) -> None:
    laptop.sync()
    other = copy(laptop, tmp_path / "copy")
    unnoticed(other)
    other.run("helped", "me", "a lead", "--by", "Eve")
    other.run("thanked", "Eve")
    laptop.run("met", "Dan")
    laptop.run("trusted", "Dan", "8")
    if is_shared:
        # The desk holds the one branch, by way of a stick, before the server has the other.
        (tmp_path / "usb").mkdir()
        other.sync(str(tmp_path / "usb"))
        desk.sync(str(tmp_path / "usb"))
    laptop.sync()

    agree(other, desk, laptop)

    assert laptop.names == other.names == desk.names == {"Bob", "Carol", "Dan", "Eve"}
    for one in (laptop, other, desk):
        (eve,) = (row for row in one.ask("ledger")["ledger"] if row["name"] == "Eve")
        assert (eve["received"]["information"], eve["thanks_owed"]) == (1, [])
        assert one.ask("trust", "Dan")["score"] == 8
    assert other.network["set_aside"]
    assert len(laptop.network["logs"]) == 3


def test_an_old_backup_of_a_home_gets_everything_back(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path
) -> None:
    backup = copy(laptop, tmp_path / "backup")
    laptop.run("met", "Dan")
    laptop.sync()
    shutil.rmtree(laptop.folder)
    restored = copy(backup, laptop.folder)
    restored.run("met", "Eve")

    agree(restored, desk)

    assert restored.names == desk.names == {"Bob", "Carol", "Dan", "Eve"}


def test_an_emptied_server_is_filled_again(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path
) -> None:
    desk.run("met", "Dan")
    before = laptop.network["events"]
    hosted.stop()
    shutil.rmtree(hosted.folder)
    hosted.start()
    for one in (laptop, desk):
        with one.intact():
            assert one.refused("sync")["code"] in {"unknown_network", "no_session"}
    assert laptop.network["events"] == before

    laptop.run("join", hosted.link())

    agree(laptop, desk)
    assert laptop.names == {"Bob", "Carol", "Dan"}
    assert hosted.holds() == laptop.network["logs"]
    third = Laptop(tmp_path / "third")
    third.run("join", laptop.run("device", "add").splitlines()[-1])
    agree(laptop, desk, third)


def test_a_server_that_was_rolled_back_gets_everything_back(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path
) -> None:
    hosted.stop()
    shutil.copytree(hosted.folder, tmp_path / "kept")
    hosted.start()
    laptop.run("met", "Dan")
    laptop.sync()
    desk.sync()
    hosted.stop()
    shutil.rmtree(hosted.folder)
    shutil.copytree(tmp_path / "kept", hosted.folder)
    hosted.start()
    before = laptop.network["events"]
    desk.run("met", "Eve")

    agree(laptop, desk)

    assert laptop.network["events"] > before
    assert laptop.names == {"Bob", "Carol", "Dan", "Eve"}
    assert hosted.holds() == laptop.network["logs"]


@pytest.mark.parametrize("off", [-YEARS_10_MS, -HOUR_MS, HOUR_MS, YEARS_10_MS])
def test_a_wrong_clock_neither_stops_a_sync_nor_drops_anything(
    laptop: Laptop, tmp_path: Path, off: int
) -> None:
    """kith has no clock to set, so what is written under the wrong one comes from the library."""
    other = copy(laptop, tmp_path / "copy")
    usb = tmp_path / "usb"
    usb.mkdir()
    with wrong_clock(other, off) as replica:
        met(replica, "Dan")
        synchronise(replica, Folder(usb), replica.peer(str(usb)))
    laptop.sync(str(usb))
    laptop.run("met", "Eve")
    laptop.run("describe", "Bob", "--org", "Acme")
    laptop.sync(str(usb))
    other.run("met", "Fay")
    other.sync(str(usb))
    laptop.sync(str(usb))

    assert laptop.network["digest"] == other.network["digest"]
    # What lies ten years ahead is kept, and counts when its time has come.
    later = {"Dan"} if off == YEARS_10_MS else set()
    assert laptop.names == other.names == {"Bob", "Carol", "Dan", "Eve", "Fay"} - later
    assert laptop.network["events"] == other.network["events"]
    assert laptop.ask("show", "Bob")["card"]["org"] == "Acme"
    assert len(laptop.network["ahead"]) == (off == YEARS_10_MS)
    for one in (laptop, other):
        assert one.ask("verify")["ok"]

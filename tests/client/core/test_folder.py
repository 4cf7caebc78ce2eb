"""A folder or a file as the other end."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kithbook.errors import Unavailable
from kithbook_client.founding import found
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.sync.folder import Folder
from kithbook_client.sync.rounds import SyncReport, synchronise
from kithbook_client.verify import verify
from tests.client.core.world import Clock, another, copied, met, who


@pytest.fixture(name="place", params=["usb", "all.kith"])
def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    if not path.suffix:
        path.mkdir()
    return path


@pytest.fixture(name="other")
def _other(replica: Replica, tmp_path: Path, clock: Clock) -> Replica:
    return another(tmp_path / "other", replica, clock)


def sync(replica: Replica, place: Path) -> SyncReport:
    return synchronise(replica, Folder(place), replica.peer(str(place)))


def test_it_brings_laptops_to_the_same(replica: Replica, other: Replica, place: Path) -> None:
    sync(replica, place)
    sync(other, place)
    for one in (replica, other):
        one.append([met(one, f"{one.device} {n}") for n in range(1_500)])

    for one in (replica, other, replica):
        assert sync(one, place).up_to_date

    assert replica.digest() == other.digest()
    assert sync(other, place) == SyncReport(0, 0, True, [])
    assert verify(other, views=True).ok


def test_what_was_lost_there_is_written_again(replica: Replica, place: Path) -> None:
    sync(replica, place)
    replica.append([met(replica, "Bob")])
    if place.is_dir():
        shutil.rmtree(place)
        place.mkdir()
    else:
        place.unlink()

    report = sync(replica, place)

    assert (report.pushed, report.up_to_date) == (replica.count(), True)


def test_a_fork_is_settled_there_too(
    replica: Replica, place: Path, tmp_path: Path, clock: Clock
) -> None:
    sync(replica, place)
    copy = copied(replica, tmp_path / "copy", clock, is_noticed=False)
    replica.append([met(replica, "Bob")])
    copy.append([met(copy, "Carol")])

    for one in (replica, copy, replica):
        assert sync(one, place).up_to_date

    assert replica.digest() == copy.digest()
    assert replica.count(who(replica, "Carol")) == replica.count(who(replica, "Bob")) == 1


class TestADamagedFile:
    def test_in_a_folder_is_told_left_out_and_written_again(
        self, replica: Replica, other: Replica, tmp_path: Path
    ) -> None:
        usb = tmp_path / "usb"
        usb.mkdir()
        replica.append([met(replica, str(n)) for n in range(2_000)])
        sync(replica, usb)
        [first, second, *_] = sorted(usb.glob("*/*/*.page"))
        second.write_bytes(b"\x00" + second.read_bytes()[1:])

        report = sync(other, usb)

        [refused] = report.refused
        assert refused.seq == 1_001
        assert second.name in refused.why
        assert other.count() == 1 + 1_000
        assert first.exists()
        sync(replica, usb)
        assert sync(other, usb).refused == []
        assert other.digest() == replica.digest()

    def test_stays_told_when_only_what_comes_before_it_is_written_again(
        self, replica: Replica, other: Replica, tmp_path: Path
    ) -> None:
        usb = tmp_path / "usb"
        usb.mkdir()
        replica.append([met(replica, str(n)) for n in range(999)])
        sync(replica, usb)
        sync(other, usb)
        replica.append([met(replica, str(n)) for n in range(500)])
        sync(replica, usb)
        for page in usb.glob("*/*/*.page"):
            page.write_bytes(b"not a page")

        [refused] = sync(other, usb).refused

        assert refused.seq == 1_003

    def test_of_some_other_program_is_left_alone(self, replica: Replica, tmp_path: Path) -> None:
        usb = tmp_path / "usb"
        usb.mkdir()
        sync(replica, usb)
        [page] = usb.glob("*/*/*.page")
        for foreign in (page.parent.parent / "holiday" / page.name, page.with_name("notes.page")):
            foreign.parent.mkdir(exist_ok=True)
            foreign.write_bytes(b"dear diary")

        assert sync(replica, usb) == SyncReport(0, 0, True, [])
        assert foreign.read_bytes() == b"dear diary"

    @pytest.mark.parametrize("form", ["usb", "all.kith"])
    def test_of_any_one_byte_never_gets_in_and_is_written_again(
        self, replica: Replica, other: Replica, tmp_path: Path, form: str
    ) -> None:
        place = tmp_path / form
        if form == "usb":
            place.mkdir()
        sync(replica, place)
        [file] = place.glob("*/*/*.page") if place.is_dir() else [place]
        whole = file.read_bytes()
        for at in range(20, len(whole), 23):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            try:
                sync(other, place)
                sync(replica, place)
            except Unavailable:
                continue  # the whole file is none of ours
            assert other.count() == 1
            assert place.is_file() or file.read_bytes() == whole
            file.write_bytes(whole)
            for path in set(place.glob("*/*/*.page")) - {file}:
                path.unlink()
        assert verify(other).ok
        assert sync(other, place).up_to_date
        assert other.digest() == replica.digest()

    def test_that_is_a_bundle_is_left_as_it_is(self, replica: Replica, tmp_path: Path) -> None:
        bundle = tmp_path / "mine.kith"
        bundle.write_bytes(b"my thesis")

        with pytest.raises(Unavailable, match="not a file that kith has written"):
            sync(replica, bundle)

        assert bundle.read_bytes() == b"my thesis"


def test_a_place_that_is_gone_is_unavailable(replica: Replica, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be used"):
        sync(replica, tmp_path / "not" / "there.kith")


def test_a_bundle_holds_several_networks(home: Home, tmp_path: Path) -> None:
    bundle = tmp_path / "all.kith"
    team = found(home, "team", "Ada")
    for one in (home.replica(), team, home.replica()):
        assert sync(one, bundle).up_to_date
        assert sync(one, bundle).pushed == 0


def test_two_laptops_may_write_at_once(replica: Replica, other: Replica, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    sync(replica, usb)
    sync(other, usb)
    with ThreadPoolExecutor(2) as pool:
        for folder in (replica.home.folder, other.home.folder):
            pool.submit(_write_and_sync, folder, usb)
    for one in (replica, other, replica):
        assert sync(one, usb).up_to_date

    assert replica.digest() == other.digest()
    assert not list(usb.rglob(".kith-*"))


def _write_and_sync(folder: str, usb: Path) -> None:
    home = Home.open(folder)
    replica = home.replica()
    for n in range(10):
        replica.append([met(replica, f"{folder} {n}")])
        sync(replica, usb)
    home.close()

import multiprocessing
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from kithbook.clock import DAY_MS, wall_ms
from kithbook.errors import Damaged, Invalid, NotFound, Refused, Unavailable, Unsupported
from kithbook.events import DeviceAdded
from kithbook_client import keys, schema
from kithbook_client.founding import create_home, found
from kithbook_client.home import Home, default_folder
from kithbook_client.replica import Replica
from kithbook_client.verify import verify
from tests.client.core.world import YEARS_10_MS, Clock, copied, met


def test_a_new_home_has_a_private_network_in_which_we_are_known(home: Home) -> None:
    replica = home.replica()

    assert [network.name for network in home.networks()] == ["private"]
    assert replica.names([replica.me]) == {replica.me: "Ada"}
    assert replica.members == {replica.me}
    assert replica.device == "desk"
    assert replica.count() == 2


def test_only_its_owner_can_read_it(home: Home) -> None:
    home.replica().append([met(home.replica(), "Bob")])

    assert Path(home.folder).stat().st_mode & 0o777 == 0o700
    for file in Path(home.folder).iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_where_there_is_none_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no home in") as error:
        Home.open(tmp_path / "none")

    assert error.value.code == "no_home"
    assert "kith init --me NAME" in error.value.hint


def test_a_second_one_is_not_made_over_the_first(home: Home) -> None:
    before = home.replica().digest()

    with pytest.raises(Refused, match="already"):
        create_home(home.folder, "Eve")

    assert Home.open(home.folder).replica().digest() == before


def test_a_home_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        create_home(tmp_path / "home", "  ")


def test_what_a_creation_that_was_cut_off_left_behind_is_no_home(tmp_path: Path) -> None:
    Home.prepare(tmp_path / "home").close()

    with pytest.raises(NotFound):
        Home.open(tmp_path / "home")

    assert create_home(tmp_path / "home", "Ada").replica().count() == 2


def test_the_folder_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_HOME", "/somewhere")
    assert default_folder() == "/somewhere"

    monkeypatch.delenv("KITH_HOME")
    assert default_folder().endswith("kith")


def test_a_file_of_a_later_release_is_left_alone(home: Home) -> None:
    later = schema.VERSION + 1
    home.db.execute(f"PRAGMA user_version = {later}")
    home.close()
    before = Path(home.path).read_bytes()

    with pytest.raises(
        Unsupported, match=f"version {later}, and this release knows up to {schema.VERSION}"
    ):
        Home.open(home.folder)

    assert Path(home.path).read_bytes() == before


def test_a_file_that_is_no_database_is_damaged(home: Home) -> None:
    home.close()
    Path(home.path).write_bytes(b"what is this" * 1000)

    with pytest.raises(Damaged, match="not a database"):
        Home.open(home.folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_may_not_be_written_can_be_read(home: Home) -> None:  # pragma: no cover
    home.close()
    Path(home.path).chmod(0o400)
    Path(home.folder).chmod(0o500)

    replica = Home.open(home.folder).replica()

    assert replica.count() == 2
    with pytest.raises(Unavailable):
        replica.append([met(replica, "Bob")])


def test_a_read_only_connection_reads_and_says_why_it_does_not_write(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.close()
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    replica = Home.open(home.folder).replica()

    assert replica.count() == 2
    with pytest.raises(Unavailable, match="cannot be written"):
        replica.append([met(replica, "Bob")])
    assert replica.count() == 2


def test_a_file_that_another_program_keeps_locked_is_unavailable(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.db.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(home.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="Another program") as error:
        home.replica().append([met(home.replica(), "Bob")])

    assert error.value.code == "locked"
    other.execute("ROLLBACK")
    assert home.replica().append([met(home.replica(), "Bob")])


def test_a_full_disk_writes_nothing(home: Home) -> None:
    replica = home.replica()
    pages = home.db.execute("PRAGMA page_count").fetchone()[0]
    home.db.execute(f"PRAGMA max_page_count = {pages}")
    before = replica.digest()

    with pytest.raises(Unavailable, match="disk is full") as error:
        replica.append([met(replica, f"Person {n}", note="x" * 500) for n in range(100)])

    assert error.value.code == "disk_full"
    assert replica.digest() == before
    home.db.execute("PRAGMA max_page_count = 100000")
    assert replica.append([met(replica, "Bob")])
    assert verify(replica, views=True).ok


def test_another_process_is_seen_at_once(home: Home, clock: Clock) -> None:
    here, there = home.replica(), Home.open(home.folder, clock).replica()

    there.append([met(there, "Bob")])
    here.append([met(here, "Carol")])
    there.append([met(there, "Dan")])

    assert here.count() == there.count() == 5
    assert here.digest() == there.digest()
    assert verify(here, views=True).ok


def _open(folder: str) -> int:
    return Home.open(folder).replica().count()


def test_three_processes_that_migrate_at_once_do_it_once(tmp_path: Path, clock: Clock) -> None:
    schema.create(str(tmp_path / "home" / "kith.db"))
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        pool.map(_prepare, [str(tmp_path / "home")] * 3)

    home = create_home(tmp_path / "home", "Ada", "desk", clock)

    assert home.db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (
        schema.VERSION,
    )


def _prepare(folder: str) -> None:
    Home.prepare(folder).close()


class TestACopiedHome:
    def test_goes_on_in_a_log_of_its_own_that_the_first_one_vouches_for(
        self, replica: Replica, tmp_path: Path, clock: Clock
    ) -> None:
        copy = copied(replica, tmp_path / "copy", clock)
        replica.append([met(replica, "Bob")])

        [entry] = copy.append([met(copy, "Carol")])

        opening = copy.logs.entry(entry.log, 1)
        assert opening is not None
        assert isinstance(opening.event, DeviceAdded)
        assert opening.event.sponsor == replica.heads()[0].log
        assert opening.event.key != copy.logs[opening.event.sponsor].key
        assert entry.author == copy.me == replica.me
        assert len(copy.heads()) == 2

    def test_does_so_once(self, replica: Replica, tmp_path: Path, clock: Clock) -> None:
        copy = copied(replica, tmp_path / "copy", clock)
        copy.append([met(copy, "Carol")])
        copy.home.close()

        again = Home.open(tmp_path / "copy", clock).replica()
        again.append([met(again, "Dan")])

        assert len(again.heads()) == 2
        assert len(again.home.devices) == 2

    def test_reads_without_making_anything(
        self, replica: Replica, tmp_path: Path, clock: Clock
    ) -> None:
        copy = copied(replica, tmp_path / "copy", clock)

        assert copy.me == replica.me
        assert copy.digest() == replica.digest()
        assert len(copy.home.devices) == 1

    def test_is_told_by_a_restored_file_as_well(
        self, replica: Replica, tmp_path: Path, clock: Clock
    ) -> None:
        folder = Path(replica.home.folder)
        copied(replica, tmp_path / "backup", clock).home.close()
        replica.append([met(replica, "Bob")])
        replica.home.close()
        # Kept, or the file system might give the very same inode to the restored file.
        folder.rename(tmp_path / "lost")
        shutil.copytree(tmp_path / "backup", folder)

        restored = Home.open(folder, clock).replica()
        restored.append([met(restored, "Carol")])

        assert len(restored.heads()) == 2

    def test_is_not_what_a_moved_home_is(
        self, replica: Replica, tmp_path: Path, clock: Clock
    ) -> None:
        replica.home.close()
        Path(replica.home.folder).rename(tmp_path / "moved")

        moved = Home.open(tmp_path / "moved", clock).replica()
        moved.append([met(moved, "Bob")])

        assert len(moved.heads()) == 1


def test_the_machine_is_part_of_what_tells_a_copy(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = keys.machine(home.path)
    (tmp_path / "id").write_text("another machine\n")
    monkeypatch.setattr(keys, "_MACHINE_FILES", (str(tmp_path / "none"), str(tmp_path / "id")))

    assert keys.machine(home.path) != here


class TestTheClock:
    def test_that_ran_ahead_does_not_rule_what_comes_after(
        self, replica: Replica, clock: Clock
    ) -> None:
        clock.ms += YEARS_10_MS
        [ahead] = replica.append([met(replica, "Bob")])
        clock.ms -= YEARS_10_MS
        [later] = replica.append([met(replica, "Carol")])

        assert wall_ms(ahead.hlc) == clock.ms + YEARS_10_MS
        assert wall_ms(later.hlc) == clock.ms
        assert later.log != ahead.log
        assert len(replica.home.devices) == 1
        assert later.author == replica.me
        assert replica.append([met(replica, "Dan")])[0].log == later.log

    def test_that_is_set_back_never_lets_a_log_go_back(
        self, replica: Replica, clock: Clock
    ) -> None:
        [before] = replica.append([met(replica, "Bob")])
        clock.ms -= 3_600_000
        [after] = replica.append([met(replica, "Carol")])

        assert after.hlc == before.hlc + 1
        assert after.log == before.log

    def test_that_lags_ten_years_writes_on_and_is_told_apart(
        self, replica: Replica, clock: Clock
    ) -> None:
        clock.ms -= YEARS_10_MS
        [entry] = replica.append([met(replica, "Bob")])

        assert wall_ms(entry.hlc) == clock.ms
        assert len(replica.heads()) == 2

    def test_of_others_is_followed_but_for_more_than_a_day(
        self, replica: Replica, tmp_path: Path, clock: Clock
    ) -> None:
        from tests.client.core.world import another, give

        other = another(tmp_path / "other", replica, clock)
        clock.ms += DAY_MS // 2
        [theirs] = other.append([met(replica, "Bob")])
        clock.ms -= DAY_MS // 2
        give(other, replica)

        assert replica.append([met(replica, "Carol")])[0].hlc == theirs.hlc + 1

        clock.ms += YEARS_10_MS
        other.append([met(replica, "Dan")])
        clock.ms -= YEARS_10_MS
        give(other, replica)

        assert wall_ms(replica.append([met(replica, "Eve")])[0].hlc) < clock.ms + DAY_MS


def test_networks_are_found_by_name_and_by_id(home: Home) -> None:
    team = found(home, "team", "Ada L.")

    assert home.replica("team") is team
    assert home.replica(team.network.hex()[:8]) is team
    assert home.replica().name == "private"
    with pytest.raises(NotFound, match="No network here is called “club”"):
        home.replica("club")
    found(home, "team", "Ada")
    with pytest.raises(NotFound, match="More than one"):
        home.replica("team")

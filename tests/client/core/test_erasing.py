"""Erasing destroys one body everywhere, and nothing else anywhere."""

from pathlib import Path

import pytest

from kithbook.envelope import erase_record
from kithbook.events import Erased
from kithbook.facts.effects import Entry
from kithbook.membership import is_blank
from kithbook_client.replica import Replica
from kithbook_client.sync.folder import Folder
from kithbook_client.sync.rounds import synchronise
from kithbook_client.verify import verify
from tests.client.core.world import AT, Clock, another, copied, give, met, sync
from tests.replica_server import ReplicaServer

SECRET = "a word that nobody may read"


def erase(replica: Replica, *entries: Entry) -> Entry:
    (erased,) = replica.append([Erased(at=AT, events=tuple(one.ref for one in entries))])
    return erased


def stored(replica: Replica) -> dict[int, tuple[bytes, bytes]]:
    rows = replica.db.execute("SELECT place, hash, record FROM event")
    return {place: (hash_, record) for place, hash_, record in rows}


def test_erasing_changes_nobody_elses_bytes_and_every_chain_still_verifies(
    replica: Replica,
) -> None:
    first, doomed, last = replica.append(
        [met(replica, "Bob"), met(replica, "Carol", note=SECRET), met(replica, "Dan")]
    )
    before = stored(replica)

    erase(replica, doomed)

    after = stored(replica)
    changed = [place for place, row in before.items() if after[place] != row]
    assert changed == [replica.logs.number(doomed.log, doomed.seq)]
    assert after[changed[0]] == (before[changed[0]][0], erase_record(before[changed[0]][1]))
    assert verify(replica, views=True).ok
    assert {entry.seq for entry in (first, last)} <= {
        one.seq for one in replica.events() if one.void is None
    }


def test_what_was_erased_is_in_no_reading_and_not_in_the_file(replica: Replica) -> None:
    (doomed,) = replica.append([met(replica, "Carol", note=SECRET)])
    assert replica.search("nobody may read", 5)[1]

    erase(replica, doomed)

    assert replica.search("nobody may read", 5) == ([], [])
    assert replica.events()[-2].void == "erased"
    replica.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert SECRET.encode() not in Path(replica.home.path).read_bytes()


def test_a_branch_that_was_set_aside_keeps_no_erased_body(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    twin = copied(replica, tmp_path / "twin", clock, is_noticed=False)
    replica.append([met(replica, "Bob")])
    (doomed,) = twin.append([met(twin, "Carol", note=SECRET)])
    replica.seal()
    sync(twin, ReplicaServer(replica))
    assert twin.logs.set_aside() == 1
    (again,) = [one for one in twin.events() if one.void is None and one.event.note == SECRET]

    erase(twin, doomed)
    twin.append([Erased(at=AT, events=(again.ref,))])

    twin.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert SECRET.encode() not in Path(twin.home.path).read_bytes()
    assert twin.logs.set_aside() == 1
    assert verify(twin, views=True).ok


def test_an_erasure_that_comes_first_drops_the_body_on_receipt(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    other = another(tmp_path / "other", replica, clock)
    give(replica, other)
    (doomed,) = replica.append([met(replica, "Carol", note=SECRET)])
    copy = replica.pages
    replica.seal()
    theirs = {head.log: head for head in other.heads()}
    pages = copy.lacking(theirs)
    give(replica, other)
    (erased,) = other.append([Erased(at=AT, events=(doomed.ref,))])
    late = another(tmp_path / "late", replica, clock)
    give(other, late)
    late.receive(pages)
    give(replica, late)

    assert erased.author == doomed.author
    assert all(
        is_blank(record) == (place == late.logs.number(doomed.log, doomed.seq))
        for place, (_, record) in stored(late).items()
    )
    give(late, replica)
    give(late, other)
    assert {one.digest() for one in (replica, other, late)} == {late.digest()}
    assert verify(late, views=True).ok


def test_a_body_that_nobody_erased_is_missed_and_comes_back(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    (lost,) = replica.append([met(replica, "Carol", note=SECRET)])
    folder = Folder(tmp_path / "folder")
    synchronise(replica, folder, replica.peer("folder"))
    other = another(tmp_path / "other", replica, clock)
    give(replica, other)
    place = other.logs.number(lost.log, lost.seq)
    blank(other, place)
    assert other.digest() != replica.digest()
    assert not verify(other).ok
    assert "did not erase" in verify(other).problems[0].why

    synchronise(other, folder, other.peer("folder"))

    assert stored(other)[place] == stored(replica)[replica.logs.number(lost.log, lost.seq)]
    give(other, replica)
    give(replica, other)
    assert other.digest() == replica.digest()
    assert verify(other, views=True).ok


def test_a_folder_destroys_what_was_erased(replica: Replica, tmp_path: Path, clock: Clock) -> None:
    (doomed,) = replica.append([met(replica, "Carol", note=SECRET)])
    for path in (tmp_path / "folder", tmp_path / "all.kith"):
        synchronise(replica, Folder(path), replica.peer(str(path)))
    erase(replica, doomed)
    for path in (tmp_path / "folder", tmp_path / "all.kith"):
        synchronise(replica, Folder(path), replica.peer(str(path)))
        other = another(tmp_path / path.stem / "other", replica, clock)
        give(replica, other)
        report = synchronise(other, Folder(path), other.peer("folder"))
        assert (report.up_to_date, report.refused) == (True, [])
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".page", ".kith")]
    assert len(files) > 2
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def blank(replica: Replica, place: int) -> None:
    """As a replica is that took the event from somebody who had blanked it."""
    replica.db.execute(
        "UPDATE event SET record = ? WHERE place = ?",
        (erase_record(stored(replica)[place][1]), place),
    )
    replica.rebuild()


@pytest.mark.parametrize("way", ["UPDATE event SET record = x'00'", "DELETE FROM event"])
def test_no_other_way_leads_to_the_bytes(replica: Replica, way: str) -> None:
    replica.append([met(replica, "Carol")])
    with pytest.raises(Exception, match="append-only"):
        replica.db.execute(way)

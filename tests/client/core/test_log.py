import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from kithbook.envelope import erase_record
from kithbook.errors import Ambiguous, Invalid, NotFound, Unavailable
from kithbook.events import Met, Retracted
from kithbook.ids import event_id
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.verify import verify
from tests.client.core.world import AT, DAY_US, Clock, another, give, met, ref, rows, who


class TestTheDatabaseRefuses:
    def test_to_delete_an_event(self, replica: Replica) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            replica.db.execute("DELETE FROM event")

    @pytest.mark.parametrize("column", ["place", "position", "received", "hash", "record"])
    def test_to_change_one(self, replica: Replica, column: str) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            replica.db.execute(f"UPDATE event SET {column} = 77")

    def test_to_write_over_one(self, replica: Replica) -> None:
        columns = "place, position, received, hash, record"
        for insert, says in (("INSERT", "UNIQUE"), ("INSERT OR REPLACE", "append-only")):
            with pytest.raises(sqlite3.IntegrityError, match=says):
                replica.db.execute(
                    f"{insert} INTO event({columns}) SELECT place, 9, 9, hash, record FROM event"
                )

    def test_to_erase_a_body_and_change_its_envelope(self, replica: Replica) -> None:
        [record] = replica.db.execute("SELECT record FROM event WHERE seq = 2").fetchone()
        erased = bytearray(erase_record(record))
        erased[9] ^= 1

        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            replica.db.execute("UPDATE event SET record = ? WHERE seq = 2", (bytes(erased),))

    def test_but_lets_a_body_give_way_to_its_own_hash(self, replica: Replica) -> None:
        [record] = replica.db.execute("SELECT record FROM event WHERE seq = 2").fetchone()
        replica.db.execute("UPDATE event SET record = ? WHERE seq = 2", (erase_record(record),))

        replica.rebuild()

        (problem,) = verify(replica).problems
        assert "did not erase" in problem.why
        assert replica.events()[-1].void == "missing"

    def test_to_hold_rows_that_refer_to_nothing(self, replica: Replica) -> None:
        replica.append([met(replica, "Bob")])

        assert replica.db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_what_is_no_event_is_not_written(replica: Replica) -> None:
    before = rows(replica), replica.digest()

    with pytest.raises(Invalid, match="That is no event"):
        replica.append([met(replica, "Bob"), Met(at=AT, by=b"short", people=(b"",))])

    assert (rows(replica), replica.digest()) == before
    assert replica.append([met(replica, "Bob")])[0].seq == 3


def test_nothing_to_append_is_nothing_written(replica: Replica) -> None:
    before = replica.digest()

    assert replica.append([]) == []
    assert replica.digest() == before


class StopOnce:
    """Interrupts what the database does, after so many of its steps."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.mark.parametrize("after", range(40, 1200, 40))
def test_an_append_that_is_stopped_anywhere_leaves_all_of_it_or_nothing(
    replica: Replica, after: int
) -> None:
    replica.append([met(replica, "Bob")])
    before, digest = rows(replica), replica.digest()

    replica.db.set_progress_handler(StopOnce(after), 1)
    with suppress(Unavailable):
        replica.append([met(replica, "Bob", where="here"), met(replica, "Carol")])
    replica.db.set_progress_handler(None, 1)

    if replica.count() == 3:
        assert (rows(replica), replica.digest()) == (before, digest)
    replica.append([met(replica, "Dan")])
    assert replica.count() in {4, 6}
    assert verify(replica, views=True).ok


class TestHistory:
    def test_has_the_newest_last_whatever_log_they_are_in(
        self, replica: Replica, clock: Clock, tmp_path: Path
    ) -> None:
        other = another(tmp_path / "other", replica, clock)
        for n in range(6):
            clock.ms += 1
            (replica, other)[n % 2].append([met(replica, f"Person {n}", at=AT - n * DAY_US)])
        give(other, replica)

        found = replica.events(limit=4)

        assert [one.event.people[0] for one in found] == [
            who(replica, f"Person {n}") for n in (2, 3, 4, 5)
        ]
        assert replica.events()[-4:] == found
        assert len(replica.events()) == replica.count() == 10

    def test_of_a_person_has_only_theirs(self, replica: Replica) -> None:
        for n in range(5):
            replica.append([met(replica, "Bob" if n % 2 else "Carol", note=str(n))])

        found = replica.events(person=who(replica, "Bob"), limit=5)

        assert [one.event.note for one in found] == ["1", "3"]
        assert replica.count(who(replica, "Bob")) == 2
        assert replica.events(person=bytes(16)) == []
        assert replica.count(bytes(16)) == 0

    def test_tells_who_wrote_what_and_why_it_does_not_count(
        self, replica: Replica, clock: Clock
    ) -> None:
        [entry] = replica.append([met(replica, "Bob")])
        replica.append([Retracted(at=AT, event=ref(entry))])

        gone, retraction = replica.events(limit=2)

        assert (gone.author, gone.device, gone.received) == (replica.me, "desk", clock.ms)
        assert (gone.void, retraction.void) == ("retracted", None)
        assert gone.ref == ref(entry)


class TestFindingAnEvent:
    def test_by_its_name_cut_short(self, replica: Replica) -> None:
        [entry] = replica.append([met(replica, "Bob")])

        assert replica.find_event(event_id(entry.log, 3)).ref == ref(entry)
        assert replica.find_event(f"{entry.log.hex()[:3]}:3").ref == ref(entry)
        assert replica.find_event("last").ref == ref(entry)

    def test_by_where_it_stands(self, replica: Replica) -> None:
        [entry] = replica.append([met(replica, "Bob")])

        assert replica.event_at(entry.log, 3).ref == ref(entry)
        with pytest.raises(NotFound, match=f"no event {event_id(entry.log, 4)}"):
            replica.event_at(entry.log, 4)

    def test_that_is_not_there(self, replica: Replica) -> None:
        log = replica.heads()[0].log.hex()
        for text in (f"{log}:0", f"{log}:3", "0000:1"):
            with pytest.raises(NotFound, match="no event"):
                replica.find_event(text)
        with pytest.raises(Invalid):
            replica.find_event("Bob")

    def test_when_more_than_one_log_fits(self, home: Home) -> None:
        replica = home.replica()
        for n in range(40):  # enough logs that two start with the same digit
            home.now_ms.ms += 10 * 365 * 86_400_000 * (1 - 2 * (n % 2))
            replica.append([met(replica, "Bob")])
        firsts = [head.log.hex()[0] for head in replica.heads()]
        digit = next(digit for digit in firsts if firsts.count(digit) > 1)

        with pytest.raises(Ambiguous) as error:
            replica.find_event(f"{digit}:1")

        assert len(error.value.candidates) == firsts.count(digit)

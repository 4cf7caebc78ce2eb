"""Copies: which events of a team tell again what stands in the private network.

They are noted when something is shared on this device, and found by their marks when another device
of ours has shared it.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kithbook.envelope import record_body
from kithbook.errors import Refused
from kithbook.events import Founded, people_in
from kithbook.facts.effects import Entry
from kithbook.ids import CHECK_BYTES, Ref
from kithbook.restating import mark, secret_of
from kithbook_client.numbers import place

if TYPE_CHECKING:
    from kithbook_client.replica import Replica

COUNT = "NOT EXISTS (SELECT 1 FROM void WHERE void.event = shared.event OR void.event = original)"


def secret_of_home(replica: "Replica") -> bytes:
    """The secret that all devices in the private network have, by the event that founded it."""
    replica.refresh()
    for log in replica.logs.held():
        ((_, _, record),) = replica.logs.rows(log, 0, 1)
        entry = replica.logs.entry(log.id, 1)
        if entry and entry.author and isinstance(entry.event, Founded):
            return secret_of(record_body(record) or b"")
    raise Refused(
        f"{replica.name} has not all of its events here yet, so nothing of it can be shared.",
        "Run: kith sync.",
    )


def note_copy(team: "Replica", event: int, original: int) -> None:
    """Note that an event tells another one again, by their places."""
    team.db.execute("INSERT OR REPLACE INTO shared VALUES (?, ?)", (event, original))


def copies_in(team: "Replica") -> list[Entry]:
    """The events of a team that tell again what counts in the private network as well."""
    rows = team.db.execute(
        "SELECT event FROM shared WHERE event >> 32 IN "
        f"(SELECT no FROM log WHERE network = ?) AND {COUNT}",
        (team.no,),
    ).fetchall()
    return list(team.logs.entries(number for (number,) in rows))


def find_copies(private: "Replica", team: "Replica", one: dict[bytes, bytes]) -> None:
    """Note what other devices of ours have shared; `one` says who is one in both networks."""
    secret = None
    for event, entry in _unknown(team):
        secret = secret or secret_of_home(private)
        for original, ref in _candidates(private, entry, one):
            if mark(secret, ref) == entry.event.source:
                with team.home.writing():
                    note_copy(team, event, original)


def _unknown(team: "Replica") -> Iterator[tuple[int, Entry]]:
    """Events of ours with a mark of which nothing is noted; imports have marks of another kind."""
    mine = [log for log in team.logs.held() if log.author == team.me]
    for log in mine:
        rows = team.db.execute(
            "SELECT event FROM source WHERE event BETWEEN ? AND ? "
            "AND event NOT IN (SELECT event FROM shared)",
            (place(log.no, 1), place(log.no, log.seq)),
        ).fetchall()
        for (number,) in rows:
            for entry in team.logs.entries([number]):
                if entry.event.batch is None:
                    yield number, entry


def _candidates(
    private: "Replica", entry: Entry, one: dict[bytes, bytes]
) -> Iterator[tuple[int, Ref]]:
    """The private events that name those whom an event of a team names."""
    named = {one.get(person, person) for person in people_in(entry.event)}
    others = named - {one.get(private.me, private.me)}
    ids = [person for person, root in one.items() if root in others]
    for person in _known(private, ids):
        for number, hash_ in private.db.execute(
            "SELECT place, hash FROM mention JOIN event ON place = mention.event "
            "WHERE mention.person = ?",
            (person,),
        ):
            yield number, Ref(*private.logs.at(number), hash_[:CHECK_BYTES])


def _known(private: "Replica", people: Iterable[bytes]) -> Iterator[int]:
    return (number for person in people if (number := private.people.find(person)) is not None)

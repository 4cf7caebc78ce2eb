"""The shelf: the views as readings ask for them (`readings.shelf.Shelf`)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from math import floor
from typing import Any

from kithbook.facts.rows import Field, Help, Link, Merge, Referral, Tie
from kithbook.facts.tables import PairKey, Place
from kithbook.membership import members
from kithbook.readings.merges import in_force
from kithbook_client.shapes import LinkShape, TieShape, decode_field
from kithbook_client.views import Views

# Any number of values in one parameter.
THESE = "(SELECT value FROM json_each(?))"

MOST_BONUS = 10
"""What dealings may add to a stated level, in tenths."""

PEOPLE = {"author", "by", "who", "to"}
"""Columns with the numbers of people."""


def tenths_for(least: float) -> int:
    """What somebody who has this level stated at least, if anything."""
    return max(1, floor(least * 10) - MOST_BONUS)


def below(tenths: int) -> float:
    """The highest level that somebody has who stated less than this."""
    return (tenths - 1 + MOST_BONUS) / 10


class SqlShelf:
    def __init__(self, views: Views) -> None:
        self.views = views
        self.db = views.db
        self.people = views.people
        self.network = views.logs.network
        self.ties, self.links = TieShape(views.logs), LinkShape(views.logs)

    def merges(self) -> Iterable[Merge]:
        rows = self.db.execute(
            "SELECT event, author, person.id FROM merge JOIN person ON person.no = merge.person "
            "WHERE network = ? ORDER BY 1, 3",
            (self.network,),
        )
        merges = [
            Merge(tuple(person for *_, person in people), self.people.id(author))
            for (_, author), people in groupby(rows, key=lambda row: row[:2])
        ]
        return in_force(merges, members(self.views.logs.standings().values())) if merges else ()

    def rules(self) -> Iterator[tuple[str, Field]]:
        rows = self.db.execute("SELECT setting, said FROM rule WHERE network = ?", (self.network,))
        return ((setting, decode_field(said)) for setting, said in rows)

    def ties_of(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Tie]]:
        asked = self._numbers(people)
        where = f"a IN {THESE} OR b IN {THESE} ORDER BY last DESC"
        return self._pairs("tie", TieShape.rest, self.ties.make, where, (asked, asked))

    def links_from(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return self._links(f"a IN {THESE}", self._numbers(people))

    def links_to(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return self._links(f"b IN {THESE}", self._numbers(people))

    def trust_from(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return self._trust(f"a IN {THESE}", self._numbers(people))

    def trust_to(self, people: Collection[bytes]) -> Iterator[tuple[PairKey, Link]]:
        return self._trust(f"b IN {THESE}", self._numbers(people))

    def highest_from(
        self, people: Collection[bytes], count: int
    ) -> tuple[Iterator[tuple[PairKey, Link]], float]:
        asked = self._numbers(people)
        stated = self.db.execute(
            f"SELECT tenths FROM link WHERE a IN {THESE} AND tenths IS NOT NULL "
            "ORDER BY tenths DESC LIMIT ?",
            (asked, count),
        ).fetchall()
        least = stated[-1][0] - MOST_BONUS if stated else 0
        return self._trust(f"a IN {THESE} AND tenths >= ?", asked, str(least)), below(least)

    def stated_to(self, people: Collection[bytes], least: float) -> Iterator[tuple[PairKey, Link]]:
        where = f"b IN {THESE} AND tenths IS NOT NULL AND (tenths = 0 OR tenths >= ?)"
        return self._trust(where, self._numbers(people), str(tenths_for(least)))

    def links_between(
        self, ones: Collection[bytes], others: Collection[bytes]
    ) -> Iterator[tuple[PairKey, Link]]:
        where = f"a IN {THESE} AND b IN {THESE}"
        return self._links(where, self._numbers(ones), self._numbers(others), days=True)

    def helps_of(self, people: Collection[bytes]) -> Iterator[tuple[Place, Help]]:
        asked = self._numbers(people)
        return self._helps(f"open AND ([to] IN {THESE} OR [by] IN {THESE})", (asked, asked))

    def helps_before(
        self, people: Collection[bytes], upto: int, thanks: Collection[Place]
    ) -> Iterator[tuple[Place, Help]]:
        """Helps that happened up to a time and are open, or for which these thanks were given."""
        asked, given = self._numbers(people), str(self.views.logs.numbers(thanks))
        where = (
            f"at <= ? AND (open OR event IN (SELECT help FROM thanks WHERE event IN {THESE})) "
            f"AND ([to] IN {THESE} OR [by] IN {THESE})"
        )
        return self._helps(where, (upto, given, asked, asked))

    def _helps(self, where: str, args: tuple[Any, ...]) -> Iterator[tuple[Place, Help]]:
        helps = dict(self._of_events("help", where, args))
        (_, thanks) = self.views.shapes["help"]
        rows = self.db.execute(
            f"SELECT help, {thanks.names} FROM thanks WHERE help IN "
            f"(SELECT event FROM help WHERE {where}) ORDER BY help",
            args,
        )
        for number, found in groupby(rows, key=lambda row: row[0]):
            thanks.fill(helps[number], [columns for _, *columns in found])
        return ((self.views.logs.at(number), row) for number, row in helps.items())

    def referrals_of(self, people: Collection[bytes]) -> Iterator[tuple[Place, Referral]]:
        asked = self._numbers(people)
        where = " OR ".join(f"[{side}] IN {THESE}" for side in ("by", "who", "to"))
        rows = self._of_events("referral", where, (asked,) * 3)
        return ((self.views.logs.at(number), row) for number, row in rows)

    def cards(self, names: Collection[str]) -> Iterator[tuple[bytes, str, Field]]:
        marks = ", ".join("?" * len(names))
        return self._cards(f"field IN ({marks})" if names else "true", names)

    def card_of(self, people: Collection[bytes]) -> Iterator[tuple[bytes, str, Field]]:
        return self._cards(f"person IN {THESE}", (self._numbers(people),))

    def names(self) -> Iterator[tuple[bytes, str]]:
        return self.db.execute(
            "SELECT id, name FROM person WHERE network = ? AND name IS NOT NULL", (self.network,)
        )

    def _numbers(self, people: Collection[bytes]) -> str:
        """The numbers of these people as one parameter."""
        return str(self.people.find_all(people))

    def _cards(self, where: str, args: Iterable[Any]) -> Iterator[tuple[bytes, str, Field]]:
        rows = self.db.execute(
            "SELECT person.id, field, said FROM card JOIN person ON person.no = card.person "
            f"WHERE {where} AND network = ?",
            (*args, self.network),
        )
        return ((person, field, decode_field(said)) for person, field, said in rows)

    def _links(self, where: str, *args: str, days: bool = False) -> Iterator[tuple[PairKey, Link]]:
        names = self._with_days(LinkShape.rest, needed=days)
        return self._pairs("link", names, self.links.make, where, args)

    def _trust(self, where: str, *args: str) -> Iterator[tuple[PairKey, Link]]:
        names = self._with_days(LinkShape.trust)
        return self._pairs("link", names, self.links.make_trust, where, args)

    def _with_days(self, names: Sequence[str], *, needed: bool = False) -> Sequence[str]:
        """Columns of a link, without the days where no links are joined."""
        return names if needed or self._has_merges else [*names[:-1], "NULL"]

    def _pairs(
        self,
        table: str,
        names: Sequence[str],
        make: Callable[[Sequence[Any]], Any],
        where: str,
        args: Sequence[str],
    ) -> Iterator[tuple[PairKey, Any]]:
        who: dict[int, bytes] = {}  # few wrote about many
        for author, a, b, *columns in self.db.execute(
            f"SELECT author, one.id, other.id, {', '.join(names)} FROM {table} "
            "JOIN person AS one ON one.no = a JOIN person AS other ON other.no = b "
            f"WHERE {where}",
            args,
        ):
            if author not in who:
                who[author] = self.people.id(author)
            yield (who[author], a, b), make(columns)

    def _of_events(
        self, table: str, where: str, args: tuple[Any, ...]
    ) -> Iterator[tuple[int, Any]]:
        shape = self.views.shapes[table][0]
        rows = self.db.execute(
            f"SELECT event, {shape.names} FROM {table} WHERE {where}", args
        ).fetchall()
        named = [number for number, name in enumerate(shape.rest, 1) if name in PEOPLE]
        self.people.know({row[number] for row in rows for number in named} - {None})
        return ((number, shape.make(columns)) for number, *columns in rows)

    @cached_property
    def _has_merges(self) -> bool:
        return self.db.execute("SELECT 1 FROM merge LIMIT 1").fetchone() is not None

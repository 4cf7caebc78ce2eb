"""As of a time: ties, links and helps made from the deeds up to it."""

from collections.abc import Collection, Iterator, Sequence
from heapq import heappop, heappush, nlargest
from itertools import chain
from typing import Any

from kithbook.facts.rows import Help, Link, Moment, Order, Statement, Tie
from kithbook.facts.tables import PairKey, Place
from kithbook.readings.shelf import latest_first
from kithbook_client.deeds import WITHDRAWN, DeedFile
from kithbook_client.log import Log
from kithbook_client.numbers import MANY, MAX_SEQ, SEQ_BITS, place
from kithbook_client.shelf import MOST_BONUS, THESE, SqlShelf, below, tenths_for

AT_ONCE = 100
"""Pairs of people whose ties are read together."""

_new: Any = tuple.__new__
"""Many rows come by here, and a named tuple made by its own name takes twice as long."""


class Deeds:
    """Of one network (`readings.asof.Deeds`), read together with what counts now."""

    def __init__(self, folder: str, shelf: SqlShelf) -> None:
        self.file = DeedFile(folder, shelf.views.logs)
        self.shelf = shelf
        self._ids: dict[int, bytes] = {}
        self._logs: dict[int, Log] = {}
        self._authors: dict[int, bytes] = {}
        self._voids: set[int] = set()

    def refresh(self) -> None:
        """Note what came since the last time, and read again what counts."""
        if self.file.reopen():
            self._ids.clear()
        self._logs = self.file.catch_up()
        self._authors = {no: log.author for no, log in self._logs.items() if log.standing.person}
        self._voids = self._not_counting()

    def close(self) -> None:
        self.file.db.close()

    def ties_of(self, people: Collection[bytes], upto: int) -> Iterator[tuple[PairKey, Tie]]:
        """The latest contact first; who needs a few of many waits for those alone.

        When a pair was last in touch is at most when the last of its deeds was, as that one may
        not count.
        """
        asked = self._asked(people)
        pairs: list[tuple[int, int, int]] = []
        for where, args in (
            (f"a IN {THESE}", (asked,)),
            (f"b IN {THESE} AND a NOT IN {THESE}", (asked, asked)),
        ):
            pairs += self.file.db.execute(
                f"SELECT max(at), a, b FROM tie WHERE {where} AND at <= ? GROUP BY a, b",
                (*args, upto),
            )
        pairs.sort(reverse=True)
        waiting: list[tuple[int, PairKey, Tie]] = []
        for start in range(0, len(pairs), AT_ONCE):
            for key, tie in self._ties([pair[1:] for pair in pairs[start : start + AT_ONCE]], upto):
                heappush(waiting, (latest_first((key, tie)), key, tie))
            rest = pairs[start + AT_ONCE :][:1]
            while waiting and not (rest and -waiting[0][0] < rest[0][0]):
                _, key, tie = heappop(waiting)
                yield key, tie

    def _ties(self, pairs: Sequence[tuple[int, int]], upto: int) -> Iterator[tuple[PairKey, Tie]]:
        found: dict[tuple[bytes, int, int], Tie] = {}
        marks = ",".join(["(?,?)"] * len(pairs))
        for a, b, at, event, zone in self.file.db.execute(
            f"WITH asked(a, b) AS (VALUES {marks}) SELECT a, b, at, event, zone "
            "FROM asked CROSS JOIN tie USING (a, b) WHERE at <= ?",
            (*chain.from_iterable(pairs), upto),
        ):
            author = self._authors.get(event >> SEQ_BITS)
            if author is not None and event not in self._voids:
                found.setdefault((author, a, b), Tie()).add(Moment.of(at, zone))
        return self._keyed(found)

    def links(
        self,
        ones: Collection[bytes] | None,
        others: Collection[bytes] | None,
        upto: int,
        *,
        for_trust: bool = False,
    ) -> Iterator[tuple[PairKey, Link]]:
        where, args = [], []
        for side, people in (("a", ones), ("b", others)):
            if people is not None:
                where.append(f"{side} IN {THESE}")
                args.append(self._asked(people))
        return self._links(" AND ".join(where), args, upto, for_trust=for_trust)

    def _links(
        self, where: str, args: Sequence[Any], upto: int, *, for_trust: bool = True
    ) -> Iterator[tuple[PairKey, Link]]:
        found: dict[tuple[bytes, int, int], Link] = {}
        authors, voids = self._authors, self._voids
        ids = {no: log.id for no, log in self._logs.items()}
        counted = "NULL, NULL" if for_trust else "help, thanks"
        for a, b, at, event, hlc, given, thanks, kind, tenths in self.file.db.execute(
            f"SELECT a, b, at, event, hlc, {counted}, kind, tenths FROM link "
            f"WHERE {where} AND at <= ?",
            (*args, upto),
        ):
            log = event >> SEQ_BITS
            author = authors.get(log)
            if author is None or event in voids:
                continue
            key = author, a, b
            link = found.get(key)
            if link is None:
                link = found[key] = Link()
            order = _new(Order, (at, hlc, ids[log], event & MAX_SEQ))
            if given is not None:
                link.helps[given] += 1
            if thanks is not None:
                link.thanks += thanks
            if kind is not None:
                link.evidence(kind, order)
            if tenths is not None:
                link.state(Statement(order, None if tenths == WITHDRAWN else tenths))
        return self._keyed(found)

    def highest(
        self, ones: Collection[bytes], upto: int, count: int
    ) -> tuple[Iterator[tuple[PairKey, Link]], float]:
        """By the last statements, of which some may not count; then others are as high."""
        asked = self._asked(ones)
        stated = f"FROM link WHERE a IN {THESE} AND at <= ?"
        last = self.file.db.execute(
            f"SELECT max(at), tenths {stated} AND tenths >= 0 GROUP BY a, b", (asked, upto)
        )
        found = nlargest(count, (tenths for _, tenths in last))
        least = found[-1] - MOST_BONUS if found else 0
        pairs = f"(a, b) IN (SELECT a, b {stated} AND tenths >= ?)"
        return self._links(pairs, (asked, upto, least), upto), below(least)

    def stated_to(
        self, others: Collection[bytes], upto: int, least: float
    ) -> Iterator[tuple[PairKey, Link]]:
        """Also those in which it was stated once."""
        stated = f"FROM link WHERE b IN {THESE} AND at <= ? AND (tenths = 0 OR tenths >= ?)"
        args = self._asked(others), upto, tenths_for(least)
        return self._links(f"(a, b) IN (SELECT a, b {stated})", args, upto)

    def helps_of(self, people: Collection[bytes], upto: int) -> Iterator[tuple[Place, Help]]:
        asked = self._asked(people)
        later = {
            (self._logs[event >> SEQ_BITS].id, event & MAX_SEQ)
            for side in "ab"
            for (event,) in self.file.db.execute(
                f"SELECT event FROM link WHERE {side} IN {THESE} AND thanks AND at > ?",
                (asked, upto),
            )
            if event >> SEQ_BITS in self._logs
        }
        for at, row in self.shelf.helps_before(people, upto, later):
            if later:
                row.thanks = [one for one in row.thanks if (one.log, one.seq) not in later]
            yield at, row

    def _asked(self, people: Collection[bytes]) -> str:
        """The numbers of these people as one parameter."""
        if len(people) > MANY:
            numbers = {id_: no for no, id_ in self.file.db.execute("SELECT no, id FROM person")}
            found = [numbers[person] for person in people if person in numbers]
        else:
            rows = (
                self.file.db.execute("SELECT no FROM person WHERE id = ?", (person,)).fetchone()
                for person in people
            )
            found = [row[0] for row in rows if row]
        return str(found)

    def _keyed(self, found: dict[tuple[bytes, int, int], Any]) -> Iterator[tuple[PairKey, Any]]:
        ids = self._ids
        if len(found) > MANY:
            ids.update(self.file.db.execute("SELECT no, id FROM person"))
        for (author, a, b), row in found.items():
            for number in (a, b):
                if number not in ids:
                    (ids[number],) = self.file.db.execute(
                        "SELECT id FROM person WHERE no = ?", (number,)
                    ).fetchone()
            yield (author, ids[a], ids[b]), row

    def _not_counting(self) -> set[int]:
        """Where the events stand, by the numbers here, that do not count now."""
        numbers = {log.no: no for no, log in self._logs.items()}
        return {
            place(numbers[event >> SEQ_BITS], event & MAX_SEQ)
            for (event,) in self.shelf.db.execute("SELECT event FROM void")
            if event >> SEQ_BITS in numbers
        }

"""Shapes: how each kind of row of the facts stands in the columns of a table, and back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from kithbook.facts.rows import (
    Field,
    Given,
    Help,
    Link,
    Merge,
    Moment,
    Order,
    Referral,
    Retraction,
    Retractions,
    Said,
    Statement,
    Thanks,
    Tie,
    Void,
    winner,
)

if TYPE_CHECKING:
    from kithbook_client.log import Logs

Columns = tuple[Any, ...]
Rows = Sequence[tuple[Any, Any]]
"""Keys and rows of one table of the facts."""


class Shape:
    """One table. `many` are the columns that tell its rows apart where a row of the facts takes any
    number of them.
    """

    table: str
    key: tuple[str, ...]
    rest: tuple[str, ...]
    many: tuple[str, ...] = ()

    def __init__(self, logs: "Logs") -> None:
        self.logs = logs
        self.people = logs.people
        match = " AND ".join(f"[{name}] = ?" for name in self.key)
        names = ", ".join(f"[{name}]" for name in self.key + self.rest)
        self.names = ", ".join(f"[{name}]" for name in self.rest)
        self.select = f"SELECT {self.names} FROM {self.table} WHERE {match}"
        self.delete = f"DELETE FROM {self.table} WHERE {match}"
        self.insert = f"INSERT INTO {self.table}({names})"
        self.or_else = ""
        if not self.many:
            # Columns of an index that stay as they are then cost nothing.
            sets = ", ".join(f"[{name}] = excluded.[{name}]" for name in self.rest)
            keys = ", ".join(f"[{name}]" for name in self.key)
            self.or_else = f" ON CONFLICT({keys}) DO UPDATE SET {sets}"

    def key_of(self, key: Any) -> Columns:
        """The key's columns; this one is for rows keyed by an event."""
        return (self.logs.number(*key),)

    def keys_of(self, rows: Rows) -> list[int]:
        """The keys of rows keyed by an event."""
        return self.logs.numbers([key for key, _ in rows])

    def columns(self, rows: Rows) -> list[Columns]:
        """Key and other columns of each row, of all rows at once because there may be many."""
        raise NotImplementedError

    def make(self, columns: Sequence[Any]) -> Any:
        """The row that stands in these columns, which are all but the key."""
        raise NotImplementedError

    def fill(self, row: Any, found: Sequence[Columns]) -> None:
        """Give a row what stands in all its rows of this table, where it may have `many`."""
        raise NotImplementedError


class PairShape(Shape):
    key = ("a", "b", "author")

    def key_of(self, key: Any) -> Columns:
        author, a, b = key
        people = self.people
        return people[a], people[b], people[author]


class TieShape(PairShape):
    table = "tie"
    rest = ("count", "first", "first_zone", "last", "last_zone")

    def columns(self, rows: Rows) -> list[Columns]:
        people = self.people
        return [
            (
                people[a],
                people[b],
                people[author],
                row.count,
                row.first.at,
                row.first.zone if row.first.has_zone else None,
                row.last.at,
                row.last.zone if row.last.has_zone else None,
            )
            for (author, a, b), row in rows
        ]

    def make(self, columns: Sequence[Any]) -> Tie:
        count, first, first_zone, last, last_zone = columns
        return Tie(count, Moment.of(first, first_zone), Moment.of(last, last_zone))


_encode = msgspec.msgpack.Encoder().encode
_decode_days = msgspec.msgpack.Decoder(dict[int, Order]).decode
decode_field = msgspec.msgpack.Decoder(Field).decode
_new: Any = tuple.__new__
"""Many rows come by here, and a named tuple made by its own name takes twice as long."""
_UNSTATED = (None, None, None, None)


class LinkShape(PairShape):
    """`days` is the MessagePack of day × 4 + kind → [at, clock, log, seq], in order."""

    table = "link"
    helps = tuple(
        f"{kind}_{size}" for kind in ("information", "money", "fun") for size in (1, 2, 3)
    )
    trust = (
        *("tenths", "stated", "stated_hlc", "stated_event"),
        *("since_helped", "since_thanked", "since_referred", "since_met"),
        "days",
    )
    rest = (*helps, "thanks", *trust)

    def columns(self, rows: Rows) -> list[Columns]:
        people = self.people
        return [
            (
                people[a],
                people[b],
                people[author],
                *row.helps,
                row.thanks,
                *(self._stated(row.stated) if row.stated else _UNSTATED),
                *row.since,
                _encode(dict(sorted(row.days.items()))) if row.days else None,
            )
            for (author, a, b), row in rows
        ]

    def _stated(self, stated: Statement) -> Columns:
        at, hlc, log, seq = stated.order
        return stated.tenths, at, hlc, self.logs.number(log, seq)

    def make(self, columns: Sequence[Any]) -> Link:
        *helps, thanks = columns[:10]
        link = self.make_trust(columns[10:])
        link.helps, link.thanks = helps, thanks
        return link

    def make_trust(self, columns: Sequence[Any]) -> Link:
        """The row without the helps and thanks that it counts."""
        tenths, at, hlc, event, *since, packed = columns
        stated = None
        if at is not None:
            stated = _new(Statement, (_new(Order, (at, hlc, *self.logs.at(event))), tenths))
        if packed is None:
            return Link([], 0, stated, since, {}, None)
        days = _decode_days(packed)
        return Link([], 0, stated, since, days, max(days.values()))


class HelpShape(Shape):
    """`open` while no thanks between the same two ids names it."""

    table = "help"
    key = ("event",)
    rest = ("author", "by", "to", "at", "zone", "kind", "size", "check", "open")

    def columns(self, rows: Rows) -> list[Columns]:
        return [
            (number, *(self._given(row, row.given) if row.given else _NOT_YET))
            for number, (_, row) in zip(self.keys_of(rows), rows, strict=True)
        ]

    def _given(self, row: Help, given: Given) -> Columns:
        people = self.people
        author, by, to, (at, has_zone, zone), kind, size, check = given
        return (
            people[author],
            people[by],
            people[to],
            at,
            zone if has_zone else None,
            kind,
            size,
            check,
            0 if row.thanks and row.closed({}) else 1,
        )

    def make(self, columns: Sequence[Any]) -> Help:
        author, by, to, at, zone, kind, size, check, _ = columns
        if author is None:
            return Help()
        who, moment = self.people.id, Moment.of(at, zone)
        return Help(Given(who(author), who(by), who(to), moment, kind, size, check))


_NOT_YET = (None,) * 8 + (0,)


class ThanksShape(Shape):
    """The thanks that name a help."""

    table = "thanks"
    key = ("help",)
    rest = ("event", "check", "by", "to")
    many = ("event", "check")

    def columns(self, rows: Rows) -> list[Columns]:
        people, number = self.people, self.logs.number
        return [
            (help_, number(log, seq), check, people[by], people[to])
            for help_, (_, row) in zip(self.keys_of(rows), rows, strict=True)
            for log, seq, check, by, to in row.thanks
        ]

    def fill(self, row: Help, found: Sequence[Columns]) -> None:
        who, where = self.people.id, self.logs.at
        row.thanks = sorted(
            Thanks(*where(event), check, who(by), who(to)) for event, check, by, to in found
        )


class ReferralShape(Shape):
    table = "referral"
    key = ("event",)
    rest = ("author", "by", "who", "to", "at", "zone")

    def columns(self, rows: Rows) -> list[Columns]:
        return [
            (number, *self._said(row.said))
            for number, (_, row) in zip(self.keys_of(rows), rows, strict=True)
        ]

    def _said(self, said: Said) -> Columns:
        people = self.people
        author, by, who, to, (at, has_zone, zone) = said
        return people[author], people[by], people[who], people[to], at, zone if has_zone else None

    def make(self, columns: Sequence[Any]) -> Referral:
        *named, at, zone = columns
        author, by, who, to = (self.people.id(number) for number in named)
        return Referral(Said(author, by, who, to, Moment.of(at, zone)))


class CardShape(Shape):
    """`said` is all that was said of the field, as MessagePack; `value` is what is in force."""

    table = "card"
    key = ("person", "field")
    rest = ("value", "said")

    def key_of(self, key: Any) -> Columns:
        return self.people[key[0]], key[1]

    def columns(self, rows: Rows) -> list[Columns]:
        people = self.people
        return [
            (people[person], field, (won := winner([row])) and won.value, _encode(row))
            for (person, field), row in rows
        ]

    def make(self, columns: Sequence[Any]) -> Field:
        return decode_field(columns[1])


class RuleShape(CardShape):
    table = "rule"
    key = ("network", "setting")

    def key_of(self, key: Any) -> Columns:
        return self.logs.network, key

    def columns(self, rows: Rows) -> list[Columns]:
        return [
            (
                self.logs.network,
                setting,
                max(row.values).value if row.values else None,
                _encode(row),
            )
            for setting, row in rows
        ]


class MergeShape(Shape):
    table = "merge"
    key = ("event",)
    rest = ("person", "author")
    many = ("person",)

    def columns(self, rows: Rows) -> list[Columns]:
        number, people = self.logs.number, self.people
        return [
            (number(*key), people[person], people[row.author])
            for key, row in rows
            for person in row.people
        ]

    def fill(self, row: Merge, found: Sequence[Columns]) -> None:
        ids = (self.people.id(person) for person, _ in found)
        row.fill(tuple(sorted(ids)), self.people.id(found[0][1]))


class VoidShape(Shape):
    table = "void"
    key = ("event",)
    rest = ("reason", "by_event")

    def columns(self, rows: Rows) -> list[Columns]:
        number = self.logs.number
        return [
            (number(*key), row.reason, number(row.by_log, row.by_seq) if row.by_seq else None)
            for key, row in rows
        ]

    def make(self, columns: Sequence[Any]) -> Void:
        reason, by = columns
        return Void(reason) if by is None else Void(reason, *self.logs.at(by))


class RetractionShape(Shape):
    table = "retraction"
    key = ("event",)
    rest = ("by_event", "author", "check", "hlc", "is_owner")
    many = ("by_event",)

    def columns(self, rows: Rows) -> list[Columns]:
        number = self.logs.number
        return [
            (number(*key), number(log, seq), self.people[author], check, hlc, int(is_owner))
            for key, row in rows
            for author, check, hlc, log, seq, is_owner in row.items
        ]

    def fill(self, row: Retractions, found: Sequence[Columns]) -> None:
        row.items = sorted(
            Retraction(self.people.id(author), check, hlc, *self.logs.at(by), bool(is_owner))
            for by, author, check, hlc, is_owner in found
        )


SHAPES: dict[str, tuple[type[Shape], ...]] = {
    "tie": (TieShape,),
    "link": (LinkShape,),
    "help": (HelpShape, ThanksShape),
    "referral": (ReferralShape,),
    "card": (CardShape,),
    "rule": (RuleShape,),
    "merge": (MergeShape,),
    "void": (VoidShape,),
    "retraction": (RetractionShape,),
}
"""The tables in which each kind of row stands, the one that has it for certain first."""

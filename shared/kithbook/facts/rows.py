"""The rows of the resolved facts: what all events together say, whoever reads it and whenever.

Rows are keyed by raw people, before merges, and by `author`, the person whose log said so. Each is
the fold of the events that count, in any order: `add` takes one in, and where a row can also let
one go, `drop` does. A row that is `empty` again is no row.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from kithbook.events import HELP_KINDS, SIZES
from kithbook.when import DAY_US


class Order(NamedTuple):
    """Where an event stands in the history of what was true: `at` first, then who wrote last."""

    at: int
    hlc: int
    log: bytes
    seq: int


class Moment(NamedTuple):
    """When something happened, as it was said; a bare date has no zone and sorts first."""

    at: int
    has_zone: bool
    zone: int

    @classmethod
    def of(cls, at: int, zone: int | None) -> "Moment":
        return cls(at, False, 0) if zone is None else cls(at, True, zone)


class Row(msgspec.Struct, array_like=True):
    """What every row can say of itself."""

    @property
    def empty(self) -> bool:
        raise NotImplementedError

    @property
    def value(self) -> Any:
        """What the digest is over: equal facts give equal values, in one order."""
        return self


EVIDENCE = ("helped", "thanked", "referred", "met")
"""Kinds of evidence for trust, in the order of `weights`."""
HELPED, THANKED, REFERRED, MET = range(len(EVIDENCE))
_FIRST: dict[str, int] = {kind: place * len(SIZES) for place, kind in enumerate(HELP_KINDS)}


class Tie(Row, gc=False):
    """Contact between two people: `met`, `helped` or `thanked` in which both take part.

    Keyed (author, a, b) with a < b.
    """

    count: int = 0
    first: Moment | None = None
    last: Moment | None = None

    def add(self, moment: Moment) -> None:
        self.count += 1
        if self.first is None or moment < self.first:
            self.first = moment
        if self.last is None or moment > self.last:
            self.last = moment

    @property
    def empty(self) -> bool:
        return self.count == 0


class Statement(NamedTuple):
    """The newest `trusted`: its level in tenths, or None where it withdraws what was stated."""

    order: Order
    tenths: int | None


class Link(Row):
    """What `a` has of `b`: helps and thanks received, trust stated, evidence for it.

    Keyed (author, a, b). `helps` counts by kind, then size. `days` holds, per evidence kind and
    UTC day (day × 4 + kind), the newest entry; `since` counts by kind those later than the stated
    level, or all of them where none is in force.
    """

    helps: list[int] = msgspec.field(default_factory=lambda: [0] * 9)
    thanks: int = 0
    stated: Statement | None = None
    since: list[int] = msgspec.field(default_factory=lambda: [0] * 4)
    days: dict[int, Order] = msgspec.field(default_factory=dict)
    newest: Order | None = None
    """The newest entry in `days`, so that a later statement need not look at each."""

    def receive(self, kind: str, size: int) -> None:
        """Count a help that `b` gave `a`."""
        self.helps[_FIRST[kind] + size - 1] += 1

    def hear(self) -> None:
        """Count thanks that `b` gave `a`."""
        self.thanks += 1

    def evidence(self, kind: int, order: Order) -> None:
        """Take one entry per kind and UTC day; the newest event of that day tells when it was."""
        day = order.at // DAY_US * 4 + kind
        before = self.days.get(day)
        if before is not None and before >= order:
            return
        self.days[day] = order
        if self.newest is None or order > self.newest:
            self.newest = order
        stated = self.stated
        if stated is None or stated.tenths is None:
            self.since[kind] += before is None
        elif order > stated.order and (before is None or before < stated.order):
            self.since[kind] += 1

    def state(self, statement: Statement) -> None:
        """Take a statement of trust; only the newest is kept."""
        if self.stated is not None and self.stated.order >= statement.order:
            return
        self.stated = statement
        self.since = [0] * 4
        if statement.tenths is not None and (self.newest is None or self.newest < statement.order):
            return
        for day, order in self.days.items():
            self.since[day % 4] += statement.tenths is None or order > statement.order

    @property
    def value(self) -> Any:
        return self.helps, self.thanks, self.stated, sorted(self.days.items())

    @property
    def empty(self) -> bool:
        # A reading may leave `days` out, but never what they sum up to.
        if self.days or self.stated or self.thanks:
            return False
        return not (any(self.since) or any(self.helps))


class Given(NamedTuple):
    """A help as the ledger needs it; the rest is in its event."""

    author: bytes
    by: bytes
    to: bytes
    moment: Moment
    kind: str
    size: int
    check: bytes


class Thanks(NamedTuple):
    """One `thanked` that names a help: which event it is, and whom it says thanked whom."""

    log: bytes
    seq: int
    check: bytes
    by: bytes
    to: bytes


class Help(Row):
    """A help and the thanks that name it, whichever came first. Keyed by the help's (log, seq)."""

    given: Given | None = None
    thanks: list[Thanks] = []

    def closed(self, one: Mapping[bytes, bytes]) -> bool:
        """Whether a thanks between the same two people names it; `one` maps merged ids to one."""
        given = self.given
        if given is None:
            return False
        by, to = one.get(given.by, given.by), one.get(given.to, given.to)
        return any(
            thanks.check == given.check
            and one.get(thanks.by, thanks.by) == to
            and one.get(thanks.to, thanks.to) == by
            for thanks in self.thanks
        )

    def give(self, given: Given | None) -> None:
        self.given = given

    def add_thanks(self, thanks: Thanks) -> None:
        self.thanks = sorted({*self.thanks, thanks})

    def drop_thanks(self, thanks: Thanks) -> None:
        self.thanks = [kept for kept in self.thanks if kept != thanks]

    @property
    def empty(self) -> bool:
        return self.given is None and not self.thanks


class Said(NamedTuple):
    """A referral as the ledger needs it."""

    author: bytes
    by: bytes
    who: bytes
    to: bytes
    moment: Moment


class Referral(Row, gc=False):
    """`by` recommended `who` to `to`. Keyed by its event."""

    said: Said | None = None

    def fill(self, said: Said | None) -> None:
        self.said = said

    @property
    def empty(self) -> bool:
        return self.said is None


class Value(NamedTuple):
    """A value somebody gave a card's field or a rule; None unsets the field."""

    order: Order
    check: bytes
    value: str | None


class Over(NamedTuple):
    """One event (log, seq, check) named in the `over` of another."""

    log: bytes
    seq: int
    check: bytes
    by_log: bytes
    by_seq: int


class Field(Row):
    """All that was said of a card's field (keyed person, field) or a rule (keyed setting)."""

    values: list[Value] = []
    over: list[Over] = []

    def add(self, value: Value, over: tuple[Over, ...] = ()) -> None:
        self.values = sorted({*self.values, value})
        self.over = sorted({*self.over, *over})

    def drop(self, place: tuple[bytes, int]) -> None:
        """Let go what the event at (log, seq) said."""
        log, seq = place
        self.values = [v for v in self.values if (v.order.log, v.order.seq) != (log, seq)]
        self.over = [o for o in self.over if (o.by_log, o.by_seq) != (log, seq)]

    @property
    def empty(self) -> bool:
        return not (self.values or self.over)


def winner(fields: Iterable[Field]) -> Value | None:
    """The value in force among all that was said, or None when it was never set or is unset.

    A value that another event replaced never wins, whatever its clock; among the rest the one
    written last does.
    """
    values, over = [], set()
    for field in fields:
        values += field.values
        over |= {(o.log, o.seq, o.check) for o in field.over}
    rest = [v for v in values if (v.order.log, v.order.seq, v.check) not in over]
    if not rest:
        return None
    best = max(rest, key=lambda value: value.order[1:])
    return best if best.value is not None else None


class Merge(Row, gc=False):
    """Ids that are one human, as the author says. Keyed by its event."""

    people: tuple[bytes, ...] = ()
    author: bytes = b""

    def fill(self, people: tuple[bytes, ...], author: bytes = b"") -> None:
        self.people, self.author = people, author

    @property
    def empty(self) -> bool:
        return not self.people


class Void(Row, gc=False):
    """Why an event does not count, and the event (log, seq) that says so where there is one.

    Keyed by the event. `reason` is one of retracted, hidden, copy, inert, unknown, unreadable,
    erased, missing (the body is gone and nobody erased it). What an owner hid still is its
    writer's word and dealings where trust is at stake.
    """

    reason: str = ""
    by_log: bytes = b""
    by_seq: int = 0

    @property
    def empty(self) -> bool:
        return not self.reason


class Retraction(NamedTuple):
    """A retraction in force: who wrote it and when, and whether as an owner."""

    author: bytes
    check: bytes
    hlc: int
    log: bytes
    seq: int
    is_owner: bool = False

    @property
    def written(self) -> tuple[int, bytes, int]:
        return self.hlc, self.log, self.seq


class Retractions(Row):
    """What retracts an event, whether or not that event has arrived. Keyed by the event."""

    items: list[Retraction] = []

    def add(self, retraction: Retraction) -> None:
        self.items = sorted({*self.items, retraction})

    @property
    def empty(self) -> bool:
        return not self.items

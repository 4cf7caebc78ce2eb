"""An independent reading of DESIGN sections 3, 4 and 6: slow, plain, and all from scratch.

It works from a list of events as they stand in their logs and shares nothing with the projections
but the events themselves. Every answer starts from that list; trust looks at every simple chain.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from kithbook.events import (
    Described,
    DeviceAdded,
    DeviceRevoked,
    Erased,
    Founded,
    Helped,
    Invited,
    Joined,
    Merged,
    Met,
    Referred,
    Removed,
    Retracted,
    RoleGiven,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.ids import Ref

DAY = 86_400_000_000
BOOKKEEPING = (Founded, Invited, Joined, RoleGiven, Removed, DeviceAdded, DeviceRevoked)
NOT_RETRACTED = (Retracted, Erased, *BOOKKEEPING)
KINDS = ("helped", "thanked", "referred", "met")


class Log(NamedTuple):
    """Whose log it is, in what role now and before, and up to which seq it counts."""

    id: bytes
    person: bytes | None
    role: str = "owner"
    until: int | None = None
    earlier: tuple[tuple[int, str | None], ...] = ()

    def role_at(self, seq: int) -> str | None:
        if self.person is None or (self.until is not None and seq > self.until):
            return None
        for upto, role in self.earlier:
            if seq <= upto:
                return role
        return self.role

    @property
    def speaks(self) -> bool:
        """Whether anything that stands or will stand in it counts."""
        if self.person is None or self.until == 0:
            return False
        return self.until is not None or self.role is not None or any(r for _, r in self.earlier)


class Written(NamedTuple):
    """An event as it stands in its log; a text in its place says why it cannot be read."""

    log: bytes
    seq: int
    hlc: int
    check: bytes
    event: object

    @property
    def place(self) -> tuple[bytes, int]:
        return self.log, self.seq

    @property
    def when_written(self) -> tuple[int, bytes, int]:
        return self.hlc, self.log, self.seq

    @property
    def when_true(self) -> tuple[int, int, bytes, int]:
        return self.event.at, self.hlc, self.log, self.seq

    def named_by(self, ref: Ref) -> bool:
        return (ref.log, ref.seq, ref.check) == (self.log, self.seq, self.check)


class Level(NamedTuple):
    """A direct level: the one used, the one stated and by which event, if any."""

    level: float
    stated: float | None
    event: tuple[bytes, int] | None


Levels = dict[tuple[bytes, bytes], Level]


class Rules(NamedTuple):
    transfer: Fraction = Fraction(5, 9)
    cut: float = 0.05
    weights: tuple[float, ...] = (3.0, 2.0, 2.0, 1.0)
    full: float = 12.0
    weak: float = 2.0
    cadence: Mapping[str, float] = MappingProxyType({})


class Contact(NamedTuple):
    first: int | None
    last: int | None
    events: int
    state: str | None


class Account(NamedTuple):
    given: dict[str, int]
    received: dict[str, int]
    thanks_owed: list[tuple[bytes, int]]
    thanks_due: list[tuple[bytes, int]]


class Score(NamedTuple):
    basis: str
    score: float | None
    support: float | None
    warning: float | None


class World:
    """What a list of events says to one reader. `logs` says who speaks in each of their logs.

    With `upto`, what happened later is not in effect, though corrections are; nor is what stands at
    the places in `hidden`.
    """

    def __init__(
        self,
        written: Iterable[Written],
        logs: Iterable[Log],
        me: bytes = b"",
        now: int = 0,
        upto: int = 2**62,
        hidden: Container[tuple[bytes, int]] = (),
    ) -> None:
        self.written = list(written)
        self.logs = {log.id: log for log in logs}
        self.me = me
        self.today = now // DAY
        self.reasons = {w.place: self._reason(w) for w in self.written}
        self.counting = [
            w
            for w in self.written
            if self.reasons[w.place] is None
            and w.place not in hidden
            and (w.event.at <= upto or isinstance(w.event, (Merged, *NOT_RETRACTED)))
        ]
        # What an owner hid is still evidence of its writer's dealings.
        self.telling = [
            w
            for w in self.written
            if w in self.counting
            or (self.reasons[w.place] == "hidden" and w.place not in hidden and w.event.at <= upto)
        ]
        self.members = {log.person for log in self.logs.values() if log.speaks}
        self.merges = self._merges()
        self.rules = self._rules()

    # Which events count, and why not.

    def author(self, w: Written) -> bytes | None:
        return self.logs[w.log].person if w.log in self.logs else None

    def role(self, w: Written) -> str | None:
        return self.logs[w.log].role_at(w.seq) if w.log in self.logs else None

    def stands(self, w: Written) -> bool:
        role = self.role(w)
        if role is None or isinstance(w.event, BOOKKEEPING):
            return role is not None
        return role == "owner" or (role == "member" and not isinstance(w.event, Ruled))

    def _reason(self, w: Written) -> str | None:
        if isinstance(w.event, str):
            return w.event
        if not self.stands(w):
            return "inert"
        if self._retracted(w):
            return "retracted"
        kept = [o for o in (w, *self._copies(w)) if self.stands(o) and not self._retracted(o)]
        seen = [o for o in kept if not self._hidden(o)]
        if w != min(seen or kept, key=lambda o: o.when_written):
            return "copy"
        return "hidden" if self._hidden(w) else None

    def _copies(self, w: Written) -> list[Written]:
        """The other events that are the same fact."""
        if isinstance(w.event, NOT_RETRACTED) or w.event.source is None:
            return []
        return [
            other
            for other in self.written
            if other.place != w.place
            and not isinstance(other.event, (str, *NOT_RETRACTED))
            and other.event.source == w.event.source
            and self.author(other) == self.author(w)
        ]

    def _retracted(self, w: Written) -> bool:
        """Whether its writer took it back."""
        return self._reached(w, [r for r in self.written if self.author(r) == self.author(w)])

    def _hidden(self, w: Written) -> bool:
        """Whether an owner took it back."""
        if isinstance(w.event, Trusted):
            return False
        named = [o for o in (w, *self._copies(w)) if not isinstance(o.event, Trusted)]
        return self._reached(w, [r for r in self.written if self.role(r) == "owner"], named)

    def _reached(
        self, w: Written, retractions: list[Written], copies: list[Written] | None = None
    ) -> bool:
        """Whether one of these retractions names it, or before it was made one of its copies."""
        if isinstance(w.event, NOT_RETRACTED):
            return False
        for r in retractions:
            if not isinstance(r.event, Retracted) or not self.stands(r):
                continue
            if w.named_by(r.event.event):
                return True
            others = self._copies(w) if copies is None else copies
            if (
                any(other.named_by(r.event.event) for other in others)
                and w.when_written < r.when_written
            ):
                return True
        return False

    # Who is who.

    def ids(self, person: bytes) -> set[bytes]:
        """Every id of one human."""
        return joined(person, self.merges)

    def _merges(self) -> list[set[bytes]]:
        """The ids that each merge in force makes one."""
        members = self.members
        said = [
            (self.author(w), set(w.event.people))
            for w in self.counting
            if isinstance(w.event, Merged)
        ]

        def wants(a: bytes, b: bytes) -> bool:
            return any(author == a and {a, b} <= people for author, people in said)

        agreed = [{a, b} for a in members for b in members if wants(a, b) and wants(b, a)]
        found = [
            people
            for author, people in said
            if not people & members
            or (author in people and all(wants(m, author) for m in people & members))
        ]

        def takes_a_voice(people: set[bytes]) -> bool:
            if people <= members or not people & members:
                return False
            voices = joined(min(people), [*found, *agreed]) & members
            return not voices <= joined(min(voices), agreed)

        return [people for people in found if not takes_a_voice(people)]

    def root(self, person: bytes) -> bytes:
        return min(self.ids(person))

    def same(self, a: bytes, b: bytes) -> bool:
        return self.root(a) == self.root(b)

    # Cards and rules.

    def field(self, person: bytes, name: str) -> str | None:
        said = [
            w
            for w in self.counting
            if isinstance(w.event, Described)
            and self.same(w.event.person, person)
            and (name in w.event.set or name in w.event.unset)
        ]
        rest = [
            w
            for w in said
            if not any(w.named_by(ref) for other in said for ref in other.event.over)
        ]
        if not rest:
            return None
        last = max(rest, key=lambda w: w.when_written)
        return None if name in last.event.unset else last.event.set[name]

    def card(self, person: bytes) -> dict[str, str]:
        names = {
            name
            for w in self.counting
            if isinstance(w.event, Described)
            for name in (*w.event.set, *w.event.unset)
        }
        card = {name: self.field(person, name) for name in names}
        return {name: value for name, value in card.items() if value is not None}

    def _rules(self) -> Rules:
        rules, cadence = Rules(), {}
        ruled = [w for w in self.counting if isinstance(w.event, Ruled)]
        for w in sorted(ruled, key=lambda w: w.when_true):
            setting, text = w.event.setting, w.event.value
            try:
                if setting == "transfer":
                    value = Fraction(text)
                    if 0 < value <= 1:
                        rules = rules._replace(transfer=value)
                elif setting == "weights":
                    weights = tuple(float(part) for part in text.replace(",", " ").split())
                    if len(weights) == 4 and min(weights) >= 0:
                        rules = rules._replace(weights=weights)
                elif setting in {"cut", "full", "weak"}:
                    value = float(text)
                    if 0 <= value <= (1000 if setting == "full" else 10) and (
                        value or setting != "full"
                    ):
                        rules = rules._replace(**{setting: value})
                elif setting.startswith("cadence:"):
                    cadence[setting[8:]] = days(text)
            except (ValueError, ZeroDivisionError):
                pass
        return rules._replace(cadence=cadence)

    # Contacts.

    def named(self) -> set[bytes]:
        """Everybody with a name and, of those merged, everybody with a card at all."""
        people = {w.event.person for w in self.counting if isinstance(w.event, Described)}
        named = {person for person in people if self.field(person, "name")}
        merged = {p for p in people if len(self.ids(p)) > 1 and self.card(p)}
        return {self.root(person) for person in named | merged}

    def contacts(self, viewpoint: bytes) -> dict[bytes, Contact]:
        mine = self.ids(viewpoint)
        moments: dict[bytes, list[int]] = {self.root(p): [] for p in self.named()}
        for w in self.counting:
            match w.event:
                case Met():
                    present = {w.event.by, *w.event.people}
                case Helped() | Thanked():
                    present = {w.event.by, w.event.to}
                case _:
                    continue
            for _ in present & mine:
                for other in present - mine:
                    moments.setdefault(self.root(other), []).append(w.event.at)
        return {
            person: Contact(
                min(ats, default=None), max(ats, default=None), len(ats), self._state(person, ats)
            )
            for person, ats in moments.items()
            if person not in mine
        }

    def _state(self, person: bytes, ats: list[int]) -> str | None:
        cadence = self.cadence(person)
        if cadence is None or not ats:
            return None
        late = (self.today - max(ats) // DAY - cadence) / cadence
        if late <= 0:
            return "alive"
        return "due" if late <= 1 else "fading"

    def cadence(self, person: bytes) -> float | None:
        card = self.card(person)
        try:
            return days(card["cadence"])
        except (KeyError, ValueError):
            tags = [name[4:] for name in card if name.startswith("tag:")]
            return min(
                (self.rules.cadence[t] for t in tags if t in self.rules.cadence), default=None
            )

    # Ledger.

    def ledger(self, viewpoint: bytes) -> dict[bytes, Account]:
        mine = self.ids(viewpoint)
        accounts: dict[bytes, Account] = {}
        helps = [w for w in self.counting if isinstance(w.event, Helped)]
        for w in sorted(
            helps, key=lambda w: (w.event.at, w.event.zone is not None, w.event.zone or 0, w.place)
        ):
            by, to = w.event.by, w.event.to
            if (by in mine) == (to in mine):
                continue
            other = self.root(to if by in mine else by)
            nothing = dict.fromkeys(("information", "money", "fun"), 0)
            account = accounts.setdefault(other, Account(dict(nothing), dict(nothing), [], []))
            tally = account.given if by in mine else account.received
            tally[w.event.kind] += 1
            if not self.closed(w):
                waiting = account.thanks_due if by in mine else account.thanks_owed
                waiting.append(w.place)
        return accounts

    def closed(self, help_: Written) -> bool:
        return any(
            isinstance(w.event, Thanked)
            and any(help_.named_by(ref) for ref in w.event.helps)
            and self.same(w.event.by, help_.event.to)
            and self.same(w.event.to, help_.event.by)
            for w in self.counting
        )

    # Trust.

    def word_counts(self, w: Written, by: bytes) -> bool:
        members = {self.root(person) for person in self.members}
        speaker = self.root(by)
        return self.same(self.author(w), speaker if speaker in members else self.me)

    def level(self, a: bytes, b: bytes) -> Level | None:
        if self.same(a, b):
            return None
        word = None
        for w in self.counting:
            if (
                isinstance(w.event, Trusted)
                and self.same(w.event.by, a)
                and self.same(w.event.whom, b)
                and self.word_counts(w, w.event.by)
                and (word is None or w.when_true > word.when_true)
            ):
                word = w
        stated = word is not None and word.event.level is not None
        days_of: dict[str, set[int]] = {kind: set() for kind in KINDS}
        for w in self.telling:
            for kind, of, about in dealings(w.event):
                if (
                    self.same(of, a)
                    and self.same(about, b)
                    and self.word_counts(w, of)
                    and (not stated or w.when_true > word.when_true)
                ):
                    days_of[kind].add(w.event.at // DAY)
        total = 0.0
        for kind, weight in zip(KINDS, self.rules.weights, strict=True):
            total += weight * len(days_of[kind])
        bonus = min(1.0, total / self.rules.full)
        if stated:
            said = word.event.level / 10
            return Level(min(10.0, said + bonus) if said else 0.0, said, word.place)
        return Level(self.rules.weak * bonus, None, None) if bonus else None

    def levels(self) -> Levels:
        people = {self.root(p) for w in self.telling for p in people_of(w.event)}
        found = {(a, b): self.level(a, b) for a in people for b in people}
        return {pair: level for pair, level in found.items() if level is not None}

    def score(self, start: bytes, to: bytes) -> Score:
        start, to = self.root(start), self.root(to)
        if start == to:
            return Score("none", None, None, None)
        return score(self.levels(), start, to, self.rules)

    def scores(self, start: bytes) -> dict[bytes, Score]:
        levels = self.levels()
        people = {person for pair in levels for person in pair} - {self.root(start)}
        return {to: score(levels, self.root(start), to, self.rules) for to in people}


def days(text: str) -> float:
    text = text.strip().lower()
    unit = {"d": 1, "w": 7, "m": 30, "y": 365}.get(text[-1:], 0)
    found = float(text[:-1]) * unit if unit else float(text)
    if not 0 < found < 100_000:
        raise ValueError(text)
    return found


def dealings(event: object) -> Iterator[tuple[str, bytes, bytes]]:
    """(kind, A, B) for whatever in an event is evidence of A's for trust in B."""
    match event:
        case Helped():
            yield "helped", event.to, event.by
        case Thanked():
            yield "thanked", event.to, event.by
        case Referred():
            yield "referred", event.to, event.by
            yield "referred", event.who, event.by
        case Met():
            for person in event.people:
                yield "met", event.by, person


def joined(person: bytes, groups: list[set[bytes]]) -> set[bytes]:
    """Everybody whom these groups make one with a person."""
    found = {person}
    for _ in groups:
        for people in groups:
            if found & people:
                found |= people
    return found


def people_of(event: object) -> list[bytes]:
    named = [getattr(event, name, None) for name in ("by", "to", "who", "whom", "person")]
    return [*(p for p in named if isinstance(p, bytes)), *getattr(event, "people", ())]


# Trust, over every simple chain.


def divisor(rules: Rules) -> float:
    return float(10 / rules.transfer)


def chains(
    levels: Levels, start: bytes, to: bytes, rules: Rules, avoid: bytes | None = None
) -> Iterator[tuple[tuple[bytes, ...], float]]:
    """Every simple chain from `start` to `to`, and its support; `avoid` may not be on it."""
    final = {b for (a, b), level in levels.items() if a == start and level.stated is not None}
    over = divisor(rules)

    def onwards(
        chain: tuple[bytes, ...], support: float
    ) -> Iterator[tuple[tuple[bytes, ...], float]]:
        if chain[-1] == to:
            yield chain, support
            return
        for (a, b), level in levels.items():
            if a != chain[-1] or b in chain or b == avoid:
                continue
            if a == start:
                arrives = level.level
            elif b in final:
                continue
            else:
                arrives = min(support, support * level.level / over)
            if arrives > 0 and arrives >= rules.cut:
                yield from onwards((*chain, b), arrives)

    return onwards((start,), 10.0)


def support(
    levels: Levels, start: bytes, to: bytes, rules: Rules, avoid: bytes | None = None
) -> float | None:
    found = [carried for _, carried in chains(levels, start, to, rules, avoid)]
    return max(found, default=None)


def warning(levels: Levels, start: bytes, to: bytes, rules: Rules) -> float | None:
    weights = []
    for (by, whom), level in levels.items():
        if whom == to and level.stated == 0 and by != start:
            carried = support(levels, start, by, rules, avoid=to)
            if carried is not None:
                weight = min(carried, carried * 10 / divisor(rules))
                if weight >= rules.cut:
                    weights.append(weight)
    return max(weights, default=None)


def score(levels: Levels, start: bytes, to: bytes, rules: Rules) -> Score:
    own = levels.get((start, to))
    if own is not None and own.stated is not None:
        return Score("stated", own.level, own.level, None)
    best = support(levels, start, to, rules)
    against = warning(levels, start, to, rules)
    if best is None:
        return Score("warned" if against is not None else "none", None, None, against)
    result = max(0.0, best - (against or 0.0))
    if against is not None and against >= best:
        return Score("contested", 0.0, best, against)
    lone = own is not None and own.level == best
    return Score("inferred" if lone else "chain", result, best, against)


def exact(levels: Levels, chain: tuple[bytes, ...], rules: Rules) -> Fraction:
    """The support of a chain without any rounding."""
    found = Fraction(10)
    for n, (a, b) in enumerate(pairwise(chain)):
        level = Fraction(levels[a, b].level)
        found = level if n == 0 else found * level * rules.transfer / 10
    return found

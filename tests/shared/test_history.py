"""The history of a score against one that works everything out anew after every event."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kithbook.audit.bounds import Bounds
from kithbook.audit.history import By, History, history
from kithbook.audit.scope import Scope
from kithbook.events import (
    Described,
    Helped,
    Merged,
    Met,
    Referred,
    Retracted,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.ids import NetworkId, Ref
from kithbook.knowledge import Held, Knowledge
from kithbook.membership import Standing
from kithbook.when import AHEAD_US
from tests import oracle, strategies
from tests.oracle import World, Written
from tests.shared.memory import standings_of
from tests.strategies import LOGS, PEOPLE, TODAY, check, histories, private

DATED = (Met, Helped, Thanked, Referred, Trusted, Described, Ruled)
TYPES = (*[Trusted] * 9, Helped, Met, Met, Referred, Thanked, Retracted, Retracted, Merged, Ruled)
FIRST_MS = (TODAY - 3 * AHEAD_US) // 1000
told = histories(TYPES, min_size=4, max_size=16, people=5) | histories(
    TYPES, min_size=6, max_size=16, people=5, whose=private
)
clocks = pytest.mark.parametrize("by", ["at", "recorded", "received"])


class Case(NamedTuple):
    """A history with clocks of wall time, in an order in which it may have arrived."""

    logs: list[oracle.Log]
    written: list[Written]
    received: dict[tuple[bytes, int], int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    logs, written = draw(told)
    # Clocks of days, so that what lies ahead of one may be behind the next.
    written = [w._replace(hlc=FIRST_MS + w.hlc * 40_000_000 << 16) for w in written]
    arrived = [
        w for batch in draw(strategies.arrivals(strategies.History(logs, written))) for w in batch
    ]
    arrived = in_order(arrived)
    first = FIRST_MS + draw(st.integers(0, 2)) * 86_400_000
    received = {w.place: first + n * 10_000_000 for n, w in enumerate(arrived)}
    return Case(logs, arrived, received)


def in_order(arrived: list[Written]) -> list[Written]:
    """Each log from its start."""
    waiting: dict[bytes, list[Written]] = {}
    for w in sorted(arrived, key=lambda w: w.seq):
        waiting.setdefault(w.log, []).append(w)
    return [waiting[w.log].pop(0) for w in arrived]


def fast(case: Case, start: bytes, to: bytes, by: By, now: int) -> History:
    held = [
        Held(w.log, w.seq, w.hlc, case.received[w.place], w.check, w.event)
        for w in case.written
        if not isinstance(w.event, str)
    ]
    knowledge = Knowledge(NetworkId(bytes(16)), held, {}, [])
    standings = standings_of(case.logs)
    scope = Scope(knowledge, lambda _: standings)
    return history(scope, start, to, by, me=PEOPLE[0], now=now)


Row = tuple[tuple[bytes, int], float | None, float | None]


def naive(case: Case, start: bytes, to: bytes, by: By, now: int) -> tuple[list[Row], oracle.Score]:
    """Replays every prefix and works everything out from it."""
    rows: list[Row] = []
    before: oracle.Score = oracle.Score("none", None, None, None)
    worlds = prefixes(case, by, now)
    for n, (place, world) in enumerate(worlds):
        after = world.score(start, to)
        if place is not None and after.score != before.score:
            rows.append((place, before.score, after.score))
        assert n or by != "at" or after.score is None
        before = after
    return rows, before


def prefixes(case: Case, by: By, now: int) -> Iterator[tuple[tuple[bytes, int] | None, World]]:
    """The world after each event took effect, and which event that was."""
    me = PEOPLE[0]
    if by == "at":
        dated = [w for w in case.written if isinstance(w.event, DATED)]
        later = sorted(dated, key=lambda w: w.when_true)
        for n in range(len(later) + 1):
            hidden = {w.place for w in later[n:]}
            if n and later[n - 1].event.at > now + AHEAD_US:
                break
            yield (
                later[n - 1].place if n else None,
                World(case.written, case.logs, me, 0, hidden=hidden),
            )
        return

    def clock(w: Written) -> int:
        return ((w.hlc >> 16) if by == "recorded" else case.received[w.place]) * 1000

    order = sorted(case.written, key=lambda w: w.when_written) if by == "recorded" else case.written
    ahead = {
        w.place: w for w in order if isinstance(w.event, DATED) and w.event.at > clock(w) + AHEAD_US
    }
    moments = [(clock(w), 1, n, w) for n, w in enumerate(order)]
    moments += [(w.event.at - AHEAD_US, 0, order.index(w), w) for w in ahead.values()]
    known: list[Written] = []
    hidden: set[tuple[bytes, int]] = set()
    for when, is_told, _, w in sorted(moments, key=lambda moment: moment[:3]):
        if is_told:
            known.append(w)
            if w.place in ahead:
                hidden.add(w.place)
        elif when > now:
            continue
        else:
            hidden.discard(w.place)
        yield w.place, World(known, case.logs, me, 0, hidden=set(hidden))


pairs = st.sampled_from([(PEOPLE[0], PEOPLE[2]), (PEOPLE[0], PEOPLE[1]), (PEOPLE[1], PEOPLE[3])])


@clocks
@given(case=cases(), pair=pairs, days=st.sampled_from([-500, -3, 0, 0, 0, 5]))
def test_it_is_what_recomputing_everything_after_every_event_gives(
    case: Case, pair: tuple[bytes, bytes], days: int, by: By
) -> None:
    now = TODAY + days * AHEAD_US if by == "at" else TODAY + 30 * AHEAD_US
    rows, last = naive(case, *pair, by, now)
    found = fast(case, *pair, by, now)
    assert [
        ((c.logged.log, c.logged.seq), c.before.score, c.after.score) for c in found.changes
    ] == rows
    assert found.score.score == last.score
    assert found.score.basis == last.basis


class Reckless(Bounds):
    """Leaves nothing out."""

    def pairs(self) -> set[tuple[bytes, bytes]]:
        return {(a, b) for a, levels in self._by.items() for b in levels}

    def could_move(self, *_: object) -> bool:
        return True


@clocks
@given(seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_what_it_leaves_out_of_many_statements_moves_nothing(seed: int, by: By) -> None:
    """Among more people than all chains could be tried for, against working out every event."""
    random = Random(seed)
    people = [bytes([n]) * 16 for n in range(1, 31)]
    held = []
    for seq in range(1, 201):
        a, b = random.sample(people[: 5 + seq // 8], 2)
        level = random.choice([None, 0, 0, 10, 20, 50, 80, 90, 100])
        at = TODAY - random.randrange(50) * AHEAD_US
        event = Trusted(at=at, by=a, whom=b, level=level)
        if random.random() < 0.1 and held:
            known = random.choice(held)
            event = Retracted(at=at, event=Ref(known.log, known.seq, known.check))
        elif random.random() < 0.02:
            event = Merged(at=at, people=(a, b))
        elif random.random() < 0.02:
            event = Ruled(at=at, setting="transfer", value=random.choice(["1/2", "5/9", "1"]))
        log = LOGS[0]
        held.append(Held(log, seq, seq << 16, TODAY // 1000 + seq, check(log, seq), event))
    knowledge = Knowledge(NetworkId(bytes(16)), held, {}, [])
    standings = {LOGS[0]: Standing(people[0], "owner")}
    start, to = random.sample(people, 2)

    def told() -> list[tuple[int, float | None, float | None]]:
        scope = Scope(knowledge, lambda _: standings)
        found = history(scope, start, to, by, me=people[0], now=TODAY)
        return [(c.logged.seq, c.before.score, c.after.score) for c in found.changes]

    careful = told()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kithbook.audit.history.Bounds", Reckless)
        assert careful == told()

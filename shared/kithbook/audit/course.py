"""The course of a score: worked out anew after each event that may have moved it."""

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

from kithbook.audit.bounds import Bounds
from kithbook.audit.graph import Graph
from kithbook.audit.replay import Replay
from kithbook.audit.scope import Scope
from kithbook.events import Merged, Ruled
from kithbook.facts.effects import Entry
from kithbook.facts.fold import DATED, is_in_effect
from kithbook.facts.tables import PairKey, Place
from kithbook.knowledge import Held
from kithbook.membership import UNKNOWN, Act
from kithbook.readings.trust.score import Score
from kithbook.when import AHEAD_US

Move = tuple[Held, Score, Score]


class Course:
    """Of the score of `to` from `start`, as `me` reads it; `moves` are (event, before, after)."""

    def __init__(self, scope: Scope, bounds: Bounds, start: bytes, to: bytes, me: bytes) -> None:
        self.scope = scope
        self.bounds = bounds
        self.start = start
        self.to = to
        self.me = me
        self.moves: list[Move] = []
        self.score = Score(start, to, "none")
        self.standings = scope.stand(())
        self._known: list[Held] = []
        self._taken: list[Held] = []
        self._acts: list[Act] = []
        self._replay = Replay(self.standings)
        self._graph = self._new_graph()

    def learn(self, events: Sequence[Held]) -> None:
        """Know all of these before any is taken; those without a date are in effect at once."""
        self._known = list(events)
        self._taken = [held for held in events if not isinstance(held.event, DATED)]
        self.standings = self.scope.stand(self.scope.knowledge.acts.values())
        self._start_over()
        self.score = self._graph.score(self.start, self.to)

    def take(self, held: Held) -> None:
        """Let a known event be in effect."""
        self._taken.append(held)
        links = self._replay.take(self._entry(held))
        self._settle(held, links, is_deep=isinstance(held.event, (Merged, Ruled)))

    def hear(self, events: Iterable[Held], clock: Callable[[Held], int], upto: int) -> None:
        """Know and take events as they came; what was ahead of its time then, when that comes, and
        what happened after `upto` not at all.
        """
        ahead: list[tuple[int, int, Held]] = []
        for number, held in enumerate(events):
            self._take_due(ahead, clock(held))
            is_ahead = not is_in_effect(held.event, clock(held) + AHEAD_US)
            is_past = is_in_effect(held.event, upto)
            if is_ahead and is_past:
                heappush(ahead, (held.event.at - AHEAD_US, number, held))
            self._hear(held, is_ahead=is_ahead or not is_past)
        self._take_due(ahead, upto)

    def void(self, place: Place) -> str | None:
        """Why an event does not count in the end, if so."""
        row = self._replay.rows.void.get(place)
        return row.reason or None if row else None

    def _take_due(self, ahead: list[tuple[int, int, Held]], now: int) -> None:
        while ahead and ahead[0][0] <= now:
            self.take(heappop(ahead)[2])

    def _hear(self, held: Held, *, is_ahead: bool) -> None:
        graph = self._graph
        act = self.scope.knowledge.acts.get(held.place)
        if act is not None:
            self._acts.append(act)
            self._stand(self._acts)
        entry = self._entry(held)
        self._known.append(held)
        corrected = self._replay.know([entry])
        links = set(corrected or ())
        if not is_ahead:
            self._taken.append(held)
            links.update(self._replay.take(entry))
        is_deep = corrected is not None or isinstance(held.event, (Merged, Ruled))
        self._settle(held, links, is_deep=is_deep, is_new=self._graph is not graph)

    def _settle(
        self, held: Held, links: Iterable[PairKey], *, is_deep: bool, is_new: bool = False
    ) -> None:
        """Bring the levels and, where that may move it, the score in line with the rows."""
        graph, before = self._graph, self.score
        changes = [graph.update(key) for key in links]
        may_move = is_new
        if is_deep and graph.is_outdated():
            graph = self._graph = self._new_graph()
            may_move = True
        elif not may_move:
            may_move = any(
                was != level and self.bounds.could_move(pair, was, level, before)
                for pair, was, level in changes
            )
        if may_move:
            self.score = graph.score(self.start, self.to)
            if self.score.score != before.score:
                self.moves.append((held, before, self.score))

    def _stand(self, acts: Iterable[Act]) -> None:
        """Decide anew who speaks in which log; what was taken before counts accordingly."""
        standings = self.scope.stand(acts)
        if standings != self.standings:
            self.standings = standings
            self._start_over()

    def _start_over(self) -> None:
        self._replay = Replay(self.standings)
        self._replay.know([self._entry(held) for held in self._known])
        for held in self._taken:
            self._replay.take(self._entry(held))
        self._graph = self._new_graph()

    def _new_graph(self) -> Graph:
        return Graph(self._replay.rows, self.scope, self.standings, self.me)

    def _entry(self, held: Held) -> Entry:
        return held.entry(self.standings.get(held.log, UNKNOWN).person or b"")

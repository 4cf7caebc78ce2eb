"""A kept viewpoint: one person's scores of everybody, while links change one by one.

No command and no server keeps one yet.
"""

from collections.abc import Iterable, Iterator, Mapping

from kithbook.readings.rules import Rules
from kithbook.readings.trust.levels import Kept, Level, graph
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search
from kithbook.readings.trust.tree import Tree


class Viewpoint:
    """Scores from `start` over direct levels that `put` changes; the bits that a `Search` gives.

    The levels are those of `levels.levels`: of two different people, merged ones as one, and only
    where the word counts. Another set of rules and another merge need another viewpoint. A link of
    somebody who is not reached costs nothing, one of `start` a search of everybody, and any other
    what it moves.

        kept = Viewpoint(me, levels(...), rules)
        moved = kept.put(bob, carol, Level(7.0, 7.0, order))
        if dave in moved: kept.score(dave)
    """

    def __init__(
        self, start: bytes, levels: Mapping[tuple[bytes, bytes], Level], rules: Rules
    ) -> None:
        self.start = start
        self.rules = rules
        self._by = Kept(graph(levels))
        self._of = Kept(graph({(b, a): level for (a, b), level in levels.items()}))
        self._search_all()

    def put(self, by: bytes, whom: bytes, level: Level | None) -> set[bytes]:
        """Give `by` this level about `whom`, or none; whose score may be another than before.

        Whoever is not in the answer has the same score by the same chain and the same warning.
        """
        if self._by.level(by, whom) == level:
            return set()
        self._by.put(by, whom, level)
        self._of.put(whom, by, level)
        if by == self.start:
            before = self._everybody()
            self._search_all()
            return before | self._everybody()
        tree = self._tree
        if by not in tree.reached or whom in tree.final:
            return set()
        moved = tree.settle(whom)
        has = tree.reached.get(whom)
        moved = tree.behind({*moved, whom} if has and has.voucher == by else moved)
        moved |= {whom} | self._warned_by(moved)
        self._note_detours(moved)
        return moved | self._detours

    def score(self, to: bytes) -> Score:
        """The score of one person as it is now."""
        return self._search.among(to, self._tree.reached)

    def scores(self) -> Iterator[Score]:
        """The score of everybody whom trust or a warning reaches, in no order."""
        found = map(self.score, self._everybody())
        return (score for score in found if score.basis != "none")

    def _search_all(self) -> None:
        around = self._by, self._of, self.rules
        self._search = Search(self.start, *around)
        self._tree = Tree(self.start, *around)
        # Who is themselves on the chain to their strongest warner. The next strongest, or another
        # way to that one, may be any, so their scores may change with every link.
        self._detours: set[bytes] = set()
        self._note_detours(self._warned_by(self._tree.reached))

    def _note_detours(self, people: Iterable[bytes]) -> None:
        for person in people:
            if self._search.needs_detour(person, self._tree.reached):
                self._detours.add(person)
            else:
                self._detours.discard(person)

    def _everybody(self) -> set[bytes]:
        """Whom trust or a warning reaches, or a statement of `start`."""
        reached = self._tree.reached
        return (self._tree.final | reached.keys() | self._warned_by(reached)) - {self.start}

    def _warned_by(self, people: Iterable[bytes]) -> set[bytes]:
        """Those of whom these people warn and whom `start` has stated nothing about."""
        found = {whom for person in people for whom in self._search.warned_by(person)}
        return found - self._tree.final

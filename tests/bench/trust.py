"""Trust against networkx, both with a graph that is loaded and with the same cut."""

from collections.abc import Iterator
from itertools import cycle, islice
from random import Random

import msgspec
import networkx as nx

from kithbook.readings.rules import DEFAULT
from kithbook.readings.trust.chains import reach
from kithbook.readings.trust.levels import Level
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search
from kithbook.readings.trust.viewpoint import Viewpoint
from tests.bench import graphs
from tests.bench.graphs import Graph
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, duration
from tests.bench.timing import Race, race, timed

CUT = 0.5
RULES = msgspec.structs.replace(DEFAULT, cut=CUT)
SIZES = ((5_900, 32_000), (10_000, 97_000), (100_000, 975_000))
TOP = 50
Change = tuple[Viewpoint, bytes, bytes, Level]
AHEAD, FAR_AHEAD = Goal(1.0), Goal(1.0, 10.0)


def figures(options: Options) -> Iterator[Figure]:
    for people, links in ((300, 2_000),) if options.quick else SIZES:
        yield from _graph(graphs.made_up(people, links), options)
    if options.otc:
        yield from _graph(graphs.from_history(options.otc), options)


def _graph(graph: Graph, options: Options) -> Iterator[Figure]:
    trial = Trial(graph, viewpoints=2 if options.quick else 8)
    for what, ours, theirs, goal in (
        ("whole viewpoint", trial.whole, trial.nx_whole, AHEAD),
        (f"{TOP} strongest", trial.top, trial.nx_whole, FAR_AHEAD),
        ("one pair", trial.pair, trial.nx_pair, FAR_AHEAD),
        ("one link changed, whole viewpoint", trial.changed, trial.nx_whole, FAR_AHEAD),
    ):
        rounds = options.rounds(2) * len(trial.viewpoints)
        result = race(timed(ours), timed(theirs), rounds)
        yield _figure(f"trust, {graph.name}: {what}, ÷ networkx", result, goal)


def _figure(what: str, result: Race, goal: Goal) -> Figure:
    return Figure(what, duration(result.ours), 1 / result.ratio, goal)


class Trial:
    """The same questions to both, from one viewpoint after the other."""

    def __init__(self, graph: Graph, viewpoints: int) -> None:
        self.graph = graph
        self.viewpoints = graph.viewpoints(2 * viewpoints)[::2]
        targets = graph.viewpoints(2 * viewpoints)[1::2]
        self.ours = cycle(zip(self.viewpoints, targets, strict=True))
        self.theirs = cycle(zip(self.viewpoints, targets, strict=True))
        self.changes = self._changes()

    def whole(self) -> list[Score]:
        start, _ = next(self.ours)
        return list(self._search(start).all())

    def top(self) -> list[object]:
        start, _ = next(self.ours)
        return list(islice(reach(start, self.graph.neighbours, RULES), TOP))

    def pair(self) -> Score:
        start, to = next(self.ours)
        return self._search(start).one(to)

    def changed(self) -> list[Score]:
        """Somebody whom trust reaches changes one level; whoever that moves is scored again."""
        kept, by, whom, level = next(self.changes)
        moved = kept.put(by, whom, level)
        return [kept.score(person) for person in moved]

    def _search(self, start: bytes) -> Search:
        return Search(start, self.graph.neighbours, self.graph.vouchers, RULES)

    def _changes(self) -> Iterator[Change]:
        """One link of each viewpoint in turn, to another level and in the next round back."""
        random, by = Random(5), self.graph.by
        levels = {(one, other): level for one in by for other, level in by[one].items()}
        links = []
        for start in self.viewpoints:
            reached = [step.person for step in reach(start, self.graph.neighbours, RULES)]
            one = random.choice([person for person in reached if person in by])
            links.append((Viewpoint(start, levels, RULES), one, random.choice(list(by[one]))))
        for is_back in cycle((False, True)):
            for kept, one, other in links:
                level = by[one][other]
                away = Level(5.0, 5.0, None) if level.level != 5.0 else Level(10.0, 10.0, None)
                yield kept, one, other, level if is_back else away

    def nx_whole(self) -> object:
        start, _ = next(self.theirs)
        cutoff = graphs.cutoff(CUT)
        return nx.single_source_dijkstra(self.graph.rival, start, cutoff=cutoff)

    def nx_pair(self) -> object:
        start, to = next(self.theirs)
        try:
            return nx.bidirectional_dijkstra(self.graph.rival, start, to)
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            return None

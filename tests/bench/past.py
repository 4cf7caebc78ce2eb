"""The past: readings as of a time against the same now, and the history of a score against working
the score out after every event.
"""

from collections.abc import Iterator
from random import Random
from statistics import mean
from time import process_time

from kithbook.audit.graph import Graph
from kithbook.audit.history import history
from kithbook.audit.replay import Replay
from kithbook.audit.scope import Scope
from kithbook.audit.supposing import Supposition, suppose
from kithbook.collecting import uncollected
from kithbook.events import Trusted
from kithbook.ids import NetworkId, person_id
from kithbook.knowledge import Held, Knowledge
from kithbook.membership import Standing
from kithbook.readings.trust.search import Search
from tests.bench.commands import kith
from tests.bench.graphs import made_up, read
from tests.bench.homes import full_home
from tests.bench.options import Options
from tests.bench.table import Figure, Goal, duration
from tests.bench.timing import race

PAST = Goal(2, most=True)
FASTER = Goal(50, 200)
READINGS = (("contacts",), ("ledger",), ("trust",), ("trust", "Carol"), ("show", "Bob"), ("next",))
TIMES = ("2021-06-01", "2026-03-01")
NETWORK, LOG = NetworkId(bytes(16)), bytes([1]) * 16
ME = person_id(NETWORK, "me")
STATEMENTS = 35_592
PAIRS = 8
LAST = 2**50
"""Later than everything that is told."""


def figures(options: Options) -> Iterator[Figure]:
    yield from _readings(options)
    told = made_up_history(1_000 if options.quick else STATEMENTS)
    yield from _histories("made up", told, options)
    if options.otc:
        yield from _histories("real", real_history(options), options)


def _readings(options: Options) -> Iterator[Figure]:
    with options.folder() as folder:
        with full_home(folder, options.events, options.people):
            pass
        first = kith(folder, (*READINGS[0], "--as-of", TIMES[0]))()
        yield Figure("kith contacts --as-of, the first time in a home", duration(first))
        for words in READINGS[:: 4 if options.quick else 1]:
            for time in TIMES[:: 2 if options.quick else 1]:
                then = kith(folder, (*words, "--as-of", time))
                result = race(then, kith(folder, words), options.rounds(5))
                what = f"kith {' '.join(words)} --as-of {time}, ÷ the same now"
                yield Figure(what, duration(result.ours), result.ratio, PAST)


def made_up_history(count: int) -> Knowledge:
    """Statements of a long tail of people, in an order that is the same on every run."""
    graph = made_up(max(100, count // 6), count)
    stated = [(a, b, level.level) for a, found in graph.by.items() for b, level in found.items()]
    Random(5).shuffle(stated)
    return _told([(a, b, round(level * 10)) for a, b, level in stated])


def real_history(options: Options) -> Knowledge:
    assert options.otc
    lines = [line for line in read(options.otc) if line.level is not None]
    people = {name: person_id(NETWORK, name) for line in lines for name in (line.by, line.whom)}
    return _told(
        [(people[line.by], people[line.whom], round(10 * (line.level or 0))) for line in lines]
    )


def _told(stated: list[tuple[bytes, bytes, int]]) -> Knowledge:
    events = [
        Held(LOG, seq, seq << 16, seq, bytes(8), Trusted(at=seq, by=by, whom=whom, level=level))
        for seq, (by, whom, level) in enumerate(stated, 1)
    ]
    return Knowledge(NETWORK, events, {}, [])


def _stand(_: object) -> dict[bytes, Standing]:
    return {LOG: Standing(ME, "owner")}


def _histories(name: str, told: Knowledge, options: Options) -> Iterator[Figure]:
    final = _graph(told)
    pairs = list(_reached_by_chains(final, told, 2 if options.quick else PAIRS))
    with uncollected():  # as kith and kithd have it
        ours = mean(_timed_history(told, *pair) for pair in pairs)
        pair_wise, whole = (mean(times) for times in zip(*_naive(told, pairs), strict=True))
    count = len(told.events)
    what = f"history of one score, {name}, {count:,} statements: times as fast as"
    yield Figure(f"{what} the pair at each", duration(ours), count * pair_wise / ours, FASTER)
    yield Figure(f"{what} all at each", duration(ours), count * whole / ours, FASTER)
    start = process_time()
    known, stand = suppose(told, _stand, Supposition(drop=frozenset([(LOG, 1)])), ME)
    history(Scope(known, stand), *pairs[0], "at", me=ME, now=LAST)
    taken = process_time() - start
    yield Figure(f"the same with one event dropped, {name}", duration(taken))


def _timed_history(told: Knowledge, start: bytes, to: bytes) -> float:
    begun = process_time()
    history(Scope(told, _stand), start, to, "at", me=ME, now=LAST)
    return process_time() - begun


def _graph(told: Knowledge) -> Graph:
    replay = Replay(_stand(()))
    for held in told.events:
        entry = held.entry(ME)
        replay.know([entry])
        replay.take(entry)
    return Graph(replay.rows, Scope(told, _stand), _stand(()), ME)


def _reached_by_chains(graph: Graph, told: Knowledge, count: int) -> Iterator[tuple[bytes, bytes]]:
    people = sorted({h.event.by for h in told.events if isinstance(h.event, Trusted)})
    random = Random(3)
    while count:
        start, to = random.sample(people, 2)
        if graph.score(start, to).basis == "chain":
            count -= 1
            yield start, to


def _naive(told: Knowledge, pairs: list[tuple[bytes, bytes]]) -> Iterator[tuple[float, float]]:
    """Seconds for one pair and for everybody's score from its start, after one event in a hundred;
    the rows are kept up meanwhile, which is not counted.
    """
    replay = Replay(_stand(()))
    graph = Graph(replay.rows, Scope(told, _stand), _stand(()), ME)
    for number, held in enumerate(told.events):
        entry = held.entry(ME)
        replay.know([entry])
        for key in replay.take(entry):
            graph.update(key)
        if number % 100 == 0:
            start, to = pairs[number // 100 % len(pairs)]
            begun = process_time()
            graph.score(start, to)
            between = process_time()
            list(Search(start, graph.neighbours, graph.vouchers, graph.rules).all())
            yield between - begun, process_time() - between

"""The history of a score on real homes: what each row says is what was read at that time."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kithbook.audit.answering import changes_answer
from kithbook.audit.history import By, History
from kithbook.events import Merged, Retracted, Trusted
from kithbook.readings.moment import NOW, Moment
from kithbook.when import format_at, format_ms
from kithbook_client.book import score_history
from kithbook_client.founding import create_home
from kithbook_client.replica import Replica
from tests.client.core.test_past import NAMES, step, steps
from tests.client.core.world import AT, DAY_US, Clock, another, give, ref, who


def moved(
    replica: Replica,
    clock: Clock,
    to: bytes,
    start: bytes | None = None,
    by: By = "at",
    moment: Moment = NOW,
) -> History:
    return score_history([replica], to, start, by, now_ms=clock.ms, moment=moment)


def final(history: History, when: Any, upto: int) -> float | None:
    """Where the rows up to a time lead."""
    score = None
    for change in history.changes:
        assert change.before.score == score or when(change) > upto
        if when(change) <= upto:
            score = change.after.score
    return score


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=steps, joins=st.integers(0, 6))
def test_the_rows_lead_at_every_time_to_what_is_read_at_that_moment(
    tmp_path_factory: Any, steps: list[tuple[int, int, int, int, int]], joins: int
) -> None:
    folder, clock = tmp_path_factory.mktemp("homes"), Clock()
    desk = create_home(folder / "desk", "Ada", "desk", clock).replica()
    laptop = another(folder / "laptop", desk, clock)
    give(desk, laptop)
    homes, times = [desk.home, laptop.home], []
    for n, what in enumerate(steps):
        clock.ms += 3_600_000
        if n == joins:
            bobs = another(folder / "bobs", desk, clock, "member", person=who(desk, "Bob"))
            give(desk, bobs)
            bobs.append([Trusted(at=AT, by=bobs.me, whom=who(desk, "Carol"), level=70)])
            give(bobs, desk)
            homes.append(bobs.home)
        step([desk, laptop], *what)
        times.append(clock.ms * 1000)
    for a, b in ((0, 2), (1, 2), (0, 3)):
        start, to = who(desk, NAMES[a]), who(desk, NAMES[b])
        received = moved(desk, clock, to, start, "received")
        for known_at in times:
            score = desk.reader(clock.ms, Moment(known_at=known_at)).score(to, start).score
            assert score == final(received, lambda c: c.logged.received * 1000, known_at)
        true = moved(desk, clock, to, start)
        for as_of in {change.logged.event.at for change in true.changes} | {AT - 150 * DAY_US, AT}:
            score = desk.reader(clock.ms, Moment(as_of=as_of)).score(to, start).score
            assert score == final(true, lambda c: c.logged.event.at, as_of)
        today = desk.reader(clock.ms).score(to, start)
        for by in ("at", "recorded", "received"):
            assert moved(desk, clock, to, start, by).score == today
            for moment in some_moments(times):
                then = desk.reader(clock.ms, moment).score(to, start)
                found = moved(desk, clock, to, start, by, moment)
                assert found.score == then
                assert final(found, lambda _: 0, 0) == then.score
    for home in homes:
        home.close()


def some_moments(times: list[int]) -> list[Moment]:
    known_at, as_of = times[len(times) // 2], AT - 50 * DAY_US
    return [Moment(known_at=known_at), Moment(as_of=as_of), Moment(as_of, known_at)]


def story(replica: Replica, clock: Clock) -> dict[str, Any]:
    """Carol falls, by a late word of Bob's; Dan is merged into her and parted again."""
    me, bob, carol, dan = (who(replica, name) for name in NAMES)
    [first] = replica.append([Trusted(at=AT, zone=0, by=me, whom=bob, level=100)])
    [second] = replica.append([Trusted(at=AT + 1, zone=0, by=bob, whom=carol, level=90)])
    clock.ms += 21 * 86_400_000
    [late] = replica.append([Trusted(at=AT + 2, zone=0, by=bob, whom=carol, level=9)])
    [warning] = replica.append([Trusted(at=AT + 3, zone=0, by=bob, whom=dan, level=0)])
    [merge] = replica.append([Merged(at=AT, people=(carol, dan))])
    [parted] = replica.append([Retracted(at=AT, event=ref(merge))])
    names = ("first", "second", "late", "warning", "merge", "parted")
    return dict(zip(names, (first, second, late, warning, merge, parted), strict=True))


def rows(history: History) -> list[tuple[Any, float | None, float | None]]:
    return [(c.logged.ref, c.before.score, c.after.score) for c in history.changes]


def test_by_what_was_true_a_merge_that_was_undone_never_was(replica: Replica, clock: Clock) -> None:
    told = story(replica, clock)
    found = moved(replica, clock, who(replica, "Carol"))
    assert rows(found) == [(ref(told["second"]), None, 5.0), (ref(told["late"]), 5.0, 0.5)]
    assert [change.late for change in found.changes] == [False, True]


def test_by_what_was_written_or_came_corrections_move_it(replica: Replica, clock: Clock) -> None:
    told = story(replica, clock)
    carol = who(replica, "Carol")
    expected = [
        (ref(told["second"]), None, 5.0),
        (ref(told["late"]), 5.0, 0.5),
        (ref(told["merge"]), 0.5, None),
        (ref(told["parted"]), None, 0.5),
    ]
    for by in ("recorded", "received"):
        assert rows(moved(replica, clock, carol, by=by)) == expected


def test_the_answer_says_who_wrote_each_row_and_when_it_happened_and_came(
    replica: Replica, clock: Clock
) -> None:
    told = story(replica, clock)
    found = moved(replica, clock, who(replica, "Carol"), by="received")
    answer = changes_answer(found, replica.reader(clock.ms).names)
    assert (answer.score, answer.basis) == (0.5, "chain")
    row = answer.changes[1]
    late = told["late"]
    assert row.event == f"{late.log.hex()}:{late.seq}"
    assert (row.type, row.device, row.counts, row.late) == ("trusted", "desk", True, True)
    assert (row.before, row.after, row.basis_before, row.basis) == (5.0, 0.5, "chain", "chain")
    assert row.at == format_at(AT + 2, 0)
    assert row.received == format_ms(clock.ms)
    assert [link.level for link in row.chain_before] == [10, 9]
    assert [link.level for link in row.chain] == [10, 0.9]
    assert answer.changes[2].void == "retracted"

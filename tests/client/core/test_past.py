"""Readings at a past moment, on real homes: by what was known then, and of what had happened."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kithbook.audit.history import history
from kithbook.audit.supposing import Supposition
from kithbook.events import Described, Helped, Merged, Met, Retracted, Thanked, Trusted
from kithbook.readings.listing import Logged
from kithbook.readings.moment import NOW, Moment
from kithbook.when import format_ms
from kithbook_client.cli.main import run
from kithbook_client.founding import create_home
from kithbook_client.replica import Replica
from tests.client.core.world import (
    AT,
    DAY_US,
    Clock,
    another,
    everything,
    give,
    met,
    ref,
    rows,
    who,
    write_raw,
)
from tests.shared.told import told

NAMES = ("Ada", "Bob", "Carol", "Dan")
steps = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(0, 1),
        st.integers(0, 3),
        st.integers(0, 3),
        st.integers(0, 5),
    ),
    min_size=3,
    max_size=14,
)


def read(replica: Replica, moment: Moment | None = None) -> dict[str, Any]:
    return told(replica.reader(replica.home.now_ms(), moment))


def of_whom(logged: list[Logged]) -> list[tuple[bytes, int, bytes | None, str | None]]:
    return [(one.log, one.seq, one.author, one.void) for one in logged]


def step(devices: list[Replica], kind: int, n: int, a: int, b: int, day: int) -> None:
    """Something happens at one of two devices: it writes, or gets what the other one has."""
    replica, other = devices[n], devices[1 - n]
    by, to = (who(replica, NAMES[i]) for i in (a, b))
    at = AT - (5 - day) * 100 * DAY_US
    events: tuple[Callable[[], Any], ...] = (
        lambda: Met(at=at, by=by, people=(to,)),
        lambda: Helped(at=at, zone=60, by=by, to=to, what="this", size=1 + day % 3),
        lambda: Trusted(at=at, by=by, whom=to, level=day * 20),
        lambda: Described(at=at, person=to, set={"name": f"{NAMES[b]} {day}", "cadence": "30d"}),
        lambda: Merged(at=at, people=(by, to)) if by != to else Met(at=at, by=by, people=(to,)),
        lambda: Retracted(at=at, event=replica.events()[day % len(replica.events())].ref),
        lambda: Thanked(at=at, by=by, to=to, helps=helps(replica)),
    )
    if kind == len(events):
        give(other, replica)
    else:
        replica.append([events[kind]()])


def helps(replica: Replica) -> tuple[Any, ...]:
    return tuple(one.ref for one in replica.events() if isinstance(one.event, Helped))[-2:]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=steps)
def test_known_at_a_time_is_what_was_read_at_that_time(
    tmp_path_factory: Any, steps: list[tuple[int, int, int, int, int]]
) -> None:
    folder, clock = tmp_path_factory.mktemp("homes"), Clock()
    desk = create_home(folder / "desk", "Ada", "desk", clock).replica()
    laptop = another(folder / "laptop", desk, clock)
    give(desk, laptop)
    give(laptop, desk)
    seen = []
    for what in steps:
        step([desk, laptop], *what)
        seen.append((clock.ms * 1000, read(desk), of_whom(desk.events())))
        clock.ms += 20 * 86_400_000
    for known_at, then, events in seen:
        moment = Moment(known_at=known_at)
        assert read(desk, moment) == then
        assert of_whom(desk.pasts.at(clock.ms, moment).newest(None, None)) == events
    desk.home.close()
    laptop.home.close()


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=steps, day=st.integers(0, 5))
def test_both_clocks_together_are_what_was_known_then_of_what_had_happened(
    tmp_path_factory: Any, steps: list[tuple[int, int, int, int, int]], day: int
) -> None:
    """Read at that time with `--as-of`, it said the same as it does now with both clocks."""
    folder, clock = tmp_path_factory.mktemp("homes"), Clock()
    desk = create_home(folder / "desk", "Ada", "desk", clock).replica()
    laptop = another(folder / "laptop", desk, clock)
    give(desk, laptop)
    as_of = AT - (5 - day) * 100 * DAY_US
    seen = []
    for what in steps:
        step([desk, laptop], *what)
        seen.append((clock.ms * 1000, read(desk, Moment(as_of=as_of))))
        clock.ms += 1
    for known_at, then in seen:
        assert read(desk, Moment(as_of, known_at)) == then
    desk.home.close()
    laptop.home.close()


def test_a_device_that_joined_later_had_no_say_before(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    before = clock.ms * 1000
    clock.ms += 1000
    bob = who(replica, "Bob")
    replica.append([Trusted(at=AT, by=bob, whom=who(replica, "Carol"), level=90)])
    replica.append([Trusted(at=AT, by=replica.me, whom=bob, level=100)])
    hearsay = clock.ms * 1000
    clock.ms += 1000
    laptop = another(tmp_path / "bobs", replica, clock, "member", person=bob)
    give(replica, laptop)
    give(laptop, replica)
    carol = who(replica, "Carol")

    def score(known_at: int | None) -> float | None:
        return replica.reader(clock.ms, Moment(known_at=known_at)).score(carol).score

    assert (score(before), score(hearsay), score(None)) == (None, 5.0, None)
    assert replica.pasts.at(clock.ms, Moment(known_at=hearsay)).members == {replica.me}


def test_the_events_of_a_moment_are_those_that_had_happened_and_what_corrects_them(
    replica: Replica, clock: Clock
) -> None:
    [first, late] = replica.append([met(replica, "Bob", AT - DAY_US), met(replica, "Bob")])
    [correction] = replica.append([Retracted(at=AT, event=ref(first))])
    past = replica.pasts.at(clock.ms, Moment(as_of=AT - 1))
    opening = replica.events()[0]
    found = past.newest(None, None)
    assert [one.ref for one in found] == [opening.ref, ref(first), ref(correction)]
    assert [one.void for one in found] == [None, "retracted", None]
    assert [one.device for one in found] == ["desk"] * 3
    assert past.newest(who(replica, "Bob"), 1) == [found[1]]
    assert ref(late) not in [one.ref for one in found]


def test_a_body_that_cannot_be_read_is_listed_at_any_moment(replica: Replica, clock: Clock) -> None:
    write_raw(replica, b"\x92\xa6danced\x01" + bytes(16))
    past = replica.pasts.at(clock.ms, Moment(as_of=0))
    assert [one.void for one in past.listed()] == [None, "unknown"]
    assert past.known.unread[-1].seq == len(everything(replica)[0].records)


def test_a_home_that_was_filled_later_says_what_it_did_not_know(
    replica: Replica, tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    replica.append([met(replica, "Bob")])
    then = clock.ms
    clock.ms += 30 * 86_400_000
    laptop = another(tmp_path / "laptop", replica, clock)
    give(replica, laptop)
    late = laptop.history.came_later(then)
    assert (late.events, late.first, late.is_all) == (len(replica.events()) - 1, clock.ms, True)
    assert laptop.history.came_later(clock.ms).events == 0
    assert replica.history.came_later(then).events == 0
    laptop.home.close()

    at = format_ms(then)
    for words in (["contacts"], ["contacts", "--as-of", at]):
        assert run(["--home", str(tmp_path / "laptop"), *words, "--known-at", at]) == 0
        assert "recorded by then came here later" in capsys.readouterr().out
        assert run(["--home", str(tmp_path / "laptop"), *words]) == 0
        assert "later" not in capsys.readouterr().out


def test_a_supposition_answers_and_writes_nothing(replica: Replica, clock: Clock) -> None:
    bob, carol = who(replica, "Bob"), who(replica, "Carol")
    replica.append([Trusted(at=AT, by=replica.me, whom=bob, level=100)])
    [word] = replica.append([Trusted(at=AT, by=bob, whom=carol, level=90)])
    before = (replica.digest(), rows(replica), read(replica))
    dropped = Supposition(drop=frozenset([(word.log, word.seq)]))
    added = Supposition(add=(Trusted(at=AT, by=bob, whom=carol, level=0),))

    def score(supposed: Supposition) -> float | None:
        past = replica.pasts.at(clock.ms, NOW, supposed)
        scope, me = replica.pasts.scope(supposed), replica.me
        found = history(scope, me, carol, "at", me=me, now=clock.ms * 1000).score.score
        assert found == past.reader(me).score(carol).score
        return found

    assert (score(dropped), score(added)) == (None, None)
    assert score(Supposition(silence=frozenset([bob]))) is None
    assert score(Supposition()) == 5
    assert (replica.digest(), rows(replica), read(replica)) == before


def test_what_somebody_thinks_of_you_then_and_now(replica: Replica, clock: Clock) -> None:
    """Also through whom they trust, though their own dealings with you are known."""
    me = replica.me
    bob, carol, dan, eve = (who(replica, name) for name in ("Bob", "Carol", "Dan", "Eve"))
    replica.append([Trusted(at=AT, by=bob, whom=other, level=100) for other in (carol, dan)])
    replica.append(
        [Helped(at=AT - n * DAY_US, by=me, to=bob, what="moved house") for n in range(5)]
    )
    replica.append([Helped(at=AT, by=me, to=eve, what="moved house")])
    replica.append([Trusted(at=AT, by=carol, whom=me, level=90)])
    replica.append([Trusted(at=AT + DAY_US, by=dan, whom=me, level=0)])
    clock.ms = (AT + 2 * DAY_US) // 1000

    def thought(moment: Moment | None = None) -> tuple[Any, ...]:
        score = replica.reader(clock.ms, moment).score(me, bob)
        return score.basis, score.support, [one.to for one in score.chain]

    assert thought() == ("contested", 5.0, [carol, me])
    assert thought(Moment(as_of=AT + 1)) == ("chain", 5.0, [carol, me])

"""Readings as of a time come from the deeds noted beside the home, and are those of a replay."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kithbook.events import Erased, Retracted, Trusted
from kithbook.membership import standing
from kithbook.past import replay
from kithbook.readings.moment import Moment
from kithbook_client import keys
from kithbook_client.deeds import FILE
from kithbook_client.founding import create_home
from kithbook_client.replica import Replica
from tests.client.core.test_past import read, step, steps
from tests.client.core.world import AT, DAY_US, Clock, another, copied, give, met, ref, who
from tests.shared.told import told

BEFORE = Moment(as_of=AT - 1)


def replayed(replica: Replica, moment: Moment) -> dict[str, Any]:
    known, _ = replica.pasts.knowledge()
    stand = partial(standing, replica.network, verify=keys.verify)
    return told(replay(known, moment, 0, stand).reader(replica.me, replica.name))


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(steps=steps, days=st.lists(st.integers(-1, 6), min_size=1, max_size=3))
def test_as_of_a_time_they_say_what_a_replay_says(
    tmp_path_factory: Any, steps: list[tuple[int, int, int, int, int]], days: list[int]
) -> None:
    folder, clock = tmp_path_factory.mktemp("homes"), Clock()
    desk = create_home(folder / "desk", "Ada", "desk", clock).replica()
    laptop = another(folder / "laptop", desk, clock)
    give(desk, laptop)
    for n, what in enumerate(steps):
        step([desk, laptop], *what)
        moment = Moment(as_of=AT - (5 - days[n % len(days)]) * 100 * DAY_US)
        assert read(desk, moment) == replayed(desk, moment)
    desk.home.close()
    laptop.home.close()


def test_an_event_that_comes_late_is_there_as_of_its_time(replica: Replica, clock: Clock) -> None:
    bob = who(replica, "Bob")
    replica.append([met(replica, "Bob", AT - DAY_US)])
    assert [c.events for c in replica.reader(clock.ms, BEFORE).contacts()] == [1]
    [late] = replica.append([Trusted(at=AT - 2, by=replica.me, whom=bob, level=70)])
    assert replica.reader(clock.ms, BEFORE).score(bob).score == 7
    replica.append([Retracted(at=AT, event=ref(late))])
    assert replica.reader(clock.ms, BEFORE).score(bob).basis == "inferred"


@pytest.mark.parametrize("left", [None, b"", b"nothing that a database would say" * 9])
def test_without_their_file_or_with_another_one_nothing_changes(
    replica: Replica, left: bytes | None
) -> None:
    replica.append([met(replica, "Bob", AT - DAY_US), met(replica, "Carol")])
    before = read(replica, BEFORE)
    file = Path(replica.home.folder) / FILE
    assert file.stat().st_mode & 0o077 == 0
    replica.close()
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    assert read(replica, BEFORE) == before


def test_the_other_branch_of_a_log_takes_the_place_of_what_was_noted(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    replica.append([met(replica, "Bob", AT - DAY_US)])
    copy = copied(replica, tmp_path / "copy", clock, is_noticed=False)
    replica.append([met(replica, "Bob", AT - 2 * DAY_US)])
    assert read(replica, BEFORE) == replayed(replica, BEFORE)
    copy.append([met(copy, "Carol", AT - 3 * DAY_US)])
    noted = Path(replica.home.folder) / FILE
    replica.close()
    (Path(copy.home.folder) / FILE).write_bytes(noted.read_bytes())
    assert read(copy, BEFORE) == replayed(copy, BEFORE)
    copy.home.close()


def test_where_the_file_cannot_be_there_it_is_read_all_the_same(replica: Replica) -> None:
    replica.append([met(replica, "Bob", AT - DAY_US)])
    (Path(replica.home.folder) / FILE).mkdir()
    assert read(replica, BEFORE) == replayed(replica, BEFORE)


def test_what_was_erased_is_not_kept_there_either(replica: Replica, clock: Clock) -> None:
    bob = who(replica, "Bob")
    [doomed] = replica.append([Trusted(at=AT - 1, by=replica.me, whom=bob, level=70)])
    replica.append([met(replica, "Bob", AT - DAY_US)])
    assert replica.reader(clock.ms, BEFORE).score(bob).score == 7
    file = Path(replica.home.folder) / FILE
    assert file.exists()
    replica.append([Erased(at=AT, events=(ref(doomed),))])
    assert not file.exists()
    assert replica.reader(clock.ms, BEFORE).score(bob).basis == "inferred"
    assert read(replica, BEFORE) == replayed(replica, BEFORE)

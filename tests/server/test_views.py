"""The server's views while a change of members has them folded anew."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from kithbook.errors import Unavailable
from kithbook.events import Helped, Retracted, Thanked, Trusted
from kithbook.ids import person_id
from kithbook.protocol import SyncRequest
from kithbook_server.log import LogRecorder, Reading
from kithbook_server.sync import SyncService
from kithbook_server.views import Views
from tests.devices import AT, NOW_MS, Log


class Gated:
    """A recorder at which a rebuild waits until `gate` opens, and fails when it is `broken`."""

    def __init__(self, recorder: LogRecorder) -> None:
        self.recorder = recorder
        self.gate = threading.Event()
        self.broken = False

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        if threading.current_thread().name == "kithd-views":
            assert self.gate.wait(30)
            if self.broken:
                raise Unavailable("Away.")
        with self.recorder.reading() as held:
            yield held


class Team:
    """Ada trusts Bob, and Bob trusts Carol, until Ada takes his device out."""

    def __init__(self, service: SyncService, recorder: LogRecorder) -> None:
        self.service = service
        self.gated = Gated(recorder)
        self.views = Views(cast("LogRecorder", self.gated), lambda: NOW_MS)
        self.ada = Log.found("Ada")
        self.network = self.ada.network
        self.bob = self.ada.invite("Bob").join()
        ada, bob, carol = (person_id(self.network, name) for name in ("Ada", "Bob", "Carol"))
        self.me, self.carol = ada, carol
        self.ada.append(Trusted(at=AT - 9, by=ada, whom=bob, level=100))
        self.bob.append(Trusted(at=AT - 8, by=bob, whom=carol, level=90))
        self.push()

    def push(self) -> None:
        pages = [page for log in (self.ada, self.bob) for page in log.pages()]
        assert not self.service.sync(self.network, SyncRequest([], pages)).refused

    def score(self) -> Any:
        with self.views.reader(self.network, self.me) as reader:
            return reader.score(self.carol).score


@pytest.fixture
def team(service: SyncService, recorder: LogRecorder) -> Team:
    return Team(service, recorder)


def test_the_old_view_serves_while_it_is_rebuilt(team: Team) -> None:
    assert team.score() == 5
    team.ada.revoke(team.bob, 1)
    team.push()
    team.views.patience = 0
    for _ in range(3):
        assert team.score() == 5
    team.gated.gate.set()
    team.views.patience = 30
    assert team.score() is None


def test_a_view_that_is_rebuilt_at_once_is_waited_for(team: Team) -> None:
    team.gated.gate.set()
    team.views.patience = 30
    assert team.score() == 5
    team.ada.revoke(team.bob, 1)
    team.push()
    assert team.score() is None
    assert team.views.digest(team.network) == Views(team.gated.recorder, lambda: NOW_MS).digest(
        team.network
    )


def test_a_rebuild_that_broke_off_is_begun_again(team: Team) -> None:
    team.gated.gate.set()
    team.views.patience = 30
    assert team.score() == 5
    team.ada.revoke(team.bob, 1)
    team.push()
    team.gated.broken = True
    with pytest.raises(Unavailable):
        team.score()
    team.gated.broken = False
    assert team.score() is None


def test_a_help_is_open_again_once_the_thanks_for_it_are_taken_back(team: Team) -> None:
    team.gated.gate.set()
    network, ada = team.network, team.ada
    me, bob = team.me, person_id(team.network, "Bob")

    def owed() -> list[tuple[bytes, int]]:
        team.push()
        with team.views.reader(network, me) as reader:
            account = reader.ledger().get(bob)
            owed = [(one.log, one.seq) for one in account.thanks_owed] if account else []
        anew = Views(team.gated.recorder, lambda: NOW_MS).digest(network)  # type: ignore[arg-type]
        assert team.views.digest(network) == anew
        return owed

    ada.append(Helped(at=AT, by=bob, to=me, what="a lead"))
    help_ = ada.ref(ada.seq)
    open_ = [(help_.log, help_.seq)]
    assert owed() == open_
    for _ in range(2):
        ada.append(Thanked(at=AT, by=me, to=bob, helps=(help_,)))
        thanks = ada.ref(ada.seq)
        assert owed() == []
        ada.append(Retracted(at=AT, event=thanks))
        assert owed() == open_
    ada.append(Thanked(at=AT, by=me, to=bob, helps=(help_,)), Retracted(at=AT, event=help_))
    assert owed() == []

"""The same team, whose requests go to one or the other of two servers on one PostgreSQL."""

from contextlib import ExitStack
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from kithbook.ids import NetworkId
from kithbook.protocol import SyncReply, SyncRequest
from kithbook_server.log.postgres.datastore import PooledDatastore
from kithbook_server.log.postgres.recorder import PostgresLogRecorder
from tests.postgres import Postgres
from tests.stateful.place import Process
from tests.stateful.test_team import Team


class TwoHosts:
    """Two server processes on one database, which can be lost or put back."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.databases = ExitStack()
        self.kept = ""
        self._open(self.databases.enter_context(postgres.database()))

    def _open(self, url: str) -> None:
        self.url = url
        self.processes = [
            Process(PostgresLogRecorder.open(PooledDatastore(url, connections=3))) for _ in range(2)
        ]

    def close(self) -> None:
        self._leave()
        self.databases.close()

    def _leave(self) -> None:
        for process in self.processes:
            process.close()

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        self.processes.reverse()
        return self.processes[0].service.sync(network, request)

    def digest(self, network: NetworkId) -> str:
        one, other = (process.views.digest(network) for process in self.processes)
        assert one == other
        return one

    def back_up(self) -> None:
        self._leave()
        self.kept = self.databases.enter_context(self.postgres.copy(self.url))
        self._open(self.url)

    def roll_back(self) -> None:
        """Put the last backup in the place of what is there; without one, lose everything."""
        self._leave()
        again = self.postgres.copy(self.kept) if self.kept else self.postgres.database()
        self._open(self.databases.enter_context(again))

    def empty(self) -> None:
        self._leave()
        self._open(self.databases.enter_context(self.postgres.database()))


class TeamOfTwoServers(Team):
    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        super().__init__()

    def hosting(self) -> TwoHosts:
        return TwoHosts(self.postgres)


def test_everybody_ends_with_the_same_facts_whichever_server_they_ask(postgres: Postgres) -> None:
    run_state_machine_as_test(
        partial(TeamOfTwoServers, postgres),
        settings=settings(
            max_examples=max(2, settings.default.max_examples // 20),
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )

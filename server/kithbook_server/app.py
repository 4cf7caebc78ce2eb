"""The one place where the parts of the server are put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.di import Provide

from kithbook_server.api import doors, health, landing, openapi, views
from kithbook_server.api import metrics as measures
from kithbook_server.api.auth import bearer
from kithbook_server.api.changes import changes
from kithbook_server.api.host import host
from kithbook_server.api.problems import HANDLERS
from kithbook_server.api.rate import each_address, each_device
from kithbook_server.api.requests import with_request_ids
from kithbook_server.api.server import Parts
from kithbook_server.api.sync import sync_round
from kithbook_server.bell import Bell
from kithbook_server.commits import Commits
from kithbook_server.hosting import Hosting
from kithbook_server.intake import Intake
from kithbook_server.keys import verify, verify_again
from kithbook_server.members import Members
from kithbook_server.metrics import Metrics
from kithbook_server.sessions import Sessions
from kithbook_server.settings import Settings
from kithbook_server.stores import open_accounts, open_recorder, wall_clock
from kithbook_server.sync import SyncService
from kithbook_server.views import Views


def create_app(settings: Settings, now_ms: Callable[[], int] = wall_clock) -> Litestar:
    recorder = open_recorder(settings)
    accounts = open_accounts(settings, now_ms)
    commits = Commits(recorder)
    intake = Intake(commits, verify, now_ms, settings.round_events, settings.network_events)
    service = SyncService(recorder, intake)
    hosting = Hosting(
        accounts, Members(recorder, verify_again), intake, verify, now_ms, settings.further_networks
    )
    sessions = Sessions(accounts, hosting, verify, now_ms, settings.session_hours)
    bell, metrics, views_ = Bell(settings.streams), Metrics(), Views(recorder, now_ms)
    recorder.on_news(bell.ring)
    accounts.follow()
    server = Parts(settings, recorder, accounts, hosting, sessions, service, views_, bell, metrics)
    _measure(server)

    @asynccontextmanager
    async def orderly(_: Litestar) -> AsyncIterator[None]:
        """Requests have ended when this goes on: then the writer, then the databases."""
        yield
        commits.close()
        recorder.close()
        accounts.close()

    app = Litestar(
        route_handlers=[
            Router(
                "/v1/networks/{network:str}",
                route_handlers=[host, sync_round, changes, *views.HANDLERS],
                middleware=[bearer(accounts, each_device(settings.device_rate))],
                security=[{"session": []}],
            ),
            Router(
                "/v1",
                route_handlers=[doors.join, doors.open_session, doors.end_session],
                guards=[each_address(settings.rate)],
            ),
            health.live,
            health.ready,
            landing.setup_link,
            landing.device_link,
            landing.invitation,
            *([measures.metrics] if settings.metrics == "on" else []),
        ],
        dependencies={"server": Provide(lambda: server, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        lifespan=[orderly],
        openapi_config=openapi.config(),
        logging_config=None,
        request_max_body_size=settings.request_bytes,
    )
    openapi.describe_messages(app)
    app.state.server = server
    app.asgi_handler = with_request_ids(app.asgi_handler, metrics, settings.body_seconds)
    return app


def _measure(server: Parts) -> None:
    """What is looked at when somebody asks."""
    look, recorder = server.metrics.look, server.recorder
    look("view_lag", "Events that the views of this process have yet to take in", server.views.lag)
    look("sessions", "Sessions that are open", server.accounts.sessions)
    look("streams", "Streams of changes that are open", lambda: server.bell.listeners)
    look("pool_used", "Connections to the log's database in use", lambda: recorder.pool().used)
    look("pool_most", "Connections that there may be", lambda: recorder.pool().most)

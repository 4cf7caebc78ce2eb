"""The one place where the parts of the server are put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.di import Provide

from kithbook_server.api import doors, health, openapi, views
from kithbook_server.api.auth import bearer
from kithbook_server.api.changes import changes
from kithbook_server.api.problems import HANDLERS
from kithbook_server.api.rate import at_most
from kithbook_server.api.requests import with_request_ids
from kithbook_server.api.server import Parts
from kithbook_server.api.sync import sync_round
from kithbook_server.bell import Bell
from kithbook_server.commits import Commits
from kithbook_server.hosting import Hosting
from kithbook_server.intake import Intake
from kithbook_server.keys import verify, verify_again
from kithbook_server.members import Members
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
    service = SyncService(recorder, intake, settings.round_events)
    hosting = Hosting(accounts, Members(recorder, verify_again), intake, verify, now_ms)
    sessions = Sessions(accounts, hosting, verify, now_ms, settings.session_hours)
    bell = Bell(settings.streams)
    recorder.on_news(bell.ring)
    server = Parts(
        settings, recorder, accounts, hosting, sessions, service, Views(recorder, now_ms), bell
    )

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
                route_handlers=[sync_round, changes, *views.HANDLERS],
                middleware=[bearer(accounts)],
                security=[{"session": []}],
            ),
            Router(
                "/v1",
                route_handlers=[doors.join, doors.open_session, doors.end_session],
                guards=[at_most(settings.rate)],
            ),
            health.live,
            health.ready,
        ],
        dependencies={"server": Provide(lambda: server, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        lifespan=[orderly],
        openapi_config=openapi.config(),
        logging_config=None,
        request_max_body_size=settings.request_bytes,
    )
    openapi.describe_messages(app)
    app.state.drain = bell.close
    app.asgi_handler = with_request_ids(app.asgi_handler)
    return app

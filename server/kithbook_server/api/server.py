"""What the handlers share: the parts that `create_app` has put together."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency

from kithbook_server.accounts import Accounts
from kithbook_server.bell import Bell
from kithbook_server.hosting import Hosting
from kithbook_server.log import LogRecorder
from kithbook_server.metrics import Metrics
from kithbook_server.sessions import Sessions
from kithbook_server.settings import Settings
from kithbook_server.sync import SyncService
from kithbook_server.views import Views

T = TypeVar("T")


class Parts(NamedTuple):
    settings: Settings
    recorder: LogRecorder
    accounts: Accounts
    hosting: Hosting
    sessions: Sessions
    service: SyncService
    views: Views
    bell: Bell
    metrics: Metrics

    async def run(self, work: Callable[[], T], *, light: bool = True) -> T:
        """At once where the way to another thread takes longer: no database server is asked."""
        return work() if light and not self.settings.database else await sync_to_thread(work)


Server = NamedDependency[Parts]
"""How a handler asks for them, as its argument `server`."""

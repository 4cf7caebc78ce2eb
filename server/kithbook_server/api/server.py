"""What the handlers share: the parts that `create_app` has put together."""

from typing import NamedTuple

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


Server = NamedDependency[Parts]
"""How a handler asks for them, as its argument `server`."""

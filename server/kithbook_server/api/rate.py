"""How often an address may knock without a session, and a device ask within one.

Closures, because Litestar copies the objects that a router is given; and coroutines, because it
sends a plain function to another thread, which takes longer than all else that a small round does.
"""

import time
from functools import partial

from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from kithbook_server.api.auth import AnyConnection
from kithbook_server.limits import Rate

_rate = partial(Rate, now=time.monotonic)


def each_address(limit: int) -> Guard:
    """For whoever has no session yet."""
    rate = _rate(limit, "This address", "KITHD_RATE")

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        rate.count(connection.client.host if connection.client else "")

    return guard


def each_device(limit: int) -> Guard:
    rate = _rate(limit, "This device", "KITHD_DEVICE_RATE")

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        rate.count(connection.user)

    return guard

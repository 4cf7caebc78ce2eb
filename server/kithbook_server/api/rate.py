"""How often an address may knock without a session, and a device ask within one."""

import time
from functools import partial

from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from kithbook_server.api.auth import AnyConnection
from kithbook_server.limits import Rate

_rate = partial(Rate, now=time.monotonic)


def each_address(limit: int) -> Guard:
    """For whoever has no session yet.

    A closure, because Litestar copies the objects that a router is given; and a coroutine, because
    it sends a plain function to another thread.
    """
    rate = _rate(limit, "This address", "KITHD_RATE")

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        rate.count(connection.client.host if connection.client else "")

    return guard


def each_device(limit: int) -> Rate:
    """For devices; `auth` counts, when it knows which one asks."""
    return _rate(limit, "This device", "KITHD_DEVICE_RATE")

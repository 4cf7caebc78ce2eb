"""How often one address may knock without a session. A window of a minute, kept in memory.

A closure, because Litestar copies the objects that a router is given.
"""

import time

from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from kithbook.errors import Refused
from kithbook_server.api.auth import AnyConnection

WINDOW_SECONDS = 60


def at_most(limit: int) -> Guard:
    """A guard that lets one address through so many times a minute; 0 for any number."""
    window = 0
    counts: dict[str, int] = {}

    def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        nonlocal window
        now = int(time.monotonic()) // WINDOW_SECONDS
        if now != window:
            window = now
            counts.clear()
        address = connection.client.host if connection.client else ""
        count = counts[address] = counts.get(address, 0) + 1
        if limit and count > limit:
            raise Refused(
                f"This address has asked {count:,} times within a minute.",
                "Try again in a minute, or have KITHD_RATE raised.",
                code="too_many_requests",
            )

    return guard

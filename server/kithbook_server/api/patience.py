"""Patience with a body that comes slowly, and an end to it."""

import asyncio
import time
from typing import Any

from litestar.types import Receive

from kithbook_server.limits import TooSlow

SLOWEST = 1_024
"""Bytes a second that a body has to come with, once its first seconds are over."""


def patient(receive: Receive, seconds: int) -> Receive:
    """Receive as long as the body comes; raises TooSlow once it has taken too long."""
    started = time.monotonic()
    size, is_whole = 0, False

    async def receive_in_time() -> Any:
        nonlocal size, is_whole
        if is_whole:  # what comes now is that whoever asked has gone
            return await receive()
        allowed = seconds + size // SLOWEST
        try:
            async with asyncio.timeout(started + allowed - time.monotonic()):
                message: Any = await receive()
        except TimeoutError:
            raise TooSlow(
                f"Of the body of this request only {size:,} bytes have come in {allowed} seconds.",
                "Send it again, in smaller rounds if the line is slow.",
            ) from None
        size += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        return message

    return receive_in_time

"""Around every request: an id, which the answer repeats; a measure; a line in the log when it is
asked for; and patience, as long as its body comes.

What is told has the pattern of the address, never the address itself, and nothing of who asked.
"""

import logging
import secrets
import time
from itertools import count

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from kithbook_server.api.patience import patient
from kithbook_server.metrics import Metrics

_log = logging.getLogger("kithd")


def with_request_ids(app: ASGIApp, metrics: Metrics, body_seconds: int) -> ASGIApp:
    process, numbers = secrets.token_hex(4), count(1)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = f"{process}-{next(numbers):x}"
        scope.setdefault("state", {})["request"] = request_id
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        await app(scope, patient(receive, body_seconds), send_with_id)
        seconds = time.perf_counter() - started
        path = scope.get("path_template", "")
        metrics.answered(path, scope["method"] if path else "", status, seconds)
        if _log.isEnabledFor(logging.INFO):
            told = {
                "request": request_id,
                "method": scope["method"],
                "path": path,
                "status": status,
                "ms": round(seconds * 1000, 1),
            }
            _log.info("answered", extra=told)

    return answer

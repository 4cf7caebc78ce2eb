"""Every request gets an id, which the answer repeats, and one line in the log when it is asked for.

The line has the pattern of the address, never the address itself, and nothing of who asked.
"""

import logging
import secrets
import time
from itertools import count

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("kithd")


def with_request_ids(app: ASGIApp) -> ASGIApp:
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
                ]
            await send(message)

        await app(scope, receive, send_with_id)
        if _log.isEnabledFor(logging.INFO):
            told = {
                "request": request_id,
                "method": scope["method"],
                "path": scope.get("path_template", ""),
                "status": status,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            }
            _log.info("answered", extra=told)

    return answer


class JSONLines(logging.Formatter):
    """One JSON object a line: what happened, in which request, and where it failed."""

    _fields = ("request", "method", "path", "status", "ms")

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {name: value for name in self._fields if (value := record.__dict__.get(name))}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()

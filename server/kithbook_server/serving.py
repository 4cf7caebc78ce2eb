"""Running the server: where it listens, what it says first, and how it ends."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from kithbook.errors import Unavailable
from kithbook_server.api.server import Parts
from kithbook_server.app import create_app
from kithbook_server.connections import prompt
from kithbook_server.links import (
    WITH_A_LINK,
    address_of,
    is_set_up,
    remember_address,
    setup_link,
)
from kithbook_server.logs import write_logs
from kithbook_server.metrics import apart
from kithbook_server.settings import Settings

BACKLOG = 1_024
GRACE_SECONDS = 10


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until a signal. Once it listens, say its address: the first time with a setup link."""
    write_logs(settings.log_level, settings.log_format)
    with _bind(settings.host, settings.port) as listening:
        address = address_of(settings, listening.getsockname()[1])
        app = create_app(settings)
        remember_address(settings, address)
        sentence, greeting = _greeting(settings, address)

        def greet() -> None:
            """The link stays alone on its line; programs need no sentence."""
            if sys.stdout.isatty():
                say(sentence)
            say(greeting)

        config = uvicorn.Config(
            app,
            http=prompt(settings.body_seconds),
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            backlog=BACKLOG,
        )
        server: Parts = app.state.server
        with apart(server.metrics, settings.metrics):
            _Server(config, greet, server.bell.close).run([listening])


def _greeting(settings: Settings, address: str) -> tuple[str, str]:
    """What to do with a link or an address, and that link or address."""
    if is_set_up(settings):
        return "Listening. kith sync reaches this server at:", address
    return f"Listening. {WITH_A_LINK}", setup_link(settings, address)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Unavailable(
            f"kithd cannot listen on {host}:{port}: {error.strerror or error}.",
            "Stop what listens there, or choose another port with --port (0 takes a free one).",
        ) from error
    return listening


class _Server(uvicorn.Server):
    """Speaks when it listens; ends with a plain return where uvicorn raises its signal again."""

    def __init__(
        self, config: uvicorn.Config, say: Callable[[], None], drain: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._say = say
        self._drain = drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Requests that would never end are ended; uvicorn waits for the others."""
        self._drain()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield

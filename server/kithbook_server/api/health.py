"""GET /health: the process lives. GET /health/ready: it can read its databases."""

import msgspec
from litestar import get

from kithbook_server.api.server import Server


class Health(msgspec.Struct, frozen=True):
    status: str


@get("/health", sync_to_thread=False, summary="Whether the server lives")
def live() -> Health:
    return Health("ok")


@get("/health/ready", sync_to_thread=True, summary="Whether the server can read its databases")
def ready(server: Server) -> Health:
    with server.recorder.reading() as held:
        held.networks_of(b"")
    server.accounts.networks_of(b"")
    return Health("ok")

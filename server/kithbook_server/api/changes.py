"""GET /v1/networks/{network}/changes: tells, as server-sent events, that something new arrived.

It says nothing of what arrived: whoever is told syncs. So nothing can be missed here, as long as
one syncs after each connection is made.
"""

from collections.abc import AsyncIterator
from functools import partial

import msgspec
from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream

from kithbook.errors import Refused
from kithbook.facts.digest import vector
from kithbook.ids import NetworkId
from kithbook_server.api.auth import network_in
from kithbook_server.api.server import Parts, Server
from kithbook_server.api.wire import AnyRequest

BEAT_SECONDS = 15.0
"""So often a line goes out where nothing happens: a proxy, or a device, sees that it lives."""
MEDIA = "text/event-stream"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}  # of nginx, which would wait
_BEAT = b":\n\n"


class Change(msgspec.Struct, frozen=True):
    """`heads` is the middle part of the digest: equal where both sides hold the same events."""

    heads: str


class Told(msgspec.Struct, frozen=True):
    """A server-sent event; `event` is `change`, and `data` is a Change in JSON."""

    event: str
    data: str


@get(
    "/changes",
    media_type=MEDIA,
    summary="Tells when something new arrived",
    description="Server-sent events, the first at once; `data` has, in JSON, the `heads` of the"
    " digest. It ends with the session. Sync after each connection, and whenever `heads` differ.",
    responses={200: ResponseSpec(Told, generate_examples=False, media_type=MEDIA)},
)
async def changes(network: FromPath[str], request: AnyRequest, server: Server) -> Stream:
    asked = network_in(network)
    await server.run(partial(server.hosting.admit, asked, request.user))
    told = _told(server, asked, request.user, request.auth)
    # What is refused has to be refused before the answer begins.
    first = await anext(told)
    return Stream(_after(first, told), media_type=MEDIA, headers=HEADERS)


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for line in rest:
        yield line


async def _told(
    server: Parts, network: NetworkId, device: bytes, token: str
) -> AsyncIterator[bytes]:
    may_listen = partial(_may_listen, server, network, device, token)
    with server.bell.listening(network, device) as listener:
        yield await _change(server, network)
        while True:
            rang = await listener.wait(BEAT_SECONDS)
            if server.bell.closed or not await server.run(may_listen):
                return
            yield await _change(server, network) if rang else _BEAT


def _may_listen(server: Parts, network: NetworkId, device: bytes, token: str) -> bool:
    """Whether the session still stands, and the device is still in the network."""
    try:
        server.hosting.admit(network, device)
    except Refused:
        return False
    return server.accounts.key_of(token) == device


async def _change(server: Parts, network: NetworkId) -> bytes:
    heads = await sync_to_thread(_heads, server, network)
    return b"event: change\ndata: " + msgspec.json.encode(Change(heads)) + b"\n\n"


def _heads(server: Parts, network: NetworkId) -> str:
    with server.recorder.reading() as held:
        return vector(found.head for found in held.heads(network))

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

from kithbook.errors import Refused, Unavailable
from kithbook.facts.digest import vector
from kithbook.ids import NetworkId
from kithbook_server.api import problems
from kithbook_server.api.auth import network_in
from kithbook_server.api.server import Parts, Server
from kithbook_server.api.wire import AnyRequest

BEAT_SECONDS = 15.0
"""So often a line goes out where nothing happens: a proxy, or a device, sees that it lives."""
MEDIA = "text/event-stream"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}  # of nginx, which would wait
_BEAT = b":\n\n"
_WRONG = ResponseSpec(
    problems.Problem,
    generate_examples=False,
    media_type=problems.MEDIA,
    description="What went wrong.",
)


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
    responses={
        200: ResponseSpec(
            Told, generate_examples=False, media_type=MEDIA, description="A stream of these."
        ),
        **dict.fromkeys((400, 401, 404), _WRONG),
    },
)
async def changes(network: FromPath[str], request: AnyRequest, server: Server) -> Stream:
    asked = network_in(network)
    await server.run(partial(server.hosting.admit, asked, request.user))
    told = _told(server, asked, request.user, request.auth)
    # What is refused has to be refused before the answer begins.
    first = await anext(told, b"")
    return Stream(_after(first, told), media_type=MEDIA, headers=HEADERS)


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for line in rest:
        yield line


async def _told(
    server: Parts, network: NetworkId, device: bytes, token: str
) -> AsyncIterator[bytes]:
    look = partial(_heads, server, network, device, token)
    with server.bell.listening(network, device) as listener:
        heads = await sync_to_thread(look)
        while heads is not None:
            yield b"event: change\ndata: " + msgspec.json.encode(Change(heads)) + b"\n\n"
            while not await listener.wait(BEAT_SECONDS) and not server.bell.closed:
                if await sync_to_thread(look) is None:
                    return
                yield _BEAT
            heads = None if server.bell.closed else await sync_to_thread(look)


def _heads(server: Parts, network: NetworkId, device: bytes, token: str) -> str | None:
    """What is held, or None when the stream is to end: with the session, with the device's place
    in the network, or while the database is away.
    """
    try:
        server.hosting.admit(network, device)
        if server.accounts.key_of(token) != device:
            return None
        with server.recorder.reading() as held:
            return vector(found.head for found in held.heads(network))
    except (Refused, Unavailable):
        return None

"""POST /v1/networks/{network}/sync: one round.

What takes less time than the way to another thread and back is done at once: small rounds are
most of all, and the commit that they wait for is made elsewhere anyway.
"""

from asyncio import wrap_future
from functools import partial

from litestar import Response, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, RawBody

from kithbook.protocol import SyncReply, SyncRequest
from kithbook_server.api.auth import network_in
from kithbook_server.api.openapi import operation
from kithbook_server.api.server import Parts, Server
from kithbook_server.api.wire import AnyRequest, Message, reply

LIGHT_BYTES = 16_384
LIGHT_HEADS = 200
LIGHT_EVENTS = 200

_requests = Message(SyncRequest)


@post(
    "/sync",
    status_code=200,
    operation_class=operation(SyncRequest, SyncReply),
    summary="One round of sync",
    description="Brings what the device holds and what it believes the server lacks; answers with"
    " what the server durably holds and what the device lacks. Repeating it changes nothing.",
)
async def sync_round(
    network: FromPath[str], request: AnyRequest, body: RawBody, server: Server
) -> Response[bytes]:
    network_id = network_in(network)
    await server.run(partial(server.hosting.admit, network_id, request.user))
    read = partial(_requests.read, request, body, server.settings.request_bytes)
    asked = read() if len(body) <= LIGHT_BYTES else await sync_to_thread(read)
    if asked.pages:
        answer = await wrap_future(server.service.push(network_id, asked, LIGHT_EVENTS))
    else:
        survey = partial(server.service.survey, network_id, asked, LIGHT_EVENTS)
        answer = await server.run(survey, light=len(asked.heads) <= LIGHT_HEADS)
    if isinstance(answer, SyncReply):
        return _answer(request, server, asked, answer)
    return await sync_to_thread(
        lambda: _answer(request, server, asked, server.service.fill(answer))
    )


def _answer(
    request: AnyRequest, server: Parts, asked: SyncRequest, answer: SyncReply
) -> Response[bytes]:
    server.metrics.round(asked.pages, answer)
    return reply(request, answer)

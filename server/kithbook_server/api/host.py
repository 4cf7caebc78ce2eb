"""PUT /v1/networks/{network}: host one more network."""

from litestar import Response, put
from litestar.params import FromPath

from kithbook.protocol import JoinReply
from kithbook_server.api.auth import network_in
from kithbook_server.api.openapi import operation
from kithbook_server.api.server import Server
from kithbook_server.api.wire import AnyRequest, reply


@put(
    "/",
    sync_to_thread=True,
    operation_class=operation(None, JoinReply),
    summary="Host this network too",
    description="For a device that is in a network here already, unless its role is reader; the"
    " server says how many. Repeating it changes nothing.",
)
def host(network: FromPath[str], request: AnyRequest, server: Server) -> Response[bytes]:
    asked = network_in(network)
    server.hosting.host(asked, request.user)
    return reply(request, JoinReply(asked))

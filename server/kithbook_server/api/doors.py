"""The ways in, which need no session: redeem a link, open a session; and the way out."""

from litestar import Response, delete, post
from litestar.params import RawBody

from kithbook.protocol import (
    Challenge,
    JoinReply,
    JoinRequest,
    Session,
    SessionRequest,
)
from kithbook_server.api.auth import bearer_token
from kithbook_server.api.openapi import operation
from kithbook_server.api.server import Server
from kithbook_server.api.wire import AnyRequest, Message, reply
from kithbook_server.origins import origins_of

DOOR_BYTES = 1024 * 1024
"""What somebody without a session may send: the opening of one log is far less."""

_joins = Message(JoinRequest)
_sessions = Message(SessionRequest)


@post(
    "/join",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=DOOR_BYTES,
    operation_class=operation(JoinRequest, JoinReply),
    summary="Redeem a link",
    description="With `secret`, a setup link: the server hosts the network, and the device with"
    " `key` may sync it. Without, a ticket: `pages` begins with the log that it opens. Repeating"
    " it changes nothing.",
)
def join(request: AnyRequest, body: RawBody, server: Server) -> Response[bytes]:
    asked = _joins.read(request, body, DOOR_BYTES)
    server.hosting.join(asked)
    return reply(request, JoinReply(asked.network))


@post(
    "/session",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=DOOR_BYTES,
    operation_class=operation(SessionRequest, Challenge, Session),
    summary="Open a session",
    description="First with `key` alone: the answer is a nonce. Then with the nonce and the"
    " device's signature over it and the server's origin: the answer is a bearer token.",
)
def open_session(request: AnyRequest, body: RawBody, server: Server) -> Response[bytes]:
    asked = _sessions.read(request, body, DOOR_BYTES)
    return reply(request, server.sessions.answer(asked, _origins(request, server)))


@delete(
    "/session",
    sync_to_thread=True,
    security=[{"session": []}],
    summary="End the session that comes with the request",
)
def end_session(request: AnyRequest, server: Server) -> None:
    server.accounts.end_session(bearer_token(request))


def _origins(request: AnyRequest, server: Server) -> tuple[str, ...]:
    """What the device may have called this server."""
    if origin := server.settings.origin:
        return (origin,)
    return origins_of(request.headers.get("host", ""), request.scope["server"])

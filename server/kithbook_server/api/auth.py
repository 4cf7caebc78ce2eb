"""Who asks: the device whose session a bearer token is. `request.user` is its public key."""

from collections.abc import Callable
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.middleware.authentication import (
    AbstractAuthenticationMiddleware,
    AuthenticationResult,
)
from litestar.types import ASGIApp

from kithbook.errors import Refused
from kithbook.ids import NetworkId
from kithbook_server.accounts import Accounts
from kithbook_server.limits import Rate

AnyConnection = ASGIConnection[Any, Any, Any, Any]


def bearer(accounts: Accounts, rate: Rate) -> Callable[[ASGIApp], ASGIApp]:
    """The middleware; a closure, because Litestar copies the objects that a router is given."""
    return lambda app: _Bearer(app, accounts, rate)


class _Bearer(AbstractAuthenticationMiddleware):
    def __init__(self, app: ASGIApp, accounts: Accounts, rate: Rate) -> None:
        super().__init__(app)
        self._accounts = accounts
        self._rate = rate

    async def authenticate_request(self, connection: AnyConnection) -> AuthenticationResult:
        token = bearer_token(connection)
        key = self._accounts.known_key_of(token)
        if key is None:
            key = await sync_to_thread(self._accounts.key_of, token)
        if key is None:
            raise Refused(
                "This session has ended, or never was.",
                "Open one with POST /v1/session.",
                code="no_session",
            )
        self._rate.count(key)
        return AuthenticationResult(user=key, auth=token)


def bearer_token(connection: AnyConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(
            "This address needs a session.",
            "Open one with POST /v1/session, and send its token as Authorization: Bearer.",
            code="no_session",
        )
    return token.strip()


def network_in(path: str) -> NetworkId:
    """The network that an address names; one that cannot exist is as unknown as any other."""
    try:
        return NetworkId(bytes.fromhex(path))
    except ValueError:
        raise Refused(
            f"There is no network {path}.",
            "A network is named by 32 hexadecimal digits.",
            code="unknown_network",
        ) from None

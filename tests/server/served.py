"""The whole server behind Litestar's test client, and devices that talk to it in MessagePack."""

from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpx
import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from kithbook.protocol import (
    Challenge,
    JoinRequest,
    Session,
    SessionRequest,
    SyncReply,
    SyncRequest,
)
from kithbook.replication import Page
from kithbook_server.api.server import Parts
from kithbook_server.app import create_app
from kithbook_server.settings import Settings
from tests.devices import NOW_MS, Key, Log

T = TypeVar("T")
MSGPACK = {"content-type": "application/x-msgpack"}
ORIGIN = "http://testserver.local"


class Served:
    """`now` is the server's clock, in milliseconds."""

    def __init__(self, **settings: Any) -> None:
        self.now = NOW_MS
        self.app: Litestar = create_app(Settings(**{"rate": 0, **settings}), lambda: self.now)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.__exit__(kind, error, trace)

    @property
    def server(self) -> Parts:
        return cast("Parts", self.app.dependencies["server"].dependency())  # type: ignore[union-attr]

    def host(self, log: Log) -> "Device":
        """Have the server host the founder's network; the founder's device, in a session."""
        device = Device(self, log)
        assert device.redeem(self.server.accounts.make_link(1)).status_code == 200
        device.open_session()
        return device

    def member(self, log: Log) -> "Device":
        """A device whose log is here already, in a session."""
        device = Device(self, log)
        device.open_session()
        return device

    def post(
        self, path: str, message: msgspec.Struct, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self.client.post(
            path, content=msgspec.msgpack.encode(message), headers={**MSGPACK, **(headers or {})}
        )


class Device:
    """A device that has a log, and its session once it is open."""

    def __init__(self, served: Served, log: Log) -> None:
        self.served = served
        self.log = log
        self.headers: dict[str, str] = {}

    @property
    def key(self) -> Key:
        return self.log.device

    @property
    def path(self) -> str:
        return f"/v1/networks/{self.log.network.hex()}/sync"

    def redeem(self, secret: str) -> httpx.Response:
        request = JoinRequest(self.log.network, self.key.public, secret.encode())
        return self.served.post("/v1/join", request)

    def join(self, pages: list[Page] | None = None) -> httpx.Response:
        """Use the ticket that the log was opened with."""
        opening = self.log.pages() if pages is None else pages
        return self.served.post(
            "/v1/join", JoinRequest(self.log.network, self.key.public, pages=opening)
        )

    def ask_session(self, origin: str = ORIGIN) -> httpx.Response:
        asked = self.served.post("/v1/session", SessionRequest(self.key.public))
        nonce = read(asked, Challenge).nonce
        signature = self.key.sign_session(origin, nonce)
        return self.served.post("/v1/session", SessionRequest(self.key.public, nonce, signature))

    def open_session(self) -> None:
        token = read(self.ask_session(), Session).token
        self.headers = {"authorization": f"Bearer {token}"}

    def ask(self, request: SyncRequest) -> httpx.Response:
        return self.served.post(self.path, request, self.headers)

    def sync(self, request: SyncRequest) -> SyncReply:
        return read(self.ask(request), SyncReply)

    def push(self, *logs: Log) -> SyncReply:
        """A round that brings all of these logs."""
        pages = [page for log in logs for page in log.pages()]
        return self.sync(SyncRequest([log.head() for log in logs], pages))


def read(response: httpx.Response, kind: type[T]) -> T:
    assert response.status_code == 200, response.text
    return msgspec.msgpack.decode(response.content, type=kind)


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of a problem, which must be whole."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    told = response.json()
    assert told["status"] == response.status_code
    assert told["title"]
    assert told["detail"].endswith(".")
    assert told["request"] == response.headers["x-request-id"]
    return response.status_code, told["code"]

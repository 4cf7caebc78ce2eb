"""A real kithd beside the benchmark, and devices that talk to it without a home."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import urllib3

from kithbook.protocol import (
    Challenge,
    JoinRequest,
    Session,
    SessionRequest,
    SyncReply,
    SyncRequest,
    session_message,
)
from tests.bench.bare import process
from tests.bench.devices import Device

MSGPACK = {"content-type": "application/x-msgpack"}


class Running(NamedTuple):
    origin: str
    secret: str
    """Of the setup link."""

    @property
    def link(self) -> str:
        return f"{self.origin}/setup#{self.secret}"

    @property
    def port(self) -> int:
        return int(self.origin.rpartition(":")[2])


@contextmanager
def kithd(folder: Path, database: str = "") -> Iterator[Running]:
    """The server as it is installed, with its own settings, on a free port."""
    place = ("--database", database) if database else ("--data", str(folder))
    with process("-m", "kithbook_server", "serve", "--port", "0", *place) as started:
        said = next(iter(started.stdout or ()), "").strip()
        if not said:
            raise RuntimeError("kithd did not start")
        origin, _, secret = said.partition("/setup#")
        yield Running(origin, secret)


def another_secret(database: str) -> str:
    """Of another setup link."""
    command = [sys.executable, "-m", "kithbook_server", "link", "--database", database]
    return subprocess.check_output(command, text=True).strip().partition("#")[2]


class Wire:
    """One device on one connection."""

    def __init__(self, device: Device, server: Running) -> None:
        self.device = device
        self.server = server
        self.http = urllib3.HTTPConnectionPool("127.0.0.1", server.port, maxsize=1)
        self.headers = dict(MSGPACK)

    def set_up(self) -> None:
        """Have the server host the device's network."""
        secret = self.server.secret.encode()
        self._post("/v1/join", JoinRequest(self.device.network, self.device.key, secret))

    def open_session(self) -> None:
        key = self.device.key
        nonce = self._ask("/v1/session", SessionRequest(key), Challenge).nonce
        signature = self.device.secret.sign(session_message(self.server.origin, nonce))
        session = self._ask("/v1/session", SessionRequest(key, nonce, signature), Session)
        self.headers["authorization"] = f"Bearer {session.token}"

    def sync(self, request: SyncRequest) -> SyncReply:
        return self._ask(self.path, request, SyncReply)

    @property
    def path(self) -> str:
        return f"/v1/networks/{self.device.network.hex()}/sync"

    def raw(self, request: SyncRequest) -> bytes:
        """A round of sync as the bytes that go over the wire."""
        body = msgspec.msgpack.encode(request)
        headers = self.headers | {"host": "localhost", "content-length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def _ask(self, path: str, message: msgspec.Struct, kind: type) -> object:
        return msgspec.msgpack.decode(self._post(path, message), type=kind)

    def _post(self, path: str, message: msgspec.Struct) -> bytes:
        body = msgspec.msgpack.encode(message)
        answer = self.http.urlopen("POST", path, body=body, headers=self.headers)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.data.decode()}")
        return answer.data

"""A kithd over HTTP, as a `SyncServer`: MessagePack and zstd both ways, on one connection."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
import urllib3
import zstandard
from urllib3 import exceptions

from kithbook.errors import Invalid, Refused, TooLarge
from kithbook.ids import NetworkId
from kithbook.protocol import (
    MAX_REQUEST_BYTES,
    Challenge,
    JoinReply,
    JoinRequest,
    Session,
    SessionRequest,
    SyncReply,
    SyncRequest,
    session_message,
)
from kithbook_client import keys
from kithbook_client.home import Device
from kithbook_client.peers import Peer
from kithbook_client.sync.problems import (
    NOT_KNOWN,
    PROBLEM,
    media_type,
    not_kithd,
    told,
    unreachable,
)

MSGPACK = "application/x-msgpack"
EVENT_STREAM = "text/event-stream"
COMPRESS_FROM_BYTES = 1_024
CONNECT_SECONDS = 10
READ_SECONDS = 120
SILENT_SECONDS = 45
"""A stream of changes on which nothing came for so long, not even a heartbeat, is broken."""
NEARLY_OVER_MS = 60_000
"""A session that ends this soon is not begun with."""

T = TypeVar("T")
_encode = msgspec.msgpack.Encoder().encode


class _Change(msgspec.Struct, frozen=True):
    heads: str


class HttpServer:
    """`voices` are the devices to speak as, best first; the session is kept in `peer`, if any."""

    def __init__(self, url: str, voices: Sequence[Device], peer: Peer | None, now_ms: int) -> None:
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Invalid(
                f"“{url}” is no address of a server.", "Write https://HOST or http://HOST:PORT."
            )
        self.base = url.rstrip("/")
        self.path = parts.path.rstrip("/")
        self.voices = voices
        self.peer = peer
        self.now_ms = now_ms
        self.session = peer.session if peer else None
        # Every request may be repeated: one that was done already changes nothing.
        retries = urllib3.Retry(
            total=2,
            status=2,
            status_forcelist=(502, 503, 504),
            allowed_methods=None,
            redirect=False,
            backoff_factor=0.2,
            raise_on_status=False,
        )
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        # One server is all that is asked, so no pool has to be looked up for each request.
        self.pool = urllib3.connection_from_url(self.origin, retries=retries, timeout=timeout)

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        path = f"/v1/networks/{network.hex()}/sync"
        return self._as_known(lambda token: self._ask(path, request, SyncReply, token))

    def changes(self, network: NetworkId) -> Iterator[str]:
        """The heads that the server has, at once and then whenever they have changed, as `vector`
        gives them. It ends when the server ends it.

        Raises Unavailable when the connection breaks or is silent, NotFound where the server does
        not tell of changes.
        """
        path = f"/v1/networks/{network.hex()}/changes"
        stream = self._as_known(lambda token: self._listen(path, token))
        try:
            for line in _lines(stream):
                if line.startswith(b"data:"):
                    yield msgspec.json.decode(line[5:], type=_Change).heads
        except (exceptions.HTTPError, OSError) as error:
            raise unreachable(self.origin, error) from error
        except msgspec.MsgspecError as error:
            raise not_kithd(self.base, stream) from error
        finally:
            stream.close()

    def host(self, network: NetworkId) -> None:
        """Have a further network hosted. Raises Refused where none of the voices may ask for it."""
        path = f"/v1/networks/{network.hex()}"
        self._as_known(lambda token: self._ask(path, None, JoinReply, token))

    def _as_known(self, ask: Callable[[str], T]) -> T:
        """Ask in the session that is open, or else as the first voice that is known there."""
        refusals: list[Refused] = []
        if self.session and self.session.expires > self.now_ms + NEARLY_OVER_MS:
            try:
                return ask(self.session.token)
            except Refused as refused:
                if refused.code not in NOT_KNOWN:
                    raise
                refusals.append(refused)
        # A device that is new here is not known there before its log has arrived.
        for voice in self.voices:
            try:
                session = self._open_session(voice)
                reply = ask(session.token)
            except Refused as refused:
                if refused.code not in NOT_KNOWN:
                    raise
                refusals.append(refused)
            else:
                self._keep(session)
                return reply
        self._keep(None)
        raise refusals[-1]

    def greet(self, key: bytes) -> None:
        """Change nothing. Raises Unavailable where no kithd answers."""
        self._ask("/v1/session", SessionRequest(key), Challenge)

    def join(self, request: JoinRequest) -> JoinReply:
        """Redeem a link. Raises Refused when it opens nothing, or not any more."""
        return self._ask("/v1/join", request, JoinReply)

    def _open_session(self, voice: Device) -> Session:
        asked = SessionRequest(voice.key)
        challenge = self._ask("/v1/session", asked, Challenge)
        message = session_message(self.origin, challenge.nonce)
        signed = SessionRequest(voice.key, challenge.nonce, keys.sign(voice.secret, message))
        return self._ask("/v1/session", signed, Session)

    def _keep(self, session: Session | None) -> None:
        self.session = session
        if self.peer:
            self.peer.session = session

    def _ask(
        self, path: str, message: msgspec.Struct | None, answer: type[T], token: str = ""
    ) -> T:
        method, body = ("PUT", b"") if message is None else ("POST", _encode(message))
        headers = {"Content-Type": MSGPACK, "Accept-Encoding": "zstd"}  # answered in the same form
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if len(body) >= COMPRESS_FROM_BYTES:
            body = zstandard.ZstdCompressor().compress(body)
            headers["Content-Encoding"] = "zstd"
        try:
            response = self.pool.urlopen(
                method, self.path + path, body, headers, redirect=False, decode_content=False
            )
        except (exceptions.HTTPError, OSError) as error:
            raise unreachable(self.origin, error) from error
        return self._read(response, answer)

    def _listen(self, path: str, token: str) -> urllib3.BaseHTTPResponse:
        """The open stream at this address."""
        headers = {"Authorization": f"Bearer {token}", "Accept": EVENT_STREAM}
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=SILENT_SECONDS)
        try:
            stream = self.pool.urlopen(
                "GET",
                self.path + path,
                headers=headers,
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
        except (exceptions.HTTPError, OSError) as error:
            raise unreachable(self.origin, error) from error
        if stream.status != 200 or media_type(stream) != EVENT_STREAM:
            self._read(stream, _Change)
            raise not_kithd(self.base, stream)
        return stream

    def _read(self, response: urllib3.BaseHTTPResponse, answer: type[T]) -> T:
        media = media_type(response)
        try:
            body = _inflate(response)
            if response.status == 200 and media == MSGPACK:
                return msgspec.msgpack.decode(body, type=answer)
            if media == PROBLEM:
                raise told(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, zstandard.ZstdError):
            pass
        raise not_kithd(self.base, response)


def _lines(stream: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Line by line as they come: more at a time would be waited for."""
    line = bytearray()
    for byte in stream.stream(1, decode_content=False):
        line += byte
        if line.endswith(b"\n"):
            yield bytes(line)
            line.clear()


def _inflate(response: urllib3.BaseHTTPResponse) -> bytes:
    body: bytes = response.data
    if response.headers.get("content-encoding", "") != "zstd":
        return body
    if zstandard.frame_content_size(body) > 2 * MAX_REQUEST_BYTES:
        raise TooLarge("The server's answer is larger than any that a round can have.")
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=2 * MAX_REQUEST_BYTES)

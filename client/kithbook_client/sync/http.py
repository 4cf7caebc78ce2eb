"""A kithd over HTTP, as a `SyncServer`: MessagePack and zstd both ways, on one connection."""

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import urllib3
import zstandard
from urllib3 import exceptions

from kithbook.errors import (
    Damaged,
    Invalid,
    KithbookError,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
    Unsupported,
)
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

MSGPACK = "application/x-msgpack"
PROBLEM = "application/problem+json"
COMPRESS_FROM_BYTES = 1_024
CONNECT_SECONDS = 10
READ_SECONDS = 120
NEARLY_OVER_MS = 60_000
"""A session that ends this soon is not begun with."""

T = TypeVar("T")
_encode = msgspec.msgpack.Encoder().encode


class Problem(msgspec.Struct, frozen=True):
    """What a kithd says when it cannot do what it was asked (RFC 9457)."""

    code: str
    detail: str
    hint: str = ""


KINDS: dict[str, type[KithbookError]] = {
    "invalid": Invalid,
    "malformed": Invalid,
    "unsupported_media": Unsupported,
    "unsupported": Unsupported,
    "too_large": TooLarge,
    "not_found": NotFound,
    "refused": Refused,
    "unknown_network": Refused,
    "no_session": Refused,
    "link_unknown": Refused,
    "link_expired": Refused,
    "link_used": Refused,
    "damaged": Damaged,
}
"""The error that a problem's code stands for; any other means that the server is not well."""


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
        self.pool = urllib3.PoolManager(retries=retries, timeout=timeout)

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        path = f"/v1/networks/{network.hex()}/sync"
        refusals: list[Refused] = []
        if self.session and self.session.expires > self.now_ms + NEARLY_OVER_MS:
            try:
                return self._ask(path, request, SyncReply, self.session.token)
            except Refused as refused:
                if refused.code not in NOT_KNOWN:
                    raise
                refusals.append(refused)
        # A device that is new here is not known there before its log has arrived.
        for voice in self.voices:
            try:
                session = self._open_session(voice)
                reply = self._ask(path, request, SyncReply, session.token)
            except Refused as refused:
                if refused.code not in NOT_KNOWN:
                    raise
                refusals.append(refused)
            else:
                self._keep(session)
                return reply
        self._keep(None)
        raise refusals[-1]

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

    def _ask(self, path: str, message: msgspec.Struct, answer: type[T], token: str = "") -> T:
        body = _encode(message)
        headers = {"Content-Type": MSGPACK, "Accept": MSGPACK, "Accept-Encoding": "zstd"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if len(body) >= COMPRESS_FROM_BYTES:
            body = zstandard.ZstdCompressor().compress(body)
            headers["Content-Encoding"] = "zstd"
        try:
            response = self.pool.request(
                "POST", self.base + path, body=body, headers=headers, decode_content=False
            )
        except (exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        return self._read(response, answer)

    def _read(self, response: urllib3.BaseHTTPResponse, answer: type[T]) -> T:
        media = response.headers.get("content-type", "").partition(";")[0].strip()
        try:
            body = _inflate(response)
            if response.status == 200 and media == MSGPACK:
                return msgspec.msgpack.decode(body, type=answer)
            if media == PROBLEM:
                raise _error(msgspec.json.decode(body, type=Problem))
        except (msgspec.MsgspecError, UnicodeDecodeError, zstandard.ZstdError):
            pass
        where = response.headers.get("location")
        hint = f"It points to {where}." if where else "Look at the address, and what answers there."
        raise Unavailable(
            f"{self.base} answers, but not as a kithd does (status {response.status}, "
            f"{media or 'no content type'}).",
            hint,
            code="not_kithd",
        )

    def _unreachable(self, error: Exception) -> Unavailable:
        why: Any = getattr(error, "reason", None) or error
        match why:
            case exceptions.NameResolutionError():
                said = "its name is not known"
            case exceptions.NewConnectionError():
                said = "nothing answers there"
            case exceptions.ConnectTimeoutError() | exceptions.ReadTimeoutError():
                said = "it does not answer in time"
            case exceptions.SSLError():
                said = f"its certificate or TLS is not right ({why})"
            case _:
                said = f"the connection broke ({type(why).__name__})"
        return Unavailable(
            f"{self.origin} cannot be reached: {said}.",
            "Everything stays here and goes with the next kith sync.",
            code="unreachable",
        )


NOT_KNOWN = ("no_session", "unknown_network")


def _inflate(response: urllib3.BaseHTTPResponse) -> bytes:
    body: bytes = response.data
    if response.headers.get("content-encoding", "") != "zstd":
        return body
    if zstandard.frame_content_size(body) > 2 * MAX_REQUEST_BYTES:
        raise TooLarge("The server's answer is larger than any that a round can have.")
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=2 * MAX_REQUEST_BYTES)


def _error(problem: Problem) -> KithbookError:
    kind = KINDS.get(problem.code, Unavailable)
    return kind(problem.detail, problem.hint, code=problem.code)

"""Bodies on the wire: JSON or MessagePack, plain or compressed, in and out.

We decode by ourselves, into the structs of the protocol, so that the bytes of every record arrive
as they were sent. What is compressed may not grow past the limit when it is inflated.
"""

import zlib
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
import zstandard
from litestar import Request, Response
from litestar.datastructures import Headers

from kithbook.errors import Invalid, TooLarge

T = TypeVar("T", bound=msgspec.Struct)
AnyRequest = Request[Any, Any, Any]

JSON = "application/json"
MSGPACK = "application/x-msgpack"
ZSTD_FROM_BYTES = 4_096
"""A reply smaller than this is sent as it is."""

_FORMATS = {
    JSON: JSON,
    MSGPACK: MSGPACK,
    "application/msgpack": MSGPACK,
    "application/vnd.msgpack": MSGPACK,
}
_ENCODERS = {JSON: msgspec.json.Encoder().encode, MSGPACK: msgspec.msgpack.Encoder().encode}
_MAX_WINDOW = 2**25
_CHUNK = 2**18


class Message(Generic[T]):
    """Reads the requests of one type."""

    def __init__(self, kind: type[T]) -> None:
        self._decoders = {
            JSON: msgspec.json.Decoder(kind).decode,
            MSGPACK: msgspec.msgpack.Decoder(kind).decode,
        }

    def read(self, request: AnyRequest, body: bytes, limit: int) -> T:
        """Raises Invalid for what is not such a message, TooLarge past the limit."""
        headers = request.headers
        decode = self._decoders[_format_in(headers)]
        inflated = inflate(body, headers.get("content-encoding", ""), limit)
        try:
            return decode(inflated)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(
                f"The body is not what this address takes: {error}.",
                "/schema describes it.",
                code="malformed",
            ) from None


def reply(request: AnyRequest, value: msgspec.Struct) -> Response[bytes]:
    """A value in the form that the client accepts, or else in the form that it sent."""
    asked = request.headers
    media = _format_out(asked)
    content = _ENCODERS[media](value)
    headers = {"vary": "accept, accept-encoding"}
    if len(content) >= ZSTD_FROM_BYTES and "zstd" in accepted(asked.get("accept-encoding", "")):
        content = zstandard.ZstdCompressor().compress(content)
        headers["content-encoding"] = "zstd"
    return Response(content, media_type=media, headers=headers)


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its compression."""
    try:
        match encoding.strip().lower():
            case "" | "identity":
                return body
            case "zstd":
                return _unzstd(body, limit)
            case "gzip":
                return _gunzip(body, limit)
    except (zstandard.ZstdError, zlib.error) as error:
        raise Invalid(f"The body is not {encoding}: {error}.", code="malformed") from None
    raise _unsupported(f"content encoding {encoding}", "zstd, gzip and identity")


def _unzstd(body: bytes, limit: int) -> bytes:
    inflate = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    size = zstandard.frame_content_size(body)
    if size > limit:
        raise too_large(limit, size)
    if size >= 0:
        return inflate.decompress(body, max_output_size=size)
    inflated = bytearray()
    with inflate.stream_reader(body) as stream:
        while chunk := stream.read(_CHUNK):
            inflated += chunk
            if len(inflated) > limit:
                raise too_large(limit)
    return bytes(inflated)


def _gunzip(body: bytes, limit: int) -> bytes:
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    inflated = inflate.decompress(body, limit + 1)
    if len(inflated) > limit:
        raise too_large(limit)
    if not inflate.eof:
        raise Invalid("The body ends in the middle of its gzip stream.", code="malformed")
    return inflated


def too_large(limit: int, size: int | None = None) -> TooLarge:
    """`size` is what the body holds, where that is known before it is read."""
    holds = "more than that" if size is None else f"{size:,}"
    return TooLarge(
        f"The body of a request holds at most {limit:,} bytes here, inflated; this one {holds}.",
        "Send fewer pages in a round, and go on in the next.",
    )


def _format_in(headers: Headers) -> str:
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _FORMATS:
        raise _unsupported(f"content type {media or '(none)'}", f"{JSON} and {MSGPACK}")
    return _FORMATS[media]


def _format_out(headers: Headers) -> str:
    for media in accepted(headers.get("accept", "")):
        if media in _FORMATS:
            return _FORMATS[media]
    return _format_in(headers) if "content-type" in headers else JSON


def accepted(header: str) -> list[str]:
    """What a header names as welcome, the best first; what has `q=0` is not (RFC 9110, 12.4.2)."""
    named = header.lower().replace(" ", "").split(",")
    if ";" not in header:
        return named
    weighed = [(_weight(rest), name) for name, _, rest in (one.partition(";") for one in named)]
    welcome = [one for one in weighed if one[0] > 0]
    return [name for _, name in sorted(welcome, key=itemgetter(0), reverse=True)]


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0
    return 1


def _unsupported(what: str, known: str) -> Invalid:
    return Invalid(
        f"This server does not read the {what}.", f"It reads {known}.", code="unsupported_media"
    )

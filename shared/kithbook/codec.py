"""Bodies: an event as the bytes that are hashed, stored and sent, and back.

A body is the MessagePack of the event, an array that starts with its type, then 16 random bytes
so that its hash gives nothing away about a guessable text. What this release cannot read (a type
or layout of a later one, or damage) decodes to `Unreadable` and is kept as it is.
"""

import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, final

import msgspec

from kithbook.errors import Invalid, TooLarge
from kithbook.events import AnyEvent

SALT_BYTES = 16
MAX_BODY_BYTES = 65_536

# Structs of older layouts and what makes today's of them. Stored bytes never change.
UPCASTERS: dict[type[msgspec.Struct], Callable[[Any], AnyEvent]] = {}


@final
class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """A body this release sets aside: `type` as far as it can be told, and why.

    `reason` is `unknown` for what a later release wrote, `erased`, or `unreadable` for damage.
    """

    type: str
    why: str
    reason: str


ERASED = Unreadable("?", "its body was erased", "erased")


_encoder = msgspec.msgpack.Encoder()
_readable = reduce(or_, UPCASTERS, AnyEvent)
_decode = msgspec.msgpack.Decoder(_readable).decode
_known = {str(kind.__struct_config__.tag) for kind in _readable.__args__}
# An array that starts with a short string. What follows is not looked at: it may nest too deep.
_TYPE = rb"(?s:[\x90-\x9f]|\xdc..)([\xa0-\xbf])"


def encode_body(event: AnyEvent, salt: bytes) -> bytes:
    """The body of an event; `salt` is 16 fresh random bytes.

    Raises TooLarge when it passes 64 KiB, and Invalid when a text is none.
    """
    try:
        body = _encoder.encode(event) + salt
    except UnicodeEncodeError as error:
        raise Invalid(
            f"A text of this event holds U+{ord(error.object[error.start]):04X}, which is half of "
            "a character.",
            "Write the text in UTF-8.",
        ) from error
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge(
            f"This event takes {len(body):,} bytes, and one holds at most {MAX_BODY_BYTES:,}.",
            "Shorten the note, or keep the long text in a file and note where it is.",
        )
    return body


def decode_body(body: bytes) -> AnyEvent | Unreadable:
    """The event in a body. Never raises: what cannot be read is a value that says so."""
    return unpack(body[:-SALT_BYTES])


def unpack(packed: bytes) -> AnyEvent | Unreadable:
    """The same without the random bytes at the end."""
    try:
        event = _decode(packed)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return _unreadable(memoryview(packed), error)
    upcast = UPCASTERS.get(type(event))
    return upcast(event) if upcast else event


def _unreadable(packed: memoryview, error: Exception) -> Unreadable:
    tag = _tag(packed)
    if tag is None:
        return Unreadable("?", "its bytes are not an event", "unreadable")
    if tag in _known:
        return Unreadable(tag, f"its fields do not fit: {error}", "unreadable")
    later = "a later release wrote it; it will count after an upgrade"
    return Unreadable(tag, later, "unknown")


def _tag(packed: memoryview) -> str | None:
    """The type that an array starts with, or None where there is none."""
    head = re.match(_TYPE, packed)
    if head is None:
        return None
    size = head[1][0] & 0x1F
    tag = packed[head.end() :][:size]
    try:
        return str(tag, "utf-8") if len(tag) == size else None
    except UnicodeDecodeError:
        return None

"""Restating: a fact of one network told again in another, with the people that are meant there."""

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256

import msgspec

from kithbook.events import (
    Content,
    Described,
    Helped,
    Met,
    Referred,
    Thanked,
    Trusted,
)
from kithbook.ids import ID_BYTES, Ref

SHARED = (Met, Helped, Thanked, Referred, Trusted, Described)
"""What can be told again: the rest is bookkeeping of its own network."""


def secret_of(founding: bytes) -> bytes:
    """The secret by which a network's facts are marked where they are told again.

    It follows from the body that founded the network, so that all who are in it have the same one,
    and nobody else has any.
    """
    return sha256(b"kithbook sharing\0" + founding).digest()


def mark(secret: bytes, ref: Ref) -> bytes:
    """The `source` of what is told again of an event: says nothing to who has not the secret."""
    named = ref.log + ref.seq.to_bytes(8, "big") + ref.check
    return hmac.digest(secret, named, "sha256")[:ID_BYTES]


def restated(
    event: Content,
    people: Mapping[bytes, bytes],
    there: Callable[[Ref], Ref | None],
    source: bytes,
    *,
    with_note: bool,
) -> Content:
    """The same fact, of these people; `there` finds the help that thanks are for, if it was shared.

    What names other events of where it comes from is left away, and so is the note unless asked.
    """
    fields = {name: _renamed(getattr(event, name), people) for name in event.__struct_fields__}
    fields |= {"source": source, "batch": None}
    if not with_note:
        fields["note"] = None
    if isinstance(event, Described):
        fields["over"] = ()
    if isinstance(event, Thanked):
        fields["helps"] = tuple(ref for help_ in event.helps if (ref := there(help_)))
    return msgspec.structs.replace(event, **fields)


def _renamed(value: object, people: Mapping[bytes, bytes]) -> object:
    if isinstance(value, tuple):
        return tuple(_renamed(one, people) for one in value)
    return people.get(value, value) if isinstance(value, bytes) else value

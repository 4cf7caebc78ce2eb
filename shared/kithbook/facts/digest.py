"""The digest: a short text by which two replicas prove that they hold the same facts.

Each row weighs the SHA-256 of its table, key and value, read as a number; the facts weigh the sum
of their rows modulo 2²⁵⁶. A sum does not care for order, and a changed row costs one subtraction
and one addition. It proves agreement between honest replicas; the chains and seals guard the
events themselves.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from kithbook.envelope import Head
from kithbook.facts.rows import Row
from kithbook.hashing import Hash, sha256

VERSION = 2
"""Of the projections: raised whenever equal events would give other rows than before."""

MODULUS = 2**256

_encode = msgspec.msgpack.Encoder().encode


def weigh(table: str, key: Any, row: Row, sha256: Callable[[bytes], Hash] = sha256) -> int:
    """What one row adds to the sum."""
    return int.from_bytes(sha256(_encode((table, key, row.value))).digest(), "big")


def digest(weight: int, heads: Iterable[Head]) -> str:
    """`VERSION-HEADS-FACTS`: which events are held, and what they say."""
    facts = sha256((weight % MODULUS).to_bytes(32, "big"))
    return f"{VERSION}-{vector(heads)}-{facts.hexdigest()[:16]}"


def vector(heads: Iterable[Head]) -> str:
    """Which events are held: the HEADS of a digest."""
    held = sha256(b"kithbook heads\0")
    for head in sorted((head.log, head.seq, head.hash) for head in heads):
        held.update(_encode(head))
    return held.hexdigest()[:8]

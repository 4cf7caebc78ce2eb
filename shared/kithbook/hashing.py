"""SHA-256: CPython's own for a few hashes, OpenSSL's for many.

OpenSSL hashes nearly twice as fast and takes 3 ms to load, in which CPython's own hashes what a
hundred events need. `kith met Bob` needs one.
"""

import sys
from collections.abc import Callable
from typing import Protocol

try:
    from _sha256 import sha256 as _own  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha2 import sha256 as _own  # type: ignore[import-not-found] # from CPython 3.12 on
    except ImportError:
        from hashlib import sha256 as _own

MANY = 1_000


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


sha256: Callable[[bytes], Hash] = _own
"""For a few."""


def hasher(count: int) -> Callable[[bytes], Hash]:
    """The SHA-256 that is quicker for so many hashes, by what is loaded already."""
    if count < MANY and "hashlib" not in sys.modules:
        return sha256
    import hashlib

    return hashlib.sha256

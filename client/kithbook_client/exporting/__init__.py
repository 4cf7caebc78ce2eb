"""Exporting: what a home holds, in forms that others read."""

from typing import Protocol


class Writer(Protocol):
    def write(self, content: bytes, /) -> int: ...

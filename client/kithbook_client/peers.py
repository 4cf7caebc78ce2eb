"""Peers: the server or folder that a network syncs with, and what is remembered of it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from kithbook.envelope import Head
from kithbook.protocol import Session
from kithbook_client.schema import Connection, unhurried

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Head]).decode


class Peer:
    """One network at one address. What is remembered only ever saves work."""

    def __init__(self, db: Connection, network: int, url: str) -> None:
        self.db = db
        self.network = network
        self.url = url

    @property
    def heads(self) -> dict[bytes, Head]:
        """What it held durably when last heard from."""
        packed = self._get("heads")
        return {head.log: head for head in _decode(packed)} if packed else {}

    @property
    def last_sync(self) -> int | None:
        """When a sync with it last came to its end, in ms since 1970."""
        found: int | None = self._get("last_sync")
        return found

    @property
    def session(self) -> Session | None:
        token = self._get("token")
        return Session(token, self._get("expires")) if token else None

    @session.setter
    def session(self, session: Session | None) -> None:
        token, expires = (session.token, session.expires) if session else (None, None)
        self.db.execute(
            "INSERT INTO peer(network, url, token, expires) VALUES (?, ?, ?, ?) ON CONFLICT "
            "DO UPDATE SET token = excluded.token, expires = excluded.expires",
            (self.network, self.url, token, expires),
        )

    def remember(self, heads: Iterable[Head], finished: int | None = None) -> None:
        """Note what it holds, and when a sync with it came to its end (ms).

        Nobody waits for the disk: a power cut may lose it, and then the next sync asks again.
        """
        with unhurried(self.db):
            self.db.execute(
                "INSERT INTO peer(network, url, heads, last_sync) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET heads = excluded.heads, "
                "last_sync = coalesce(excluded.last_sync, last_sync)",
                (self.network, self.url, _encode(list(heads)), finished),
            )

    def _get(self, column: str) -> Any:
        row = self.db.execute(
            f"SELECT {column} FROM peer WHERE network = ? AND url = ?", (self.network, self.url)
        ).fetchone()
        return row and row[0]

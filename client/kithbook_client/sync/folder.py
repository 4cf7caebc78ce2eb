"""A folder or a file as the other end: a USB stick, a shared folder, an attachment.

In a folder every page is a file of its own, `NETWORK/LOG/FIRST-LAST-HASH.page`, that never changes
but for bodies that were erased. It is written under another name first; so several devices can
write at once, and a program that copies folders never meets half a page. A single file, `*.kith`,
holds the pages of any number of networks and is written anew as a whole. What lies there is checked
like what comes over a wire: a damaged page is left out, told, and written again by the next device
that holds it.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from kithbook.errors import Unavailable
from kithbook.ids import ID_BYTES, NetworkId
from kithbook.protocol import REPLY_EVENTS, SyncReply, SyncRequest, one_round
from kithbook.replication import Page
from kithbook_client.sync.holding import Found, Holding
from kithbook_client.writing import write_whole

SUFFIX = ".kith"
LOG_NAME = re.compile(f"[0-9a-f]{{{2 * ID_BYTES}}}")
PAGE_NAME = re.compile(r"([0-9]{10})-([0-9]{10})-[0-9a-f]{16}\.page")
_decode_page = msgspec.msgpack.Decoder(Page).decode
_decode_bundle = msgspec.msgpack.Decoder(dict[bytes, list[Page]]).decode
_encode = msgspec.msgpack.Encoder().encode


class Folder:
    """A `SyncServer` over a folder, or over one file when the path ends in `.kith`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        """Add what is new to what lies there, and give back what the replica lacks."""
        try:
            return self._sync(network, request)
        except OSError as error:
            raise Unavailable(
                f"{self.path} cannot be used: {error.strerror or error}.",
                "Check that it is there, can be written, and has room; then sync again.",
            ) from error

    def _sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        store = _File(self.path) if self.path.suffix == SUFFIX else _Files(self.path)
        held = Holding(network)
        damaged = list(held.read(store.pages(network)))
        new, unfit = [], {}
        for page in request.pages:
            if why := held.add(page):
                unfit[page.log] = why
            else:
                new.append(page)
        # What was damaged and is written again is no more to be told.
        refused = {d.why.log: d.why for d in reversed(damaged) if held.seq(d.why.log) < d.last}
        refused |= unfit
        store.add(network, [*new, *held.erase()], held)
        for head in request.heads:
            if why := held.differs(head):
                refused[head.log] = why
        lacks = held.lacking(request.heads, {log for log, r in refused.items() if r.code == "fork"})
        pages = one_round(lacks, REPLY_EVENTS)
        return SyncReply(held.heads(), pages, list(refused.values()), len(pages) < len(lacks))


class _Files:
    """Pages as files of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pages(self, network: NetworkId) -> Iterator[Found]:
        for path in (self.path / network.hex()).glob("*/*.page"):
            try:
                page = _decode_page(path.read_bytes())
            except msgspec.MsgspecError:
                # One by another name is some other program's.
                if (log := LOG_NAME.fullmatch(path.parent.name)) and (
                    named := PAGE_NAME.fullmatch(path.name)
                ):
                    first, last = map(int, named.groups())
                    yield Found(path.name, bytes.fromhex(log[0]), first, last, None)
            else:
                yield Found(path.name, page.log, page.first, page.last, page)

    def add(self, network: NetworkId, pages: Iterable[Page], held: Holding) -> None:
        for page in pages:
            folder = self.path / network.hex() / page.log.hex()
            folder.mkdir(parents=True, exist_ok=True)
            hash_ = held.logs[page.log].hashes[page.last - 1].hex()[:16]
            write_whole(folder / f"{page.first:010}-{page.last:010}-{hash_}.page", _encode(page))


class _File:
    """Pages in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bundle: dict[bytes, list[Page]] = {}

    def pages(self, network: NetworkId) -> Iterator[Found]:
        if self.path.exists():
            try:
                self.bundle = _decode_bundle(self.path.read_bytes())
            except msgspec.MsgspecError as error:
                raise Unavailable(
                    f"{self.path} is not a file that kith has written.",
                    f"Name another one that ends in {SUFFIX}; this one stays as it is.",
                ) from error
        for page in self.bundle.get(network, ()):
            name = f"page from {page.first} to {page.last}"
            yield Found(name, page.log, page.first, page.last, page)

    def add(self, network: NetworkId, pages: Iterable[Page], held: Holding) -> None:
        if any(True for _ in pages):
            self.bundle[network] = list(held.pages())
            write_whole(self.path, _encode(self.bundle))

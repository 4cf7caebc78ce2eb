"""A folder or a file as the other end: a USB stick, a shared folder, an attachment.

In a folder every page is a file of its own that never changes, `NETWORK/LOG/FIRST-LAST-HASH.page`,
written under another name first; so several devices can write at once, and a program that copies
folders never meets half a page. A single file, `*.kith`, holds all pages of one network and is
written anew as a whole. Whoever reads verifies everything, so nothing has to be trusted.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from kithbook.envelope import Head, chain, record_problem
from kithbook.errors import Unavailable
from kithbook.ids import NetworkId
from kithbook.protocol import ROUND_EVENTS, SyncReply, SyncRequest
from kithbook.replication import Page, Refusal

SUFFIX = ".kith"
_decode_page = msgspec.msgpack.Decoder(Page).decode
_decode_pages = msgspec.msgpack.Decoder(list[Page]).decode


class Folder:
    """A `SyncServer` over a folder, or over one file when the path ends in `.kith`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged: list[Refusal] = []

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
        self.damaged = []
        held = _Held(network, self._stored(network))
        refused = {refusal.log: refusal for refusal in self.damaged}
        new = []
        for page in request.pages:
            if refusal := held.add(page):
                refused.setdefault(page.log, refusal)
            else:
                new.append(page)
        if new:
            self._store(network, held, new)
        pages: list[Page] = []
        for head in request.heads:
            if refusal := held.differs(head):
                refused.setdefault(head.log, refusal)
        theirs = {head.log: head.seq for head in request.heads}
        for page in held.pages():
            if page.last > theirs.get(page.log, 0) and page.log not in refused:
                pages.append(page)
            if sum(len(page.records) for page in pages) > ROUND_EVENTS:
                return SyncReply(held.heads(), pages, list(refused.values()), more=True)
        return SyncReply(held.heads(), pages, list(refused.values()))

    def _stored(self, network: NetworkId) -> Iterator[Page]:
        if self.path.suffix == SUFFIX:
            yield from self._in_file(network)
            return
        for path in sorted((self.path / network.hex()).glob("*/*.page")):
            try:
                page = _decode_page(path.read_bytes())
            except msgspec.MsgspecError:
                self._note(path.parent.name, path.name)
                continue
            yield page

    def _in_file(self, network: NetworkId) -> Iterator[Page]:
        if not self.path.exists():
            return
        try:
            bundle = msgspec.msgpack.decode(self.path.read_bytes(), type=dict[bytes, msgspec.Raw])
            yield from _decode_pages(bundle.get(network, b"\x90"))
        except msgspec.MsgspecError as error:
            raise Unavailable(
                f"{self.path} is not a file that kith has written.",
                f"Name another one that ends in {SUFFIX}; this one stays as it is.",
            ) from error

    def _note(self, log: str, name: str) -> None:
        with suppress(ValueError):  # some other program's folder
            self.damaged.append(Refusal(bytes.fromhex(log), 1, "unfit", f"{name} is damaged."))

    def _store(self, network: NetworkId, held: "_Held", new: Iterable[Page]) -> None:
        if self.path.suffix == SUFFIX:
            bundle: dict[bytes, object] = {}
            if self.path.exists():
                known = msgspec.msgpack.decode(
                    self.path.read_bytes(), type=dict[bytes, msgspec.Raw]
                )
                bundle.update(known)
            bundle[network] = list(held.pages())
            _write(self.path, msgspec.msgpack.encode(bundle))
            return
        for page in new:
            folder = self.path / network.hex() / page.log.hex()
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{page.first:010}-{page.last:010}-{held.hashes[page.log][-1].hex()[:16]}.page"
            _write(folder / name, msgspec.msgpack.encode(page))


class _Held:
    """The pages of one network that fit together, log by log, and the hashes of their events."""

    def __init__(self, network: NetworkId, stored: Iterable[Page]) -> None:
        self.network = network
        self.hashes: dict[bytes, list[bytes]] = {}
        self._pages: dict[bytes, list[Page]] = {}
        for page in sorted(stored, key=lambda page: (page.log, page.first, -page.last)):
            self.add(page)

    def add(self, page: Page) -> Refusal | None:
        """Take a page that continues its log, or one that is held already."""
        hashes = self.hashes.setdefault(page.log, [])
        if page.first > len(hashes) + 1:
            expected = len(hashes) + 1
            return Refusal(page.log, expected, "gap", f"Seq {expected} comes next in this log.")
        if any(record_problem(record) for record in page.records):
            return Refusal(page.log, page.first, "unfit", "A page there is damaged.")
        if page.first > 1 and hashes[page.first - 2] != page.previous:
            return _fork(page.log, page.first)
        new = chain(self.network, page.log, page.first, page.previous, page.records)
        overlap = min(len(hashes), page.last) - page.first + 1
        if hashes[page.first - 1 : page.first - 1 + overlap] != new[:overlap]:
            return _fork(page.log, page.first)
        if page.last > len(hashes):
            hashes[page.first - 1 :] = new
            self._pages.setdefault(page.log, []).append(page)
        return None

    def differs(self, head: Head) -> Refusal | None:
        """A fork, when a log that is held here goes on differently there."""
        hashes = self.hashes.get(head.log, [])
        if 0 < head.seq <= len(hashes) and hashes[head.seq - 1] != head.hash:
            return _fork(head.log, head.seq)
        return None

    def heads(self) -> list[Head]:
        return [Head(log, len(hashes), hashes[-1]) for log, hashes in self.hashes.items() if hashes]

    def pages(self) -> Iterator[Page]:
        for pages in self._pages.values():
            yield from pages


def _fork(log: bytes, seq: int) -> Refusal:
    return Refusal(log, seq, "fork", f"Another event is there at seq {seq} or before it.")


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it, on the disk when this returns."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".kith-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise

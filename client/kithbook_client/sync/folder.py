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
from typing import NamedTuple

import msgspec

from kithbook.envelope import NO_HASH, Head, record_hlc
from kithbook.errors import Unavailable
from kithbook.events import Erased
from kithbook.ids import ID_BYTES, NetworkId
from kithbook.membership import Act, act_in, erasures, standing, without_bodies
from kithbook.protocol import REPLY_EVENTS, ROUND_BYTES, SyncReply, SyncRequest
from kithbook.replication import (
    Accepted,
    Held,
    Known,
    Page,
    Refusal,
    accept,
    fork,
    opening_key,
    refusal,
)
from kithbook_client import keys
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
        held = _Held(network)
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
        pages, more = held.lacking(
            request.heads, {log for log, r in refused.items() if r.code == "fork"}
        )
        return SyncReply(held.heads(), pages, list(refused.values()), more)


class _Found(NamedTuple):
    """What a page is called, the log and the events it is of; None where it cannot be read."""

    name: str
    log: bytes
    first: int
    last: int
    page: Page | None


class _Damage(NamedTuple):
    """What is said of a page that cannot be used, and up to which seq it should go."""

    last: int
    why: Refusal


class _Files:
    """Pages as files of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pages(self, network: NetworkId) -> Iterator[_Found]:
        for path in (self.path / network.hex()).glob("*/*.page"):
            try:
                page = _decode_page(path.read_bytes())
            except msgspec.MsgspecError:
                # One by another name is some other program's.
                if (log := LOG_NAME.fullmatch(path.parent.name)) and (
                    named := PAGE_NAME.fullmatch(path.name)
                ):
                    first, last = map(int, named.groups())
                    yield _Found(path.name, bytes.fromhex(log[0]), first, last, None)
            else:
                yield _Found(path.name, page.log, page.first, page.last, page)

    def add(self, network: NetworkId, pages: Iterable[Page], held: "_Held") -> None:
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

    def pages(self, network: NetworkId) -> Iterator[_Found]:
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
            yield _Found(name, page.log, page.first, page.last, page)

    def add(self, network: NetworkId, pages: Iterable[Page], held: "_Held") -> None:
        if any(True for _ in pages):
            self.bundle[network] = list(held.pages())
            write_whole(self.path, _encode(self.bundle))


class _Log:
    """What of one log lies there and holds together."""

    def __init__(self) -> None:
        self.key: bytes | None = None
        self.hlc = -1
        self.hashes: list[bytes] = []
        self.pages: list[Page] = []


class _Held:
    """The pages of one network that hold together, log by log."""

    def __init__(self, network: NetworkId) -> None:
        self.network = network
        self.logs: dict[bytes, _Log] = {}
        self.overlapping: list[Page] = []
        """Pages that lie there as well and bring nothing more."""

    def read(self, found: Iterable[_Found]) -> Iterator[_Damage]:
        """Take in what is stored; what cannot be read or does not fit, each log from its start."""
        for name, log, first, last, page in sorted(
            found, key=lambda one: (one.log, one.first, -one.last, one.name)
        ):
            if page is None:
                why = f"the file {name} there is damaged"
            elif (refused := self.add(page)) and refused.code == "unfit":
                why = f"the {name} there is damaged: {refused.why}"
            else:
                continue
            yield _Damage(last, Refusal(log, first, "gap", why))

    def seq(self, log: bytes) -> int:
        """How far a log is held."""
        return len(self.logs[log].hashes) if log in self.logs else 0

    def add(self, page: Page) -> Refusal | None:
        """Take a page that continues its log, or one that is held already."""
        log = self.logs.get(page.log) or _Log()
        seq = len(log.hashes)
        head = Head(page.log, seq, log.hashes[-1] if seq else NO_HASH)
        hash_at = lambda at: log.hashes[at - 1] if at else NO_HASH  # noqa: E731 - as Known wants it
        outcome = accept(self.network, page, Known(head, log.key, log.hlc, hash_at), keys.verify)
        if isinstance(outcome, Accepted):
            if not seq:
                log.key = opening_key(self.network, page.log, page.records[0])
            log.hashes += outcome.hashes
            log.hlc = record_hlc(page.records[-1])
            log.pages.append(page)
            self.logs[page.log] = log
        elif isinstance(outcome, Held):
            self.overlapping.append(page)
        return refusal(page.log, outcome)

    def erase(self) -> list[Page]:
        """Destroy the bodies that the logs say are to be destroyed: the pages to write anew."""
        acts = [act for page in self.pages() for act in _acts(page)]
        if not any(isinstance(act.event, Erased) for act in acts):
            return []
        gone = erasures(acts, standing(self.network, acts, keys.verify))
        changed: list[Page] = []
        for pages in (self.overlapping, *(log.pages for log in self.logs.values())):
            for n, page in enumerate(pages):
                hashes = self.logs[page.log].hashes[page.first - 1 : page.last]
                kept = without_bodies(page.log, page.first, page.records, hashes, gone)
                if kept != page.records:
                    pages[n] = msgspec.structs.replace(page, records=list(kept))
                    changed.append(pages[n])
        return changed

    def differs(self, head: Head) -> Refusal | None:
        """A fork, when a log that is held here goes on differently there."""
        log = self.logs.get(head.log)
        if log and 0 < head.seq <= len(log.hashes) and log.hashes[head.seq - 1] != head.hash:
            return fork(head.log, head.seq)
        return None

    def heads(self) -> list[Head]:
        return [Head(id_, len(log.hashes), log.hashes[-1]) for id_, log in self.logs.items()]

    def pages(self) -> Iterator[Page]:
        for log in self.logs.values():
            yield from log.pages

    def lacking(self, heads: Iterable[Head], forked: set[bytes]) -> tuple[list[Page], bool]:
        """What a replica with these heads lacks, as far as a round goes; whether there is more."""
        theirs = {head.log: head.seq for head in heads}
        pages: list[Page] = []
        events = size = 0
        for page in self.pages():
            if page.last > theirs.get(page.log, 0) and page.log not in forked:
                events += len(page.records)
                if pages and (events > REPLY_EVENTS or size > ROUND_BYTES):
                    return pages, True
                size += sum(map(len, page.records))
                pages.append(page)
        return pages, False


def _acts(page: Page) -> Iterator[Act]:
    for seq, record in enumerate(page.records, page.first):
        if act := act_in(page.log, seq, record):
            yield act

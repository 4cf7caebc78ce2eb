"""Holding: the pages of a network that lie in a folder or a file, as far as they hold together."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from kithbook.envelope import NO_HASH, Head, record_hlc
from kithbook.events import Erased
from kithbook.ids import NetworkId
from kithbook.membership import Act, act_in, erasures, standing, without_bodies
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


class Found(NamedTuple):
    """What a page is called, the log and the events it is of; None where it cannot be read."""

    name: str
    log: bytes
    first: int
    last: int
    page: Page | None


class Damage(NamedTuple):
    """What is said of a page that cannot be used, and up to which seq it should go."""

    last: int
    why: Refusal


class _Log:
    """What of one log lies there and holds together."""

    def __init__(self) -> None:
        self.key: bytes | None = None
        self.hlc = -1
        self.hashes: list[bytes] = []
        self.pages: list[Page] = []


class Holding:
    """The pages of one network that hold together, log by log."""

    def __init__(self, network: NetworkId) -> None:
        self.network = network
        self.logs: dict[bytes, _Log] = {}
        self.overlapping: list[Page] = []
        """Pages that lie there as well and bring nothing more."""

    def read(self, found: Iterable[Found]) -> Iterator[Damage]:
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
            yield Damage(last, Refusal(log, first, "gap", why))

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

    def lacking(self, heads: Iterable[Head], forked: set[bytes]) -> list[Page]:
        """What a replica with these heads lacks."""
        theirs = {head.log: head.seq for head in heads}
        return [
            page
            for page in self.pages()
            if page.last > theirs.get(page.log, 0) and page.log not in forked
        ]


def _acts(page: Page) -> Iterator[Act]:
    for seq, record in enumerate(page.records, page.first):
        if act := act_in(page.log, seq, record):
            yield act

"""Taking in pages: what fits is stored in the next commit, the rest is refused log by log."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from kithbook.envelope import NO_HASH, Head, Verify, record_kind
from kithbook.errors import TooLarge
from kithbook.ids import NetworkId
from kithbook.membership.erasing import Erasures
from kithbook.replication import Accepted, Known, Page, Refusal, accept, refusal
from kithbook_server import erasing
from kithbook_server.commits import Commits
from kithbook_server.log import Reading, Writing

A = TypeVar("A")
LeftOut = dict[bytes, Refusal]
"""The logs that are left out of a round."""


class Intake:
    """The one way into the logs. Every seal and every hash is verified here, and nowhere later."""

    def __init__(
        self,
        commits: Commits,
        verify: Verify,
        now_ms: Callable[[], int],
        round_events: int,
        network_events: int,
    ) -> None:
        self.erasing = erasing.Erasing(verify)
        self._writing: Writing | None = None
        self._governed: set[NetworkId] = set()
        """The networks to which the writing that is open has brought membership events."""
        self._commits = commits
        self._verify = verify
        self._now_ms = now_ms
        self._round_events = round_events
        self._network_events = network_events

    def store(
        self,
        network: NetworkId,
        pages: Sequence[Page],
        answer: Callable[[Reading, LeftOut], A],
    ) -> "Future[A]":
        """What `answer` makes of the logs that did not fit, once what did is durable.

        Raises TooLarge past the limits.
        """
        events = sum(len(page.records) for page in pages)
        if events > self._round_events:
            raise TooLarge(
                f"This push brings {events:,} events, and one round takes at most"
                f" {self._round_events:,}.",
                "Send fewer pages in a round, and go on in the next.",
            )
        received = self._now_ms()
        return self._commits.submit(
            network, lambda writing: self._take(writing, network, pages, received), answer
        )

    def trial(self, network: NetworkId, page: Page) -> Refusal | None:
        """What would be wrong with a page that opens a log; nothing is stored."""
        return refusal(page.log, accept(network, page, _known(page.log), self._verify))

    def _take(
        self, writing: Writing, network: NetworkId, pages: Sequence[Page], received: int
    ) -> LeftOut:
        refused: LeftOut = {}
        newest = 0
        gone = self._gone(writing, network)
        for page in pages:
            if page.log in refused:
                continue
            known = _held(writing, network, page.log)
            outcome = accept(network, page, known, self._verify)
            if isinstance(outcome, Accepted):
                part = erasing.without(outcome, gone)
                newest = writing.append(network, part, received) + len(part.records) - 1
                if any(map(record_kind, part.records)):
                    gone = self._obey(writing, network)
            elif why := refusal(page.log, outcome):
                refused[page.log] = why
            if page.first <= known.head.seq and page.log not in refused:
                erasing.mend(writing, network, page, gone)
        # Positions are never fewer than the events of one network, and cost nothing to look at.
        if newest > self._network_events and writing.events(network) > self._network_events:
            raise TooLarge(
                f"This network is full: the server keeps at most {self._network_events:,} events"
                " of one.",
                "Whoever runs the server can raise KITHD_NETWORK_EVENTS.",
            )
        return refused

    def _gone(self, writing: Writing, network: NetworkId) -> Erasures:
        """What is to be destroyed; what this writing has brought itself may yet be undone."""
        if self._writing is not writing:
            self._writing, self._governed = writing, set()
        if network in self._governed:
            return self.erasing.gone_now(writing, network)
        return self.erasing.gone(writing, network)

    def _obey(self, writing: Writing, network: NetworkId) -> Erasures:
        self._governed.add(network)
        gone = self.erasing.gone_now(writing, network)
        erasing.destroy(writing, network, gone)
        return gone


def _held(held: Reading, network: NetworkId, log: bytes) -> Known:
    found = held.head(network, log)
    if found is None:
        return _known(log)
    return Known(found.head, found.key, found.hlc, lambda seq: held.hash_at(found, seq))


def _known(log: bytes) -> Known:
    """What there is to know of a log that is not held."""
    return Known(Head(log, 0, NO_HASH), None, -1, lambda _: NO_HASH)

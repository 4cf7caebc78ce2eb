"""Rounds: ask, bring and take, until both sides hold the same events.

What the other side holds is only ever believed from its answers. What does not fit is left out,
log by log; a log that forked is taken over as the other side has it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from kithbook.envelope import NO_HASH, Head
from kithbook.errors import TooLarge
from kithbook.protocol import ROUND_EVENTS, SyncRequest, SyncServer
from kithbook.replication import Page, Refusal
from kithbook_client.numbers import MAX_SEQ
from kithbook_client.peers import Peer
from kithbook_client.replica import Replica
from kithbook_client.sync.bodies import Bodies
from kithbook_client.sync.branches import Branches


class SyncReport(msgspec.Struct, frozen=True):
    """`up_to_date` when both sides hold the same, but for the logs in `refused`. `warnings` tell of
    what does not happen without an accident, or without a lie.
    """

    pushed: int
    pulled: int
    up_to_date: bool
    refused: list[Refusal]
    warnings: list[Refusal] = []


def synchronise(
    replica: Replica,
    server: SyncServer,
    peer: Peer,
    progress: Callable[[int, int], None] | None = None,
) -> SyncReport:
    """Exchange events until nothing is left to do. Raises what `SyncServer.sync` does.

    `progress` is told how many events were pushed and pulled. Cut off anywhere, it can be run
    again: nothing is lost, and nothing comes twice.
    """
    exchange = _Exchange(replica, server, peer.heads)
    while exchange.go_round():
        peer.remember(exchange.theirs.values())
        if progress:
            progress(exchange.pushed, exchange.pulled)
    peer.remember(exchange.theirs.values(), replica.home.now_ms())
    return exchange.report()


class _Exchange:
    """`theirs` is what the other side holds: remembered at first, then as it answers."""

    def __init__(self, replica: Replica, server: SyncServer, remembered: dict[bytes, Head]) -> None:
        self.replica = replica
        self.server = server
        self.remembered = remembered
        self.theirs = remembered
        self.has_answer = False
        self.is_level = False
        """Whether, after the last answer, neither side lacks anything of the other's."""
        self.most = ROUND_EVENTS
        self.pushed = 0
        self.pulled = 0
        self.forks = Branches(replica, remembered)
        self.refused: dict[bytes, Refusal] = {}
        """What is left out of all further rounds."""
        self.bodies = Bodies(replica)
        self.went_back: list[Refusal] = []
        """Logs of which the other side held more when it last answered than it does now."""
        self.gaps: list[Refusal] = []
        """Logs of which, in the last round, the other side lacked what comes before."""

    def report(self) -> SyncReport:
        kinds = (self.bodies.lost(), self.gaps, self.forks.open_refusals(), self.refused.values())
        left_out = chain.from_iterable(kinds)
        refused = list({refusal.log: refusal for refusal in left_out}.values())
        warnings = [*self.went_back, *self.forks.taken_over]
        return SyncReport(self.pushed, self.pulled, self.is_level, refused, warnings)

    def go_round(self) -> bool:
        """One request and what its answer brings; whether another is needed and may help."""
        self.replica.seal()
        heads, pages = self._heads(), self._pages()
        before, had_answer = self.theirs, self.has_answer
        try:
            reply = self.server.sync(self.replica.network, SyncRequest(heads, pages))
        except TooLarge:
            if len(pages) < 2:
                raise
            self.most = sum(len(page.records) for page in pages) // 2
            return True
        self.theirs = {head.log: head for head in reply.heads}
        if not self.has_answer:
            self.went_back = [*_gone_back(self.remembered, self.theirs)]
        self.has_answer = True
        self.pushed += sum(_taken(page, before, self.theirs) for page in pages)
        added, refused = self._take(reply.pages)
        self.pulled += added
        if added:
            self.bodies.look()
        has_news = self._settle([*reply.refused, *refused])
        self.is_level = not self.forks.open and self._holds_the_same()
        if self.bodies.asks_further() or self.bodies.to_give:
            return True
        if self.is_level:
            return False
        has_news = has_news or self.forks.asks_further(heads)
        return bool(added) or has_news or self.theirs != before or not had_answer

    def _holds_the_same(self) -> bool:
        """Whether both sides hold the same of every log that is not left out."""
        mine = {head.log: head for head in self.replica.heads()}
        theirs = {head.log: head for head in self.theirs.values() if head.seq}
        for log in self.refused:
            mine.pop(log, None)
            theirs.pop(log, None)
        return mine == theirs

    def _heads(self) -> list[Head]:
        """What we hold; of a log that forked only what both sides may agree on."""
        mine = (self.forks.asked(self.bodies.asked(head)) for head in self.replica.heads())
        return [head for head in mine if head.seq]

    def _pages(self) -> list[Page]:
        """What they lack, but nothing of a log that is left out or in dispute.

        Where nothing is known of them, one has to ask first.
        """
        if not self.has_answer and not self.remembered:
            return []
        left_out = self.refused.keys() | self.forks.open.keys()
        all_of_it = {log: Head(log, MAX_SEQ, NO_HASH) for log in left_out}
        pages = self.replica.pages.lacking(self.theirs | all_of_it, self.most)
        return [*self.bodies.gifts(), *pages]

    def _take(self, pages: Iterable[Page]) -> tuple[int, list[Refusal]]:
        """Store what came: how many events were new, and what did not fit."""
        pages = [page for page in pages if page.log not in self.refused]
        plain = [page for page in pages if page.log not in self.forks.open]
        received = [self.replica.receive(plain)] if plain else []
        for log in list(self.forks.open):
            branch = [page for page in pages if page.log == log]
            if branch:
                received.append(self.forks.take_over(log, branch))
        return sum(one.added for one in received), [r for one in received for r in one.refused]

    def _settle(self, refusals: Sequence[Refusal]) -> bool:
        """Note what did not fit; whether there is now something else to try."""
        self.gaps = []
        has_news = False
        missing = [refusal for refusal in refusals if refusal.code == "missing"]
        unfit = [refusal for refusal in refusals if refusal.code != "missing"]
        said = sorted([*self.forks.disagreements(self.theirs), *unfit], key=_gravity)
        for refusal in {refusal.log: refusal for refusal in said}.values():
            if refusal.log in self.refused:
                continue
            if refusal.code == "gap":
                self.gaps.append(refusal)
            elif refusal.code == "fork" and self.forks.try_next(refusal):
                has_news = True
            else:
                self.forks.open.pop(refusal.log, None)
                self.refused[refusal.log] = refusal
                has_news = True
        for refusal in missing:  # which nobody can put back who has another branch
            if refusal.log not in self.refused and refusal.log not in self.forks.open:
                self.bodies.give(refusal)
        return has_news


def _gone_back(before: dict[bytes, Head], now: dict[bytes, Head]) -> Iterator[Refusal]:
    for log, head in before.items():
        seq = now[log].seq if log in now else 0
        if seq < head.seq:
            why = (
                f"up to seq {head.seq} was stored there, and now it says {seq}: it was put back to "
                "an earlier state, or hides something. What is held here is sent again"
            )
            yield Refusal(log, seq + 1, "gap", why)


def _gravity(refusal: Refusal) -> int:
    """A gap may close by itself, a fork be taken over, and with the rest nothing can be done."""
    return {"gap": 0, "fork": 1}.get(refusal.code, 2)


def _taken(page: Page, before: dict[bytes, Head], now: dict[bytes, Head]) -> int:
    """How many events of a page they hold now and did not hold before."""
    held = now[page.log].seq if page.log in now else 0
    known = before[page.log].seq if page.log in before else 0
    return max(0, min(page.last, held) - max(page.first - 1, known))

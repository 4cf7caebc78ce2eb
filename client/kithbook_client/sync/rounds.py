"""Rounds: ask, bring and take, until both sides hold the same events.

What the other side holds is only ever believed from its answers. What does not fit is left out,
log by log; a log that forked is taken over as the other side has it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

import msgspec

from kithbook.envelope import NO_HASH, Head
from kithbook.errors import TooLarge
from kithbook.protocol import ROUND_EVENTS, SyncRequest, SyncServer
from kithbook.replication import Page, Refusal, Span
from kithbook_client.erasing import missing
from kithbook_client.intake import Received
from kithbook_client.numbers import MAX_SEQ
from kithbook_client.peers import Peer
from kithbook_client.replica import Replica


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
        self.forks = _Forks(replica, remembered)
        self.refused: dict[bytes, Refusal] = {}
        """What is left out of all further rounds."""
        self.bodies = _Bodies(replica)
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
        pages, _ = self.replica.pages.lacking(self.theirs | all_of_it, self.most)
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


class _Bodies:
    """Bodies that one side has lost although nobody erased them, and the other may still have."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.asked_for: set[bytes] = set()
        """Logs of which the last thing asked for did not help, or has not been answered yet."""
        self.given: set[tuple[bytes, int]] = set()
        self.to_give: list[Refusal] = []
        self.missing: dict[bytes, list[int]] = {}
        self.look()

    def look(self) -> None:
        """See anew what is missing here: where something came back, the rest may as well."""
        before, self.missing = self.missing, missing(self.replica.logs)
        self.asked_for -= {log for log, lost in self.missing.items() if lost != before.get(log)}

    def asked(self, head: Head) -> Head:
        """The head to give for a log, so that the other side sends what is missing here."""
        if head.log not in self.missing or head.log in self.asked_for:
            return head
        self.asked_for.add(head.log)
        logs, before = self.replica.logs, self.missing[head.log][0] - 1
        return Head(head.log, before, logs.hash_at(logs[head.log], before))

    def asks_further(self) -> bool:
        return bool(self.missing.keys() - self.asked_for)

    def give(self, asked: Refusal) -> None:
        """Note that the other side has lost a body, to send it once where we have it."""
        log = self.replica.logs.get(asked.log)
        if log and asked.seq <= log.seq and (asked.log, asked.seq) not in self.given:
            self.given.add((asked.log, asked.seq))
            self.to_give.append(asked)

    def gifts(self) -> Iterator[Page]:
        """The pages with what they have lost."""
        to_give, self.to_give = self.to_give, []
        for asked in to_give:
            span = Span(asked.log, asked.seq - 1, self.replica.logs[asked.log].seq)
            yield from islice(self.replica.pages.of(span), 1)

    def lost(self) -> list[Refusal]:
        """What is still missing here."""
        return [
            Refusal(log, seq, "missing", "its body is gone here, and its writer did not erase it")
            for log, seqs in self.missing.items()
            for seq in seqs[:1]
        ]


class _Forks:
    """Logs that the two sides go on with differently, until they are taken over."""

    def __init__(self, replica: Replica, remembered: dict[bytes, Head]) -> None:
        self.replica = replica
        self.remembered = remembered
        self.open: dict[bytes, tuple[int, Refusal]] = {}
        """Log → the last seq at which both may agree, and what was said."""
        self.tried: dict[bytes, set[int]] = {}
        self.taken_over: list[Refusal] = []
        """What is to be told of branches that were set aside."""

    def open_refusals(self) -> list[Refusal]:
        return [refusal for _, refusal in self.open.values()]

    def asked(self, head: Head) -> Head:
        """The head to give for a log, so that the other side sends its branch."""
        if head.log not in self.open:
            return head
        seq, _ = self.open[head.log]
        logs = self.replica.logs
        return Head(head.log, seq, logs.hash_at(logs[head.log], seq))

    def asks_further(self, asked: list[Head]) -> bool:
        """Whether the next round asks for more of a branch than the last one did."""
        seqs = {head.log: head.seq for head in asked}
        return any(seq > seqs.get(log, 0) for log, (seq, _) in self.open.items())

    def try_next(self, refusal: Refusal) -> bool:
        """Look for where the branches part: where both last agreed, else at the beginning."""
        tried = self.tried.setdefault(refusal.log, set())
        self.open.pop(refusal.log, None)
        for seq in (self._last_agreed(refusal), 0):
            if seq not in tried:
                tried.add(seq)
                self.open[refusal.log] = seq, refusal
                return True
        return False

    def _last_agreed(self, refusal: Refusal) -> int:
        head, logs = self.remembered.get(refusal.log), self.replica.logs
        log = logs[refusal.log]
        if head is None or head.seq >= refusal.seq or head.seq > log.seq:
            return 0
        return head.seq if logs.hash_at(log, head.seq) == head.hash else 0

    def take_over(self, log: bytes, branch: list[Page]) -> Received:
        """Take the other side's branch where it leaves ours; until then, ask for what follows."""
        _, refusal = self.open[log]
        common = self.replica.agreed(log, branch)
        if common >= branch[-1].last:
            self.open[log] = common, refusal
            return Received(0, [])
        received = self.replica.adopt(log, common, branch)
        if received.added:
            del self.open[log]
            why = (
                f"this log has two histories after seq {common}, both signed by its device; the "
                "one that was here was set aside. Its device was copied, or somebody shows others "
                "something else than us"
            )
            self.taken_over.append(Refusal(log, common + 1, "fork", why))
        return received

    def disagreements(self, theirs: dict[bytes, Head]) -> list[Refusal]:
        """The logs of which we hold as much as they do, and not the same."""
        logs = self.replica.logs
        return [
            Refusal(head.log, head.seq, "fork", f"both sides hold seq {head.seq}, and not the same")
            for head in theirs.values()
            if head.log not in self.open
            and (log := logs.get(head.log)) is not None
            and head.seq <= log.seq
            and logs.hash_at(log, head.seq) != head.hash
        ]


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

"""Rounds of sync: take in what a replica brings, then answer with what it lacks.

A round first stores what fits, durably, and only then reads what it answers, so that `heads` never
says more than the disk does. Because logs only grow, what a survey found lacking can be read in
another moment, in another thread.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import NamedTuple

from kithbook.envelope import HASH_BYTES, NO_HASH, Head
from kithbook.errors import Damaged, Invalid
from kithbook.ids import ID_BYTES, NetworkId
from kithbook.protocol import REPLY_EVENTS, SyncReply, SyncRequest, one_round
from kithbook.replication import PAGE_EVENTS, Page, Refusal, Span, fork, lacking
from kithbook_server.intake import Intake, LeftOut
from kithbook_server.log import LogHead, LogRecorder, Range, Reading

MAX_SEQ = 2**63 - 1
PAGE_BYTES = 1024 * 1024
"""A page with more bytes of records than this is cut at an earlier seal, where it has one."""

SHORT = 100
"""Ranges of at most so many events are read many at once."""


class Survey(NamedTuple):
    """What a network holds, and what of it a replica lacks: the round before its pages."""

    logs: dict[bytes, LogHead]
    refused: list[Refusal]
    spans: list[Span]
    lacks: int
    """How many events the replica lacks."""


class SyncService:
    """The server's side of `protocol.SyncServer`. Who may sync is decided before.

    `sync` is a whole round. Who must not wait in its thread goes step by step: `push` or `survey`,
    then `fill` where that gave a survey.
    """

    def __init__(
        self, recorder: LogRecorder, intake: Intake, reply_events: int = REPLY_EVENTS
    ) -> None:
        self._recorder = recorder
        self._intake = intake
        self._reply_events = reply_events

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        if request.pages:
            answer = self.push(network, request).result()
        else:
            answer = self.survey(network, request)
        return self.fill(answer) if isinstance(answer, Survey) else answer

    def push(
        self, network: NetworkId, request: SyncRequest, short: int = 0
    ) -> Future[SyncReply | Survey]:
        """Store what fits, then the same as `survey`."""
        check_heads(request)
        return self._intake.store(
            network,
            request.pages,
            lambda held, refused: self._answer(held, network, request, refused, short),
        )

    def survey(
        self, network: NetworkId, request: SyncRequest, short: int = 0
    ) -> SyncReply | Survey:
        """The answer where the replica lacks at most `short` events, or else what to `fill`."""
        check_heads(request)
        with self._recorder.reading() as held:
            return self._answer(held, network, request, {}, short)

    def fill(self, survey: Survey) -> SyncReply:
        """The answer, with as many pages as one round carries."""
        with self._recorder.reading() as held:
            return self._fill(held, survey)

    def _answer(
        self,
        held: Reading,
        network: NetworkId,
        request: SyncRequest,
        refused: LeftOut,
        short: int,
    ) -> SyncReply | Survey:
        survey = _survey(held, network, request, refused)
        erasing = self._intake.erasing
        missing = erasing.missing_now if request.pages else erasing.missing
        survey.refused.extend(missing(held, network))
        return self._fill(held, survey) if survey.lacks <= short else survey

    def _fill(self, held: Reading, survey: Survey) -> SyncReply:
        pages = one_round(_pages(held, survey), self._reply_events)
        events = sum([len(page.records) for page in pages])
        heads = [log.head for log in survey.logs.values()]
        return SyncReply(heads, pages, survey.refused, events < survey.lacks)


def check_heads(request: SyncRequest) -> None:
    """Raises Invalid where a head cannot be one."""
    for head in request.heads:
        if (
            len(head.log) != ID_BYTES
            or len(head.hash) != HASH_BYTES
            or head.seq < 0
            or head.seq > MAX_SEQ
        ):
            raise Invalid(
                f"A head names a log of {len(head.log)} bytes at seq {head.seq}"
                f" with a hash of {len(head.hash)} bytes.",
                f"A log has {ID_BYTES} bytes, a hash {HASH_BYTES}, and a seq is not negative.",
            )


def _survey(held: Reading, network: NetworkId, request: SyncRequest, refused: LeftOut) -> Survey:
    theirs = {head.log: head for head in request.heads}
    logs = {log.head.log: log for log in held.heads(network)}
    refused = _forks(held, logs, theirs.values()) | refused
    for page in request.pages:
        if page.log not in theirs or theirs[page.log].seq < page.last:
            theirs[page.log] = Head(page.log, page.last, NO_HASH)
    mine = [log.head for log in logs.values()]
    if refused:
        mine = [head for head in mine if head.log not in refused]
    spans = list(lacking(mine, theirs))
    lacks = sum([span.upto - span.after for span in spans])
    return Survey(logs, list(refused.values()), spans, lacks)


def _forks(held: Reading, logs: dict[bytes, LogHead], theirs: Iterable[Head]) -> LeftOut:
    """The logs that a replica has differently, as far as that can be seen: up to our heads."""
    within: list[Head] = []
    places: list[tuple[LogHead, int]] = []
    for head in theirs:
        log = logs.get(head.log)
        if log is not None and head.seq <= log.head.seq:
            within.append(head)
            places.append((log, head.seq))
    return {
        head.log: fork(head.log, head.seq)
        for head, ours in zip(within, held.hashes_at(places), strict=True)
        if head.hash != ours
    }


def _pages(held: Reading, survey: Survey) -> Iterator[Page]:
    """The pages that a replica lacks, in the order of logs, each read when it is asked for."""
    short: list[Range] = []
    events = 0
    for span in survey.spans:
        log, lacks = survey.logs[span.log], span.upto - span.after
        is_long = lacks > SHORT
        if is_long or events + lacks > PAGE_EVENTS:
            yield from _short_pages(held, short)
            short, events = [], 0
        if is_long:
            yield from _pages_of(held, log, span)
        else:
            short.append((log, span.after, span.upto))
            events += lacks
    yield from _short_pages(held, short)


def _short_pages(held: Reading, ranges: list[Range]) -> Iterator[Page]:
    """A page for each range: a team's new events are a few in each of many logs."""
    if not ranges:
        return
    for (log, after, upto), page in zip(ranges, held.pages(ranges), strict=True):
        if len(page.seals) > 1 and sum(map(len, page.records)) > PAGE_BYTES:
            yield from _pages_of(held, log, Span(log.log, after, upto))
        else:
            yield page


def _pages_of(held: Reading, log: LogHead, span: Span) -> Iterable[Page]:
    """Pages up to a seal each, and as long as they can be."""
    after = span.after
    while after < span.upto:
        seals = held.seals(log, after, min(after + PAGE_EVENTS, span.upto))
        if not seals:
            raise Damaged(
                f"Log {log.log.hex()} has no seal within {PAGE_EVENTS:,} events after {after}.",
                "Run `kithd verify` on the server.",
            )
        while len(seals) > 1 and held.size(log, after, seals[-1].seq) > PAGE_BYTES:
            seals = seals[: len(seals) // 2]
        upto = seals[-1].seq
        yield Page(
            log.log, after + 1, held.hash_at(log, after), held.records(log, after, upto), seals
        )
        after = upto

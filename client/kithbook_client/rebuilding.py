"""Rebuilding: every view worked out anew from all that the logs hold, in one transaction."""

from collections.abc import Callable, Iterator, Sequence

from kithbook.collecting import uncollected
from kithbook.facts.effects import Entry
from kithbook.facts.fold import Facts
from kithbook_client.folding import FLUSH, Stored, flush
from kithbook_client.index import Index
from kithbook_client.kept import Kept
from kithbook_client.log import Aside, Log, Logs
from kithbook_client.views import Views

READ = 5_000
"""Events to read at a time."""

Progress = Callable[[int, int], None]
"""Called with how much is done, of how much."""


def rebuild(views: Views, index: Index, progress: Progress | None = None) -> None:
    """Fold everything in again, from nothing, in the transaction that is open."""
    with uncollected():
        _rebuild(views, index, progress)


def reindex(views: Views, index: Index) -> None:
    """Note anew where every event is to be found, in the transaction that is open."""
    for log in views.logs.held():
        index.forget(log, 0)
    for log in views.logs.held():
        for first, records, hashes in _records(views.logs, log):
            entries, _ = views.logs.read(log, first, records, hashes)
            index.note_acts(log, first, records)
            index.note(entries)


def _rebuild(views: Views, index: Index, progress: Progress | None) -> None:
    from kithbook_client.deeds import forget

    logs = views.logs
    index.note(_readable_now(views))
    views.clear()
    forget(views.db)
    views.people.load()
    reached = {log.id: 1 for log in logs.held()}
    stored = Stored(views, index, Kept(is_all=True))
    stored.fresh |= reached
    facts = Facts(logs.standings(), dict(reached), stored)
    facts.decide(index.bearing())
    total = sum(log.seq for log in logs.held())
    done = waiting = 0
    for log, first, entries, aside in _everything(logs):
        facts.take(entries)
        for what in aside:
            facts.set_aside(*what)
        count = len(entries) + len(aside)
        reached[log.id] = first + count
        done += count
        waiting += count
        if waiting >= FLUSH:
            waiting = 0
            flush(views, facts)
            stored.fresh |= reached
        if progress:
            progress(done, total)
    facts.finish()
    views.save(facts.tables.items())
    views.track()


def _everything(logs: Logs) -> Iterator[tuple[Log, int, list[Entry], list[Aside]]]:
    for log in logs.held():
        for first, records, hashes in _records(logs, log):
            yield log, first, *logs.read(log, first, records, hashes)


def _records(logs: Logs, log: Log) -> Iterator[tuple[int, Sequence[bytes], Sequence[bytes]]]:
    """First seq, records and hashes of a log, some at a time."""
    seq = 0
    while rows := logs.rows(log, seq, READ):
        _, hashes, records = zip(*rows, strict=True)
        yield seq + 1, records, hashes
        seq += len(rows)


def _readable_now(views: Views) -> list[Entry]:
    """Events that could not be read before and now can: the release is newer, or the body back."""
    reasons = "'unknown', 'unreadable', 'missing'"
    rows = views.db.execute(f"SELECT event FROM void WHERE reason IN ({reasons})")
    places = [number for (number,) in rows.fetchall() if views.logs.is_ours(number)]
    return list(views.logs.entries(places))

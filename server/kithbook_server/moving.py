"""Carrying all that a server keeps to another place: every network as it arrived, and the accounts.

What is there already is not carried again. So a move that was cut off goes on where it was, and one
that was made while the source served is completed by the next.
"""

from collections.abc import Callable, Iterator
from itertools import groupby

import msgspec

from kithbook.envelope import Head, Seal, Verify, erase_record
from kithbook.errors import Damaged, Refused
from kithbook.ids import NetworkId, event_id
from kithbook.replication import Accepted
from kithbook_server.accounts.carrying import carry_accounts
from kithbook_server.audit import audit
from kithbook_server.log import LogRecorder, Reading, Row, Writing
from kithbook_server.stores import Stores

BATCH = 10_000


class Moved(msgspec.Struct, frozen=True):
    """What was carried, and `held`: how many events the target holds now."""

    networks: int
    events: int
    decisions: int
    held: int


def move(source: Stores, target: Stores, verify: Verify, tell: Callable[[int], None]) -> Moved:
    """Carry what the target lacks, then check all that it holds. `tell` hears of each batch.

    Raises Refused where the target holds another history, and Damaged where something does not fit.
    """
    with source.recorder.reading() as held:
        networks = held.networks()
    events = sum(_carry(source.recorder, target.recorder, network, tell) for network in networks)
    decisions = carry_accounts(source.accounts, target.accounts)
    report = audit(target.recorder, verify)
    if not report.ok:
        problem = report.problems[0]
        raise Damaged(
            f"What was carried does not fit at {problem.event or 'one place'}: {problem.why}.",
            "Run kithd verify on the source: it says the same there if the damage is older.",
        )
    return Moved(len(networks), events, decisions, report.events)


def _carry(
    source: LogRecorder, target: LogRecorder, network: NetworkId, tell: Callable[[int], None]
) -> int:
    held = _agreed(source, target, network)
    carried = position = 0
    while True:
        with source.reading() as here:
            rows = here.since(network, position, BATCH)
            lacking = [row for row in rows if row[2] > held.get(row[1], 0)]
            parts = list(_parts(here, network, lacking))
        if not rows:
            _erase(source, target, network)
            return carried
        with target.writing() as writing:
            _check_nobody_else(writing, network, parts, held)
            for part, received in parts:
                writing.append(network, part, received)
        held |= {part.head.log: part.head.seq for part, _ in parts}
        carried += len(lacking)
        position = rows[-1][0]
        tell(len(lacking))


def _check_nobody_else(
    writing: Writing,
    network: NetworkId,
    parts: list[tuple[Accepted, int]],
    held: dict[bytes, int],
) -> None:
    """Raises Refused where a log that grows by these parts has grown by others meanwhile."""
    for log in {part.head.log for part, _ in parts}:
        found = writing.head(network, log)
        if (found.seq if found else 0) != held.get(log, 0):
            raise Refused(
                f"Somebody else wrote to the target meanwhile, to the log {log.hex()}.",
                "Stop the kithd that serves from there, and start this again: it goes on.",
            )


def _erase(source: LogRecorder, target: LogRecorder, network: NetworkId) -> None:
    """Bodies that were carried and have been erased since are erased there too."""
    with source.reading() as here, target.reading() as there:
        blanks = set(here.blanks(network)) - set(there.blanks(network))
        heads = {log.log: log for log in there.heads(network)}
        records = [
            (heads[log], seq, erase_record(*there.records(heads[log], seq - 1, seq)))
            for log, seq, _ in blanks
            if log in heads and seq <= heads[log].seq
        ]
    if records:
        with target.writing() as writing:
            for head, seq, record in records:
                writing.replace(head, seq, record)


def _agreed(source: LogRecorder, target: LogRecorder, network: NetworkId) -> dict[bytes, int]:
    """How far the target holds each log. Raises Refused where it holds other events."""
    with source.reading() as here, target.reading() as there:
        ours = {log.log: log for log in here.heads(network)}
        theirs = {log.log: log for log in there.heads(network)}
        for log in ours.keys() & theirs.keys():
            seq = min(ours[log].seq, theirs[log].seq)
            if here.hash_at(ours[log], seq) != there.hash_at(theirs[log], seq):
                raise Refused(
                    f"The target holds another event at {event_id(log, seq)} or before it.",
                    "Carry to an empty place, or to one that was filled from here.",
                )
        return {log: found.seq for log, found in theirs.items()}


def _parts(here: Reading, network: NetworkId, rows: list[Row]) -> Iterator[tuple[Accepted, int]]:
    """The rows in the runs in which they arrived, with their seals, and when they were received."""
    seals = _seals(here, network, rows)
    for (log, received), found in groupby(rows, lambda row: (row[1], row[5])):
        run = list(found)
        first, last = run[0][2], run[-1][2]
        part = Accepted(
            first,
            [row[3] for row in run],
            [row[4] for row in run],
            [seal for seal in seals[log] if first <= seal.seq <= last],
            Head(log, last, run[-1][4]),
        )
        yield part, received


def _seals(here: Reading, network: NetworkId, rows: list[Row]) -> dict[bytes, list[Seal]]:
    heads = {log.log: log for log in here.heads(network)}
    ends: dict[bytes, tuple[int, int]] = {}
    for _, log, seq, *_ in rows:
        ends[log] = ends.get(log, (seq - 1, 0))[0], seq
    return {log: here.seals(heads[log], after, upto) for log, (after, upto) in ends.items()}

"""Walks every chain and every seal that the server holds, and says where something does not fit."""

from collections.abc import Iterator

import msgspec

from kithbook.envelope import NO_HASH, Verify, chain, record_kind, record_problem, seal_message
from kithbook.ids import NetworkId, event_id
from kithbook.replication import opening_key
from kithbook_server.erasing import Erasing
from kithbook_server.log import LogHead, LogRecorder, Reading

STEP = 1_000


class Problem(msgspec.Struct, frozen=True):
    """An event that does not fit; `event` is empty when it is about the database as a whole."""

    event: str
    why: str


class Report(msgspec.Struct, frozen=True):
    ok: bool
    events: int
    problems: list[Problem]


def audit(recorder: LogRecorder, verify: Verify) -> Report:
    """The report over all networks, with the first problem of each log."""
    problems = [Problem("", why) for why in recorder.problems()]
    events = 0
    with recorder.reading() as held:
        for network in held.networks():
            for log in held.heads(network):
                events += log.seq
                problems += _first(_log_problems(held, network, log, verify))
            problems += _act_problems(held, network)
            problems += [
                _at_event(one.log, one.seq, "its body is gone, and its writer did not erase it")
                for one in Erasing(verify).missing(held, network)
            ]
    return Report(not problems, events, problems)


def _first(problems: Iterator[Problem]) -> list[Problem]:
    found = next(problems, None)
    return [found] if found else []


def _log_problems(
    held: Reading, network: NetworkId, log: LogHead, verify: Verify
) -> Iterator[Problem]:
    previous = NO_HASH
    for after in range(0, log.seq, STEP):
        upto = min(after + STEP, log.seq)
        records = held.records(log, after, upto)
        if len(records) != upto - after:
            yield _at(log, after + 1, f"{upto - after - len(records)} events from here are missing")
        yield from _record_problems(network, log, after, records)
        hashes = chain(network, log.log, after + 1, previous, records)
        yield from _chain_problems(held, log, after, hashes)
        yield from _seal_problems(held, network, log, after, hashes, verify)
        previous = hashes[-1]
    if previous != log.hash:
        yield _at(log, log.seq, "the head of the log has another hash")
    if not held.seals(log, log.seq - 1, log.seq):
        yield _at(log, log.seq, "the last event of the log has no seal")


def _record_problems(
    network: NetworkId, log: LogHead, after: int, records: list[bytes]
) -> Iterator[Problem]:
    for seq, record in enumerate(records, after + 1):
        if why := record_problem(record):
            yield _at(log, seq, why)
    if after == 0 and opening_key(network, log.log, records[0]) != log.key:
        yield _at(log, 1, "it does not open this log with the key that is kept for it")


def _chain_problems(
    held: Reading, log: LogHead, after: int, hashes: list[bytes]
) -> Iterator[Problem]:
    kept = held.hashes(log, after, after + len(hashes))
    for seq, (one, other) in enumerate(zip(hashes, kept, strict=True), after + 1):
        if one != other:
            yield _at(log, seq, "its bytes do not give the hash that is kept for it")


def _seal_problems(
    held: Reading,
    network: NetworkId,
    log: LogHead,
    after: int,
    hashes: list[bytes],
    verify: Verify,
) -> Iterator[Problem]:
    for seal in held.seals(log, after, after + len(hashes)):
        message = seal_message(network, log.log, seal.seq, hashes[seal.seq - after - 1])
        if not verify(log.key, seal.signature, message):
            yield _at(log, seal.seq, "its seal is not by the device that writes this log")


def _act_problems(held: Reading, network: NetworkId) -> Iterator[Problem]:
    for log, seq, record in held.acts(network):
        if not record_kind(record):
            yield Problem(event_id(log, seq), "it is kept as a membership event, and is none")


def _at_event(log: bytes, seq: int, why: str) -> Problem:
    return Problem(event_id(log, seq), why)


def _at(log: LogHead, seq: int, why: str) -> Problem:
    return _at_event(log.log, seq, why)

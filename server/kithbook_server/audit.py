"""Walks every chain and every seal that the server holds, and says where something does not fit."""

from collections.abc import Iterator

import msgspec

from kithbook.checking import LogCheck
from kithbook.envelope import Verify, record_kind
from kithbook.ids import NetworkId, event_id
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
                _at(one.log, one.seq, "its body is gone, and its writer did not erase it")
                for one in Erasing(verify).missing(held, network)
            ]
    return Report(not problems, events, problems)


def _first(problems: Iterator[Problem]) -> list[Problem]:
    found = next(problems, None)
    return [found] if found else []


def _log_problems(
    held: Reading, network: NetworkId, log: LogHead, verify: Verify
) -> Iterator[Problem]:
    check = LogCheck(network, log.log, log.key, verify)
    for after in range(0, log.seq, STEP):
        upto = min(after + STEP, log.seq)
        records = held.records(log, after, upto)
        if missing := upto - after - len(records):
            yield _at(log.log, after + 1, f"{missing} events from here are missing")
        hashes, seals = held.hashes(log, after, upto), held.seals(log, after, upto)
        for seq, why in check.stretch(records, hashes, seals):
            yield _at(log.log, seq, why)
    for seq, why in check.end(log.head, log.hlc, is_sealed=True):
        yield _at(log.log, seq, why)


def _act_problems(held: Reading, network: NetworkId) -> Iterator[Problem]:
    for log, seq, record in held.acts(network):
        if not record_kind(record):
            yield _at(log, seq, "it is kept as a membership event, and is none")


def _at(log: bytes, seq: int, why: str) -> Problem:
    return Problem(event_id(log, seq), why)

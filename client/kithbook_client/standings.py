"""Standings: whose each log is, worked out from the acts and noted in the table of logs."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from kithbook.envelope import Verify
from kithbook.errors import Damaged
from kithbook.membership import UNKNOWN, Standing, standing
from kithbook_client.numbers import MAX_SEQ
from kithbook_client.schema import REPAIR

if TYPE_CHECKING:
    from kithbook_client.log import Log, Logs

COLUMNS = "person, role, until, why, earlier, powerless"
"""Of the table of logs: what is noted of a standing."""

Pairs = tuple[tuple[int, str | None], ...]
_decode_pairs = msgspec.json.Decoder(Pairs).decode


def noted(person: bytes | None, others: Iterable[Any]) -> Standing:
    """The standing in these columns, with the id of the person for their number."""
    role, until, why, earlier, powerless = others
    if not person and not why:
        return UNKNOWN
    return Standing(person, role, until, why, _pairs(earlier), _pairs(powerless))


def settle(logs: "Logs", verify: Verify, folded: Mapping[bytes, int]) -> bool:
    """Work out every log's standing anew; whether anything that was folded counts otherwise.

    `folded` gives how far a log was folded in, where that is not up to its head.
    """
    is_stale = False
    for id_, found in standing(logs.network_id, logs.acts(), verify).items():
        log = logs[id_]
        if log.standing != found:
            seq = folded.get(id_, log.seq)
            is_stale |= seq > 0 and _counting(found, seq) != _counting(log.standing, seq)
            log.standing = found
            _note(logs, log)
    return is_stale


def _counting(found: Standing, seq: int) -> tuple[object, ...]:
    """In whose name, in what roles and how far a log of this length counts."""
    last = min(found.last, seq)
    earlier = [span for span in found.earlier if span[0] < last]
    powerless = [act for act in found.powerless if act[0] <= last]
    return found.person, last, earlier, found.role_at(last), powerless


def _note(logs: "Logs", log: "Log") -> None:
    found = log.standing
    person = None if found.person is None else logs.people[found.person]
    until = None if found.until is None else min(found.until, MAX_SEQ)
    said = person, found.role, until, found.why
    logs.db.execute(
        f"UPDATE log SET ({COLUMNS}) = (?, ?, ?, ?, ?, ?) WHERE no = ?",
        (*said, _text(found.earlier), _text(found.powerless), log.no),
    )


def _pairs(text: str | None) -> Any:
    """Earlier roles or powerless acts as they are stored; few logs have any."""
    if text is None:
        return ()
    try:
        return _decode_pairs(text)
    except (msgspec.MsgspecError, TypeError, UnicodeError) as error:
        raise Damaged(f"What is noted of a log cannot be read: {error}.", REPAIR) from error


def _text(pairs: Pairs) -> str | None:
    return msgspec.json.encode(pairs).decode() if pairs else None

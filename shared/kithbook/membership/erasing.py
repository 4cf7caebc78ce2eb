"""Erasing: which bodies are to be destroyed, and which are gone without anybody's right to it.

Nobody erases what somebody else wrote: what is destroyed cannot be looked at any more to see
whether it might have been.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from kithbook.envelope import CONTENT, ERASED, erase_record, record_kind, reference
from kithbook.events import Erased
from kithbook.ids import Ref
from kithbook.membership.standing import Act, Standing, why_inert

Erasures = AbstractSet[Ref]
MISSING = "missing"
"""Why an event does not count whose body is gone although nobody erased it."""


def erasures(acts: Iterable[Act], standings: Mapping[bytes, Standing]) -> Erasures:
    """The events that an `erased` names which counts, written by the same person."""
    found: set[Ref] = set()
    for act in acts:
        writer = standings.get(act.log)
        if not isinstance(act.event, Erased) or writer is None:
            continue
        if why_inert(writer, act.seq, act.event) is None:
            own = (standings.get(ref.log) for ref in act.event.events)
            found.update(
                ref
                for ref, log in zip(act.event.events, own, strict=True)
                if log is not None and log.person == writer.person
            )
    return found


def without_bodies(
    log: bytes, first: int, records: Sequence[bytes], hashes: Sequence[bytes], gone: Erasures
) -> Sequence[bytes]:
    """Consecutive records as they may be kept: without the bodies that are to be destroyed."""
    if not any(ref.log == log for ref in gone):
        return records
    return [
        erase_record(record)
        if record_kind(record) == CONTENT and reference(log, seq, hash_) in gone
        else record
        for seq, (record, hash_) in enumerate(zip(records, hashes, strict=True), first)
    ]


def is_blank(record: bytes) -> bool:
    """Whether a record has no body, rightly or not."""
    return bool(record[0] & ERASED)

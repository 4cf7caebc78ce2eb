"""What a history cannot tell: events that were erased.

Where each stood is known, and who wrote and erased it. What it said, and of whom, is not, so
whether it ever moved a score cannot be told any more.
"""

from collections.abc import Mapping
from typing import NamedTuple

from kithbook.ids import Ref
from kithbook.knowledge import Knowledge, Unread
from kithbook.membership import Act, Standing, erasures


class Lost(NamedTuple):
    """An event without its body, and the `erased` that had it destroyed."""

    event: Unread
    erasure: Act


def lost(knowledge: Knowledge, standings: Mapping[bytes, Standing]) -> list[Lost]:
    """What was erased, in the order in which it was written."""
    named: dict[Ref, Act] = {}
    for act in sorted(knowledge.acts.values(), key=lambda act: act.written):
        for ref in erasures([act], standings):
            named.setdefault(ref, act)
    found = [
        Lost(event, named[ref])
        for event in knowledge.unread
        if (ref := Ref(event.log, event.seq, event.check)) in named
    ]
    return sorted(found, key=lambda one: (one.event.hlc, one.event.log, one.event.seq))


def lost_sentence(count: int) -> str:
    """That so many events were erased, for people to read."""
    if count == 1:
        return "1 event was erased: what it said, and of whom, cannot be told any more."
    return f"{count:,} events were erased: what they said, and of whom, cannot be told any more."

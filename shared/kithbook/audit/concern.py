"""Which events could bear on one score at all."""

from itertools import permutations

from kithbook.audit.bounds import Bounds
from kithbook.events import MEMBERSHIP, Erased, Invited, Merged, Retracted, Ruled, people_in
from kithbook.knowledge import Held, Knowledge
from kithbook.readings.rules import CADENCE


def concerning(knowledge: Knowledge, bounds: Bounds, me: bytes) -> list[Held]:
    """The events that could bear on the score, in the order in which they came."""
    root = bounds.root
    pairs = {pair for pair in bounds.most if bounds.concerns(*pair)}
    people = {bounds.start, bounds.to, root(me)}.union(*pairs)
    invited = {
        person
        for act in knowledge.acts.values()
        if isinstance(act.event, Invited)
        for person in people_in(act.event)
    }
    people |= {root(person) for person in invited}

    def concerns(held: Held) -> bool:
        event = held.event
        if isinstance(event, (Erased, *MEMBERSHIP)):
            return True
        if isinstance(event, Ruled):
            return not event.setting.startswith(CADENCE)
        named = [root(person) for person in people_in(event)]
        if isinstance(event, Merged):
            return not people.isdisjoint(named)
        return any(pair in pairs for pair in permutations(named, 2))

    found = {held.place for held in knowledge.events if concerns(held)}
    sources = {h.event.source for h in knowledge.events if h.place in found} - {None}
    if sources:
        found |= {h.place for h in knowledge.events if h.event.source in sources}
    return [
        held
        for held in knowledge.events
        if held.place in found
        or (
            isinstance(held.event, Retracted)
            and (held.event.event.log, held.event.event.seq) in found
        )
    ]

"""Which events could bear on one score at all."""

from kithbook.audit.bounds import Bounds
from kithbook.events import Invited, Merged, Retracted, Ruled
from kithbook.knowledge import Held, Knowledge
from kithbook.readings.rules import CADENCE


def concerning(knowledge: Knowledge, bounds: Bounds, me: bytes) -> list[Held]:
    """The events that could bear on the score, in the order in which they came."""
    events, root = knowledge.events, bounds.root
    pairs = bounds.pairs()
    acts = (act.event for act in knowledge.acts.values())
    members = {act.person for act in acts if isinstance(act, Invited)} | {me}
    people = {bounds.start, bounds.to, *map(root, members)}.union(*pairs)
    found = set(bounds.about(pairs))
    retracted: list[int] = []
    for number in bounds.rest:
        match events[number].event:
            case Retracted():
                retracted.append(number)
            case Merged() as merged if root(merged.people[0]) not in people:
                pass
            case Ruled() as ruled if ruled.setting.startswith(CADENCE):
                pass
            case _:
                found.add(number)
    sources = {events[number].event.source for number in found} - {None}
    if sources:
        found |= {number for number, held in enumerate(events) if held.event.source in sources}
    places = {events[number].place for number in found}
    for number in retracted:
        event = events[number].event
        if isinstance(event, Retracted) and (event.event.log, event.event.seq) in places:
            found.add(number)
    return [events[number] for number in sorted(found)]

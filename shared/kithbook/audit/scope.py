"""Scopes: what a history is told of, one network or several read as one address book."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from msgspec.structs import replace

from kithbook.events import Described, Retracted, Ruled
from kithbook.facts.rows import Merge
from kithbook.facts.tables import Place, Tables
from kithbook.knowledge import Held, Knowledge, Unread
from kithbook.membership import Act, Standing, members
from kithbook.past import Stand
from kithbook.readings.joined import JoinedWord, merges_of_all
from kithbook.readings.listing import Logged
from kithbook.readings.merges import in_force
from kithbook.readings.moment import Moment
from kithbook.readings.trust.levels import Word

Standings = Mapping[bytes, Standing]


class Scope:
    """One network: what is known of it, and what decides who speaks in it."""

    def __init__(self, knowledge: Knowledge, stand: Stand) -> None:
        self.knowledge = knowledge
        self.stand = stand

    def at(self, moment: Moment) -> "Scope":
        """What was known at a moment."""
        return Scope(self.knowledge.at(moment), self.stand)

    def merges(self, rows: Tables, standings: Standings) -> list[Merge]:
        """The merges that are in force."""
        said = [merge for merge in rows.merge.values() if not merge.empty]
        return in_force(said, members(standings.values()))

    def word(self, standings: Standings, reader: bytes, one: Mapping[bytes, bytes]) -> Word:
        """Whose word counts."""
        return Word(members(standings.values()), reader, one)

    def logged(
        self,
        events: Iterable[Held | Unread],
        standings: Standings,
        void: Callable[[Place], str | None],
    ) -> Iterator[Logged]:
        """As `Knowledge.logged`."""
        return self.knowledge.logged(events, standings, void)


class JoinedScope(Scope):
    """Several networks as `JoinedReader` reads them; the first is one's own."""

    def __init__(self, parts: Sequence[Scope]) -> None:
        self.parts = parts
        self._part = {log: part for part, one in enumerate(parts) for log in _logs(one.knowledge)}
        self._named = [_named(one.knowledge) for one in parts]
        known = [one.knowledge for one in parts]
        together = known[0]._replace(
            events=list(self._events()),
            acts={place: act for one in known for place, act in one.acts.items()},
            unread=[unread for one in known for unread in one.unread],
        )
        super().__init__(together, self._stand)

    def merges(self, rows: Tables, standings: Standings) -> list[Merge]:
        said: list[list[Merge]] = [[] for _ in self.parts]
        for (log, _), merge in rows.merge.items():
            if not merge.empty:
                said[self._part[log]].append(merge)
        found = map(in_force, said, self._members(standings))
        return list(merges_of_all(list(found), [named.intersection for named in self._named]))

    def word(self, standings: Standings, reader: bytes, one: Mapping[bytes, bytes]) -> Word:
        return JoinedWord(self._members(standings), reader, one)

    def logged(
        self,
        events: Iterable[Held | Unread],
        standings: Standings,
        void: Callable[[Place], str | None],
    ) -> Iterator[Logged]:
        """Each with the network in which it stands."""
        for logged in super().logged(events, standings, void):
            part = self.parts[self._part[logged.log]]
            yield replace(logged, network=part.knowledge.network)

    def _members(self, standings: Standings) -> list[set[bytes]]:
        found: list[list[Standing]] = [[] for _ in self.parts]
        for log, standing in standings.items():
            found[self._part[log]].append(standing)
        return [members(some) for some in found]

    def _stand(self, acts: Iterable[Act]) -> dict[bytes, Standing]:
        found: list[list[Act]] = [[] for _ in self.parts]
        for act in acts:
            found[self._part[act.log]].append(act)
        standings: dict[bytes, Standing] = {}
        for part, some in enumerate(found):
            stand = self.parts[part].stand(some)
            self._part |= dict.fromkeys(stand, part)
            standings |= stand
        return standings

    def _events(self) -> Iterator[Held]:
        """In the order in which they came, without what says nothing beyond its own network."""
        came = (_came(n, one.knowledge) for n, one in enumerate(self.parts))
        for _, part, held in heapq.merge(*came, key=itemgetter(0)):
            match held.event:
                case Ruled() if part:
                    pass
                case Retracted(event=ref) if self._part.get(ref.log, part) != part:
                    pass
                case _:
                    yield held


def _came(part: int, knowledge: Knowledge) -> Iterator[tuple[int, int, Held]]:
    """Each network keeps its own order, also where the clock of this device was set back."""
    latest = 0
    for held in knowledge.events:
        latest = max(latest, held.received)
        yield latest, part, held


def _logs(knowledge: Knowledge) -> set[bytes]:
    return {held.log for held in knowledge.events} | {one.log for one in knowledge.unread}


def _named(knowledge: Knowledge) -> set[bytes]:
    """Everybody whom somebody ever gave a name in a network."""
    events = (held.event for held in knowledge.events)
    return {
        event.person for event in events if isinstance(event, Described) and "name" in event.set
    }

"""Suppositions: what would be known, had some events not been written, or others as well."""

from collections.abc import Collection, Container, Iterable
from typing import NamedTuple

import msgspec

from kithbook.events import MEMBERSHIP, Content
from kithbook.facts.tables import Place
from kithbook.ids import CHECK_BYTES
from kithbook.knowledge import Held, Knowledge
from kithbook.membership import UNKNOWN, Act, Standing, members
from kithbook.past import Stand
from kithbook.readings.reader import Reader
from kithbook.readings.trust.score import Score


class Supposition(msgspec.Struct, frozen=True):
    """Events dropped, people whose word is dropped, and events added.

    The word of a person is what their devices wrote, but for membership, and what others wrote in
    their name.
    """

    drop: frozenset[Place] = frozenset()
    silence: frozenset[bytes] = frozenset()
    add: tuple[Content, ...] = ()

    def drops(self, held: Held, author: bytes | None) -> bool:
        """Whether an event that somebody wrote would not be there."""
        if held.place in self.drop:
            return True
        if isinstance(held.event, MEMBERSHIP):
            return False
        return not self.silence.isdisjoint({author, getattr(held.event, "by", None)})


def suppose(
    known: Knowledge, stand: Stand, supposed: Supposition, me: bytes
) -> tuple[Knowledge, Stand]:
    """What would be known, and who would speak in which log.

    An added event is a member's own word where it is in their name, else the word of `me`, as an
    owner. It stands in a log that has the id of who speaks, as no real log has.
    """
    standings = stand(known.acts.values())
    voices = _voices(standings.values(), me)
    events = [
        held
        for held in known.events
        if not supposed.drops(held, standings.get(held.log, UNKNOWN).person)
    ]
    hlc = max((held.hlc for held in known.events), default=0)
    received = max((held.received for held in known.events), default=0)
    events += [
        Held(_speaker(event, voices, me), seq, hlc + seq, received, bytes(CHECK_BYTES), event)
        for seq, event in enumerate(supposed.add, 1)
    ]
    acts = {place: act for place, act in known.acts.items() if place not in supposed.drop}

    def with_supposed(acts: Iterable[Act]) -> dict[bytes, Standing]:
        found = stand(acts)
        there = members(found.values()) | {me}
        return {**found, **{who: voice for who, voice in voices.items() if who in there}}

    return known._replace(events=events, acts=acts), with_supposed


def _voices(standings: Collection[Standing], me: bytes) -> dict[bytes, Standing]:
    """Speaker → the standing of the log in which they say what is supposed."""
    roles = {found.person: found.role for found in standings if found.until is None}
    return {
        speaker: Standing(speaker, "owner" if speaker == me else roles.get(speaker, "reader"))
        for speaker in members(standings) | {me}
    }


def _speaker(event: Content, voices: Container[bytes], me: bytes) -> bytes:
    by = getattr(event, "by", me)
    return by if by in voices else me


class Moved(NamedTuple):
    """A score that would be another."""

    to: bytes
    before: Score
    after: Score


def moved(now: Reader, then: Reader, start: bytes, person: bytes | None = None) -> list[Moved]:
    """The scores from `start` that differ between two readings, those that differ most first; or
    only that of one person.

    Somebody who is merged in only one of them is looked up in each by the id that they have there.
    """

    def scores(reader: Reader) -> dict[bytes, Score]:
        found = reader.scores(start) if person is None else [reader.score(person, start)]
        return {score.to: score for score in found}

    was, would = scores(now), scores(then)
    found = []
    for to in was.keys() | would.keys() if person is None else {person}:
        none = Score(start, to, "none")
        before, after = was.get(now.one.get(to, to), none), would.get(then.one.get(to, to), none)
        if before.score != after.score:
            found.append(Moved(to, before, after))
    found.sort(key=lambda one: (-abs((one.after.score or 0) - (one.before.score or 0)), one.to))
    return found

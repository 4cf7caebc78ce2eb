"""Sharing: private facts told again to a team, and nothing of the private log with them."""

from collections.abc import Sequence
from typing import cast

import msgspec

from kithbook.codec import Unreadable
from kithbook.errors import Ambiguous, Refused
from kithbook.events import Content, Described, people_in, type_name
from kithbook.ids import ID_BYTES, Ref, event_id, fold_name, person_id
from kithbook.readings.listing import Logged
from kithbook.readings.merges import classes, ids_of
from kithbook.restating import SHARED, mark, restated
from kithbook_client.book import Book
from kithbook_client.copies import note_copy, secret_of_home
from kithbook_client.replica import Replica
from kithbook_client.ties import tie


class Shared(msgspec.Struct, frozen=True):
    """A private event and what it was told again as; `is_new` unless it was there before, and
    `made` are the names of those whom the team did not know.
    """

    original: Logged
    place: tuple[bytes, int]
    is_new: bool
    made: tuple[str, ...] = ()


class Sharing:
    """From the private network of a home to one of its teams, at one moment."""

    def __init__(self, private: Replica, team: Replica, now_ms: int) -> None:
        self.private = private
        self.team = team
        self.now_ms = now_ms
        self.secret = secret_of_home(private)
        self.one = classes(Book([private, team]).reading(now_ms).merges())
        self.people: dict[bytes, bytes] = {}
        """Private person → who they are on the team."""
        self.births: list[Described] = []

    def share(self, originals: Sequence[Logged], *, with_note: bool) -> list[Shared]:
        """Tell these again, those that the team has not heard of yet; all of them or none.

        Raises Refused for what cannot be told, and Ambiguous where several people have a name.
        """
        for original in originals:
            self._check(original)
        home = self.private.home
        in_order = sorted(originals, key=lambda one: (one.hlc, one.log, one.seq))
        with home.writing():
            done = [self._share(original, with_note=with_note) for original in in_order]
            tie(home, self.people.items())
        return done

    def _share(self, original: Logged, *, with_note: bool) -> Shared:
        event = cast("Content", original.event)
        if (known := self._there(original.ref)) is not None:
            return Shared(original, (known.log, known.seq), is_new=False)
        for person in people_in(event):
            if person not in self.people:
                self.people[person] = self._find_or_make(person)
        source = mark(self.secret, original.ref)
        said = restated(event, self.people, self._there, source, with_note=with_note)
        entry = self.team.append([*self.births, said], self.now_ms)[-1]
        made = tuple(birth.set["name"] for birth in self.births)
        self.births = []
        there = self.team.logs.number(entry.log, entry.seq)
        note_copy(self.team, there, self.private.logs.number(original.log, original.seq))
        return Shared(original, (entry.log, entry.seq), is_new=True, made=made)

    def _there(self, ref: Ref) -> Ref | None:
        """What counts on the team of an event that was shared."""
        source = mark(self.secret, ref)
        for place in self.team.index.counting(self.team.me, [source]).values():
            (entry,) = self.team.logs.entries([place])
            return entry.ref
        return None

    def _find_or_make(self, person: bytes) -> bytes:
        """Who somebody is on the team: as the private network says, else by their name."""
        ids = ids_of(self.one, {person})
        if self.private.me in ids:
            return self.team.me
        known = sorted(self.team.names(ids))
        if known:
            return known[0]
        name = next(iter(self.private.names(sorted(ids)).values()), None)
        if name is None:
            raise Refused(
                f"{person.hex()[:8]} has no name that the team could know them by.",
                f"Give them one: kith describe {person.hex()[:8]} --name NAME",
            )
        return self._named(name)

    def _named(self, name: str) -> bytes:
        found = self.team.lookup(fold_name(name)) or self.team.made_as(name)
        free = [one for one in found if not self._is_somebody_else(one)]
        humans = sorted({self.one.get(one, one): one for one in free}.values())
        if len(humans) > 1:
            candidates = tuple(one.hex()[:8] for one in humans)
            raise Ambiguous(
                f"{len(humans)} people are called “{name}” in {self.team.name}: "
                f"{', '.join(candidates)}.",
                f"Say who it is: kith merge ID ID --in {self.private.name}",
                candidates=candidates,
            )
        if humans:
            return humans[0]
        home = self.team.home
        person = home.random(ID_BYTES) if found else person_id(self.team.network, name)
        at = self.now_ms * 1000
        self.births.append(Described(at=at, zone=0, person=person, set={"name": name}))
        return person

    def _is_somebody_else(self, person: bytes) -> bool:
        """Whether the private network knows who this is already: another one of that name."""
        return bool(self.private.names(ids_of(self.one, {person})))

    def _check(self, original: Logged) -> None:
        name, event = event_id(original.log, original.seq), original.event
        if original.void is not None:
            raise Refused(f"{name} counts for nothing: it is {original.void}.", "See: kith log.")
        if isinstance(event, Unreadable) or not isinstance(event, SHARED):
            kind = event.type if isinstance(event, Unreadable) else type_name(event)
            raise Refused(
                f"{name} is of the type {kind}, which cannot be shared.",
                "What people did can be, and what is on their cards; see: kith log.",
            )

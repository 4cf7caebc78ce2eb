"""Whom a name on the command line means, and the people that a line makes.

Names are tried from the exact to the loose: a name, alias or e-mail; a whole id; the name that a
person was made with; the first words of a name, the last of them perhaps an initial; the start of
an id. Part of a word is never enough: `a:1` does not mean `a:10`.
"""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from kithbook.errors import Ambiguous, NotFound, Refused
from kithbook.events import Described
from kithbook.ids import ID_BYTES, NetworkId, fold_name, person_id
from kithbook.readings.merges import classes, ids_of
from kithbook_client.replica import Replica
from kithbook_client.typed import clean

if TYPE_CHECKING:
    from kithbook_client.book import Book

FEW = 20
"""So many people who fit a name are listed."""
ID_DIGITS = 6
"""So many hexadecimal digits name somebody by the start of their id."""

Ask = Callable[[str, Sequence[str]], int]
"""Puts a question with its answers to whoever sits at the terminal; the place of their choice."""
Lookup = Callable[[str], list[tuple[bytes, str]]]
"""The people with a name of which some word starts like this."""


class Named(msgspec.Struct, frozen=True):
    """Somebody a line named. `near` are the people whose names a new name resembles."""

    id: bytes
    name: str
    new: bool = False
    near: tuple[str, ...] = ()


class Finder:
    """Finds people of one network, or of all of a home."""

    def __init__(self, book: "Replica | Book", now_ms: int, ask: Ask | None = None) -> None:
        self.book = book
        self.now_ms = now_ms
        self.ask = ask

    @cached_property
    def one(self) -> dict[bytes, bytes]:
        """Merged id → the id of its class."""
        return classes(self.book.reading(self.now_ms).merges())

    def human(self, person: bytes) -> bytes:
        """The one id that stands for all ids of a human."""
        return self.one.get(person, person)

    def find(self, text: str) -> Named:
        """Somebody who is known. Raises NotFound with who comes near, or Ambiguous."""
        name = clean("name", text)
        found = self._meant(name)
        if found is None:
            near = near_misses(name, self.book.lookup_prefix)
            hint = f"Did you mean {' or '.join(near)}?" if near else "See everybody: kith contacts."
            raise NotFound(f"Nobody here is called “{name}”.", hint)
        return found

    def namesakes(self, text: str) -> list[bytes]:
        """Everybody of this name, where each is in a network of their own; else nobody."""
        name = clean("name", text)
        found = next(filter(None, map(self._humans, self._tries(name, fold_name(name)))), [])
        where = [self.book.network_names(ids_of(self.one, {person})) for person in found]
        places = [place for places in where for place in places]
        return found if len(set(places)) == len(places) >= len(found) else []

    def named(self, person: bytes) -> Named:
        return Named(person, self.book.names([person]).get(person, person.hex()[:8]))

    def _meant(self, name: str) -> Named | None:
        for found in self._tries(name, fold_name(name)):
            people = self._humans(found)
            if len(people) == 1:
                return self.named(people[0])
            if people:
                return self.named(self._choose(name, people))
        return None

    def _tries(self, name: str, folded: str) -> Iterator[Collection[bytes]]:
        """Who fits, by the strictest way first."""
        book = self.book
        if folded == "me":
            yield [book.me]
        yield book.lookup(folded)
        is_hex = all(digit in "0123456789abcdef" for digit in folded)
        if is_hex and len(folded) == 2 * ID_BYTES:
            yield book.names([bytes.fromhex(folded)])
        # Renaming never changes an id: whom `Bob` made is still meant by it.
        yield book.made_as(name)
        words = folded.split()
        yield [who for who, handle in book.lookup_start(words[0]) if begins(handle, words)]
        if is_hex and ID_DIGITS <= len(folded) < 2 * ID_BYTES:
            yield book.lookup_id(folded)

    def _humans(self, found: Collection[bytes]) -> list[bytes]:
        """Each human once: ids that were merged count as one."""
        if len(found) < 2:
            return list(found)
        return list({self.human(person): person for person in found}.values())

    def _choose(self, name: str, people: list[bytes]) -> bytes:
        candidates = [self._described(person) for person in people[:FEW]]
        question = f"{len(people):,} people fit “{name}”"
        if self.ask is not None:
            return people[self.ask(question, candidates)]
        hint = "Write more of the name, an e-mail, or the id that stands at the end."
        if len({tuple(self.book.network_names([person])) for person in people}) > 1:
            hint += f" If they are one human in several networks: kith merge {name!r}"
        more = f"; and {len(people) - FEW:,} more" if len(people) > FEW else ""
        said = f"{question}: {'; '.join(candidates)}{more}."
        raise Ambiguous(said, hint, candidates=tuple(candidates))

    def _described(self, person: bytes) -> str:
        """Enough of a card to tell people of one name apart."""
        from kithbook.readings.cards import cards, values

        ids = ids_of(self.one, {person})
        rows = self.book.reading(self.now_ms).card_of(ids)
        card = cards(rows, self.one).get(self.human(person), {})
        about = [card.get("org", ""), *values(card, "email")[:1], *self.book.network_names(ids)]
        return " · ".join([card.get("name", "?"), *filter(None, about), person.hex()[:8]])


class Maker(Finder):
    """Finds people of one network, and keeps those that a line makes until they are written."""

    def __init__(self, replica: Replica, now_ms: int, ask: Ask | None = None) -> None:
        super().__init__(replica, now_ms, ask)
        self.network = NetworkId(replica.network)
        self.made: dict[str, Named] = {}

    def find_or_make(self, text: str, *, new: bool = False) -> Named:
        """Somebody who is known, else a new person; `new` makes another human of that name."""
        name = clean("name", text)
        folded = fold_name(name)
        if new and folded == "me":
            raise Refused("There is only one of you.", "Leave --new away.")
        if folded in self.made:
            return self.made[folded]
        if not new and (found := self._meant(name)) is not None:
            return found
        near = () if new else near_misses(name, self.book.lookup_prefix)
        person = os.urandom(ID_BYTES) if new else person_id(self.network, name)
        made = self.made[folded] = Named(person, name, new=True, near=near)
        return made

    def births(self, at: int, zone: int | None) -> list[Described]:
        """The events that make the new people of this line."""
        return [
            Described(at=at, zone=zone, person=one.id, set={"name": one.name})
            for one in self.made.values()
        ]


def begins(handle: str, words: list[str]) -> bool:
    """Whether these are the first words of a name, the last one perhaps as an initial."""
    theirs = handle.split()[: len(words)]
    if len(theirs) < len(words) or theirs[:-1] != words[:-1]:
        return False
    last = words[-1].removesuffix(".")
    is_initial = len(words) > 1 and len(last) == 1 and last.isalpha()
    return theirs[-1] == words[-1] or (is_initial and theirs[-1].startswith(last))


def near_misses(name: str, lookup: Lookup) -> tuple[str, ...]:
    """Up to three known names that this one may have been meant for.

    They are spelled almost alike, one has all the words of the other, or a word begins like it.
    """
    folded = fold_name(name)
    if any(map(str.isdigit, folded)):
        return ()  # numbered names resemble each other without being meant for each other
    words = set(folded.split())
    known = {fold_name(n): n for start in {folded[0], *words} for _, n in lookup(start)}
    parts = [n for theirs, n in known.items() if (w := set(theirs.split())) < words or words < w]
    parts += [n for theirs, n in known.items() if f" {folded}" in f" {theirs}" != f" {folded}"]
    alike = [n for n in known if n != folded and abs(len(n) - len(folded)) <= 2]
    if alike:
        from difflib import get_close_matches

        parts = [known[theirs] for theirs in get_close_matches(folded, alike, cutoff=0.8)] + parts
    return tuple(dict.fromkeys(parts))[:3]

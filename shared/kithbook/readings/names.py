"""Names for people to read."""

from collections.abc import Callable, Mapping
from functools import cached_property

from kithbook.ids import fold_name
from kithbook.readings.cards import cards
from kithbook.readings.merges import ids_of
from kithbook.readings.shelf import Shelf


class Names:
    """Person → name; a person nobody named is shown by the start of their id."""

    def __init__(self, shelf: Shelf, one: Mapping[bytes, bytes], network: str = "") -> None:
        self._networks = [network] if network else []
        self.shelf = shelf
        self.one = one
        self.otherwise: Callable[[bytes], str] = short
        """How to call who has no name on this shelf."""
        self._known: dict[bytes, str] = {}
        """How to call who was asked for or loaded, whether or not they have a name."""

    @cached_property
    def all(self) -> dict[bytes, str]:
        """Everybody named → name, merged people under the one id they share."""
        found = {p: name for p, name in self.shelf.names() if p not in self.one}
        merged = cards(self.shelf.card_of(self.one), self.one) if self.one else {}
        found |= {person: card.get("name", short(person)) for person, card in merged.items()}
        self._known |= found
        return found

    def called(self, text: str) -> list[bytes]:
        """Those with this id or exactly this name: of merged people the one id that has it."""
        wanted = fold_name(text)
        ids = [person for person in self.one if person.hex() == wanted]
        ids += [
            person
            for person, name in self.shelf.names()
            if person.hex() == wanted or fold_name(name) == wanted
        ]
        return list({self.one.get(person, person): person for person in ids}.values())

    def networks(self, person: bytes) -> list[str]:  # noqa: ARG002 - one of several asks it
        """What the networks are called in which somebody is known, where answers say so."""
        return self._networks

    def load(self) -> None:
        """Know everybody, before many are asked for."""
        self._known |= self.all

    def __getitem__(self, person: bytes) -> str:
        person = self.one.get(person, person)
        name = self._known.get(person)
        if name is None:
            ids = ids_of(self.one, {person})
            card = cards(self.shelf.card_of(ids), self.one).get(person, {})
            name = self._known[person] = card["name"] if "name" in card else self.otherwise(person)
        return name


def short(person: bytes) -> str:
    """The start of an id, for who has no name."""
    return person.hex()[:8]

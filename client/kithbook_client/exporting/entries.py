"""The address book as the forms for other programs have it: one entry a human."""

from collections.abc import Iterable
from typing import NamedTuple

from kithbook.readings.cards import Card, cards
from kithbook.readings.reader import Reader

# What the forms cannot hold, or what their readers take for the end of a line.
_BREAKS = dict.fromkeys((0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), "\n")
_CONTROLS = dict.fromkeys((*range(32), 0x7F), "\ufffd") | {0x09: "\t"} | _BREAKS


class Entry(NamedTuple):
    person: bytes
    name: str
    card: Card


def entries(reader: Reader, others: Iterable[bytes] = (), *, with_me: bool) -> list[Entry]:
    """Everybody who has a name or a card, and these others, by name; the reader only `with_me`."""
    names = reader.names
    names.load()
    known = cards(reader.shelf.cards(()), reader.one)
    found = [
        Entry(person, _text(names[person]), _texts(known.get(person, {})))
        for person in {*names.all, *known, *others}
        if with_me or not reader.is_me(person)
    ]
    return sorted(found, key=lambda entry: (entry.name.casefold(), entry.person))


def _texts(card: Card) -> Card:
    return {_text(field): _text(value) for field, value in card.items()}


def _text(text: str) -> str:
    if text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_CONTROLS)

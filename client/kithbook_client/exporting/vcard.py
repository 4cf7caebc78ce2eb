"""vCards, version 4.0 (RFC 6350): one for each human, as phones and mail programs read them."""

from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

from kithbook.readings.cards import parse_birthday, values
from kithbook.readings.reader import Reader
from kithbook_client.exporting import Writer
from kithbook_client.exporting.content import escaped, folded
from kithbook_client.exporting.entries import Entry, entries

MANY = {"NICKNAME": "alias", "EMAIL": "email", "TEL": "phone"}
ONE = {"ORG": "org", "TITLE": "title"}
_IN_ADDRESSES = ":/?#[]@!$&'()*+,;=%"
"""What an address may hold beside letters, digits and `-._~`."""


def export_vcards(reader: Reader, out: Writer, *, with_me: bool) -> int:
    """Write the address book; how many people are in it."""
    found = entries(reader, with_me=with_me)
    for entry in found:
        for line in _lines(entry):
            out.write(folded(line))
    return len(found)


def _lines(entry: Entry) -> Iterator[str]:
    card, name = entry.card, escaped(entry.name)
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield f"UID:{UUID(bytes=entry.person).urn}"
    yield f"FN:{name}"
    # Nobody said which part of a name is whose family's. Programs that want parts get all as one.
    yield f"N:;{name};;;"
    for told, field in MANY.items():
        for value in values(card, field):
            yield f"{told}:{escaped(value)}"
    for told, field in ONE.items():
        if field in card:
            yield f"{told}:{escaped(card[field])}"
    if "birthday" in card:
        yield _birthday(card["birthday"])
    for link in values(card, "link"):
        yield f"URL:{quote(link, _IN_ADDRESSES)}"
    if tags := values(card, "tag"):
        yield f"CATEGORIES:{','.join(map(escaped, tags))}"
    yield "END:VCARD"


def _birthday(text: str) -> str:
    try:
        year, month, day = parse_birthday(text)
    except ValueError:
        return f"BDAY;VALUE=text:{escaped(text)}"
    return f"BDAY:{'--' if year is None else f'{year:04}'}{month:02}{day:02}"

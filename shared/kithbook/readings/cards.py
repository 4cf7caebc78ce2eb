"""Cards: what is known of a person, each field the winner of all that was said about it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from kithbook.facts.rows import Field, winner

LISTS = ("alias", "email", "phone", "tag", "link")
"""Fields that hold many values are one field a value, `tag:java`, so that laptops can add apart."""
SINGLE = ("name", "org", "title", "benefactor", "cadence", "birthday")

Card = dict[str, str]
"""Field → value. A field of LISTS is there as `tag:java` with the value `tag:java`'s text."""


def cards(
    rows: Iterable[tuple[bytes, str, Field]], one: Mapping[bytes, bytes]
) -> dict[bytes, Card]:
    """Person → card, merged people under the one id they share."""
    said: dict[tuple[bytes, str], list[Field]] = {}
    for person, name, field in rows:
        said.setdefault((one.get(person, person), name), []).append(field)
    found: dict[bytes, Card] = {}
    for (person, name), fields in said.items():
        value = winner(fields)
        if value is not None and value.value is not None:
            found.setdefault(person, {})[name] = value.value
    return found


def values(card: Mapping[str, str], field: str) -> list[str]:
    """The values of one of the LISTS fields of a card, sorted."""
    prefix = field + ":"
    return sorted(name.removeprefix(prefix) for name in card if name.startswith(prefix))


class Birthday(NamedTuple):
    year: int | None
    month: int
    day: int


def parse_birthday(text: str) -> Birthday:
    """A date like 1815-12-10, or --12-10 without the year; else ValueError."""
    is_without_year = text.startswith("--")
    day = date.fromisoformat(text.replace("--", "2000-", 1) if is_without_year else text)
    return Birthday(None if is_without_year else day.year, day.month, day.day)

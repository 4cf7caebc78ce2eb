"""Differences: what changed about one person between two readings, as a rule of two moments."""

from collections.abc import Callable
from typing import Any

import msgspec

from kithbook.readings import answers
from kithbook.readings.answering import account_answer, contact_answer, trust_answer
from kithbook.readings.names import Names
from kithbook.readings.reader import Reader


class Changed(msgspec.Struct, frozen=True):
    """A field of the card; null where it was or is not set."""

    field: str
    before: str | None
    after: str | None


class ContactChange(msgspec.Struct, frozen=True):
    before: answers.ContactAnswer | None
    after: answers.ContactAnswer | None


class AccountChange(msgspec.Struct, frozen=True):
    before: answers.AccountAnswer | None
    after: answers.AccountAnswer | None


class TrustChange(msgspec.Struct, frozen=True):
    before: answers.TrustAnswer
    after: answers.TrustAnswer


class Difference(msgspec.Struct, frozen=True):
    """What changed about a person; null for each part in which nothing did.

    `trust` is how far the viewpoint trusts them, `trusted` how far they trust the viewpoint.
    """

    id: str
    name: str
    card: list[Changed]
    contact: ContactChange | None
    ledger: AccountChange | None
    trust: TrustChange | None
    trusted: TrustChange | None


def difference(before: Reader, after: Reader, person: bytes) -> Difference:
    """What is otherwise about `person`, for who reads, in the second reading."""
    me, names = after.me, after.names

    def pair(ask: Callable[[Reader], Any], same: Callable[[Any], Any] = lambda told: told) -> Any:
        was, now = ask(before), ask(after)
        return None if same(was) == same(now) else (was, now)

    contact = pair(lambda reader: _contact(reader, person, names), _but_lateness)
    account = pair(lambda reader: _account(reader, person, names))
    trust = pair(lambda reader: trust_answer(reader.score(person), names))
    trusted = pair(lambda reader: trust_answer(reader.score(me, person), names))
    return Difference(
        id=after.one.get(person, person).hex(),
        name=names[person],
        card=_card(before.card(person), after.card(person)),
        contact=contact and ContactChange(*contact),
        ledger=account and AccountChange(*account),
        trust=trust and TrustChange(*trust),
        trusted=trusted and TrustChange(*trusted),
    )


def _card(before: dict[str, str], after: dict[str, str]) -> list[Changed]:
    return [
        Changed(field, before.get(field), after.get(field))
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    ]


def _contact(reader: Reader, person: bytes, names: Names) -> answers.ContactAnswer | None:
    root = reader.one.get(person, person)
    found = (c for c in reader.contacts() if c.person == root)
    return next((contact_answer(contact, names) for contact in found), None)


def _but_lateness(told: answers.ContactAnswer | None) -> answers.ContactAnswer | None:
    """Lateness grows every day; what it leads to is the state."""
    return told and msgspec.structs.replace(told, lateness=None)


def _account(reader: Reader, person: bytes, names: Names) -> answers.AccountAnswer | None:
    account = reader.ledger().get(reader.one.get(person, person))
    return None if account is None else account_answer(account, names)

"""One person on one page: card, contact, ledger, trust both ways, referrals, and what happened."""

from functools import reduce

import click
import msgspec

from kithbook.facts.rows import Tie
from kithbook.readings.answering import (
    account_answer,
    contact_answer,
    referral_answer,
    trust_answer,
)
from kithbook.readings.answers import (
    AccountAnswer,
    ContactAnswer,
    EventAnswer,
    ReferralAnswer,
    TrustAnswer,
)
from kithbook.readings.cards import LISTS, Card, values
from kithbook.readings.contacts import Contact, contact, join
from kithbook.readings.explain import number
from kithbook.readings.ledger import Account
from kithbook.readings.listing import Logged, event_answer
from kithbook.readings.reader import Reader
from kithbook.readings.referrals import Outcome
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST
from kithbook_client.cli.command import command
from kithbook_client.cli.event import print_events
from kithbook_client.cli.history import events_of
from kithbook_client.cli.ledger import (
    print_open,
    print_referrals,
    tally_words,
)
from kithbook_client.cli.output import dim, plain, print_json, say, strong
from kithbook_client.cli.words import day

LAST = 10


class Page(msgspec.Struct, frozen=True):
    """`trust` is from you to them, `trusts` from them to you; `more` counts the older events."""

    id: str
    name: str
    card: dict[str, str | list[str]]
    contact: ContactAnswer
    account: AccountAnswer
    trust: TrustAnswer
    trusts: TrustAnswer
    referrals: list[ReferralAnswer]
    events: list[EventAnswer]
    more: int


@command("show", "kith show Bob", "kith show bob@example.org --json", shared=PAST)
@click.argument("who", metavar="WHO")
def kith_show(call: Call, who: str) -> None:
    """All that is known of one person, on one page."""
    person = call.reader.one.get(found := call.people.find(who).id, found)
    account = call.reader.account(person)
    referrals = call.reader.referrals(person)
    last, count = events_of(call, person, LAST)
    page = _page(call, person, account, referrals, last, count)
    if call.json:
        print_json(page)
        return
    _print(page, account)
    print_open(call, account)
    print_referrals(call, referrals)
    say()
    if page.more:
        from shlex import join

        say(dim(f"… {page.more:,} older ones ({plain(join(['kith', 'log', who, '--all']))})"))
    print_events(call, last)


def _page(
    call: Call,
    person: bytes,
    account: Account,
    referrals: list[Outcome],
    last: list[Logged],
    count: int,
) -> Page:
    reader = call.reader
    names, card = reader.names, reader.card(person)
    return Page(
        id=person.hex(),
        name=names[person],
        card=_fields(card),
        contact=contact_answer(_contact(reader, person, card), names),
        account=account_answer(account, names),
        trust=trust_answer(reader.score(person), names),
        trusts=trust_answer(reader.score(reader.me, person), names),
        referrals=[referral_answer(outcome, names) for outcome in referrals],
        events=[
            event_answer(logged, names.__getitem__, call.network_name(logged.network))
            for logged in last
        ],
        more=count - len(last),
    )


def _fields(card: Card) -> dict[str, str | list[str]]:
    """The card with one list for each field that holds many values."""
    fields: dict[str, str | list[str]] = {f: v for f, v in card.items() if ":" not in f}
    return fields | {field: found for field in LISTS if (found := values(card, field))}


def _contact(reader: Reader, person: bytes, card: Card) -> Contact:
    """Your own contact with one person."""
    mine = reader.ids(reader.me)
    ties = (tie for (_, *pair), tie in reader.shelf.ties_of(reader.ids(person)) if mine & {*pair})
    return contact(person, reduce(join, ties, Tie()), card, reader.rules, reader.today)


def _print(page: Page, account: Account) -> None:
    say(f"{strong(plain(page.name))}  {dim(page.id[:8])}")
    for field, value in page.card.items():
        if field != "name":
            text = value if isinstance(value, str) else ", ".join(value)
            say(plain(f"{field}: {text}"))
    say(_contact_line(page.contact))
    given, received = tally_words(account.given), tally_words(account.received)
    say(f"Given: {given or 'nothing yet'}. Received: {received or 'nothing yet'}.")
    say(f"Your trust: {_trust_words(page.trust)}. Theirs: {_trust_words(page.trusts)}.")


def _contact_line(contact: ContactAnswer) -> str:
    if contact.last_contact is None:
        return "Never in touch yet."
    state = f", {contact.state}" if contact.state else ""
    times = "once" if contact.events == 1 else f"{contact.events} times"
    return f"In touch {times}, last {day(contact.last_contact)}{state}."


def _trust_words(answer: TrustAnswer) -> str:
    return answer.basis if answer.score is None else f"{number(answer.score)} ({answer.basis})"

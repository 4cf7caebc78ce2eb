"""The ledger: two tallies for each person, and the helps that wait for thanks."""

import click

from kithbook.codec import Unreadable
from kithbook.events import AnyEvent, Helped
from kithbook.readings.answering import account_answer, ledger_answer
from kithbook.readings.answers import AccountAnswer, Ledger, Tally
from kithbook.readings.ledger import Account
from kithbook.readings.reader import Reader
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say, table
from kithbook_client.cli.words import day_words, short_event


@command("ledger", "kith ledger", "kith ledger Bob", "kith ledger --from Bob")
@click.argument("who", required=False, metavar="[WHO]")
@click.option("--from", "viewpoint", metavar="WHO", help="Whose ledger (default yours).")
def kith_ledger(call: Call, who: str | None, viewpoint: str | None) -> None:
    """Who gave what to whom, and thanks still open.

    Given and received are counted apart and never set off against each other. With WHO it is
    only about them, with every help that waits for thanks.
    """
    start = call.people.find(viewpoint).id if viewpoint is not None else None
    answer = ledger_answer(call.reader, start) if who is None else _of(call, who, start)
    if call.json:
        print_json(answer)
    elif not answer.ledger:
        say('No help is recorded yet. Who helped you? kith helped me "a lead" --by Bob')
    else:
        _print(answer.ledger)
        if who is not None:
            print_open(call, answer.ledger[0])


def _of(call: Call, who: str, start: bytes | None) -> Ledger:
    reader = call.reader
    account = account_with(reader, call.people.find(who).id, start)
    return Ledger([account_answer(account, reader.names)])


def account_with(reader: Reader, person: bytes, start: bytes | None = None) -> Account:
    """One account, read from the side of the person, who has fewer of them than you."""
    start = start or reader.me
    root = reader.one.get(start, start)
    person = reader.one.get(person, person)
    theirs = reader.ledger(person).get(root) or Account(root)
    return Account(
        person,
        given=theirs.received,
        received=theirs.given,
        thanks_owed=theirs.thanks_due,
        thanks_due=theirs.thanks_owed,
    )


def _print(accounts: list[AccountAnswer]) -> None:
    rows = [
        (
            account.name,
            tally_words(account.given),
            tally_words(account.received),
            str(len(account.thanks_owed) or ""),
            str(len(account.thanks_due) or ""),
        )
        for account in accounts
    ]
    table(("name", "given", "received", "to thank for", "thanks to come"), rows, right=(3, 4))


def tally_words(tally: Tally) -> str:
    """`2 information, 1 money`; nothing for no helps."""
    counts = {"information": tally.information, "money": tally.money, "fun": tally.fun}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)


def print_open(call: Call, account: AccountAnswer) -> None:
    """The helps between you and one person that wait for thanks, with their ids."""
    for heading, events in (
        ("Not thanked for yet", account.thanks_owed),
        ("Thanks to come for", account.thanks_due),
    ):
        for event in events:
            logged = call.replica.find_event(event)
            say(f"{heading}: {plain(_help_words(call, logged.event))}  {dim(short_event(event))}")


def _help_words(call: Call, event: AnyEvent | Unreadable) -> str:
    if not isinstance(event, Helped):
        return "a help"
    return f"{event.what}, {day_words(event.at, event.zone, call.now)}"

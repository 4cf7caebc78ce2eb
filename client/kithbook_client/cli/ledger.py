"""The ledger: two tallies for each person, and the helps that wait for thanks."""

from collections.abc import Sequence

import click

from kithbook.codec import Unreadable
from kithbook.events import AnyEvent, Helped
from kithbook.readings.answering import (
    account_answer,
    accounts_in_order,
    ledger_answer,
    moment_text,
    referral_answer,
)
from kithbook.readings.answers import Ledger
from kithbook.readings.ledger import Account, Open, by_kind_and_size
from kithbook.readings.referrals import Outcome
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say, table
from kithbook_client.cli.words import SIZES, day, day_words, short_id, subject

SHOWN = 50


@command("ledger", "kith ledger", "kith ledger Bob", "kith ledger --from Bob", shared=PAST)
@click.argument("who", required=False, metavar="[WHO]")
@click.option("--from", "viewpoint", metavar="WHO", help="Whose ledger (default yours).")
@click.option("--all", "everybody", is_flag=True, help=f"More than the first {SHOWN}.")
def kith_ledger(call: Call, who: str | None, viewpoint: str | None, everybody: bool) -> None:
    """Who gave what to whom, and thanks still open.

    Given and received are counted apart and never set off against each other. With WHO it is
    only about them, with every help that waits for thanks.
    """
    start = call.viewpoint(viewpoint)
    if who is not None:
        _one(call, call.people.find(who).id, start)
    elif call.json:
        print_json(ledger_answer(call.reader, start))
    elif accounts := accounts_in_order(call.reader, start, None if everybody else SHOWN + 1):
        shown = accounts if everybody else accounts[:SHOWN]
        _print(call, shown)
        if len(shown) < len(accounts):
            say(dim("… more (--all)"))
    else:
        say('No help is recorded yet. Who helped you? kith helped me "a lead" --by Bob')


def _one(call: Call, person: bytes, start: bytes | None) -> None:
    """Only what is between two people."""
    reader, names = call.reader, call.reader.names
    account = reader.account(person, start)
    referrals = reader.referrals(person)
    if call.json:
        referred = [referral_answer(outcome, names) for outcome in referrals]
        print_json(Ledger([account_answer(account, names)], referred))
        return
    _print(call, [account])
    print_open(call, account)
    print_referrals(call, referrals)


def _print(call: Call, accounts: Sequence[Account]) -> None:
    names = call.reader.names
    rows = [
        (
            names[account.person],
            tally_words(account.given),
            tally_words(account.received),
            str(len(account.thanks_owed) or ""),
            str(len(account.thanks_due) or ""),
        )
        for account in accounts
    ]
    where = [", ".join(names.networks(account.person)) for account in accounts]
    headings = ("name", "given", "received", "to thank for", "thanks to come")
    table(*call.placed(headings, rows, where), right=(3, 4))


def tally_words(helps: list[int]) -> str:
    """`2 information (1 large), 1 money`; nothing for no helps."""
    counted = by_kind_and_size(helps).items()
    return ", ".join(f"{sum(n)} {kind}{_size_words(n)}" for kind, n in counted if any(n))


def _size_words(counts: list[int]) -> str:
    """Those that were not small, where there are any."""
    named = zip(counts, SIZES.values(), strict=True)
    found = [f"{count} {size}" for count, size in named if count and size]
    return f" ({', '.join(found)})" if found else ""


def print_open(call: Call, account: Account) -> None:
    """The helps between two people that wait for thanks, with their ids."""
    print_owed(call, account.thanks_owed)
    _print_waiting(call, "Thanks to come for", account.thanks_due)


def print_owed(call: Call, owed: Sequence[Open]) -> None:
    """The helps that you got and have not thanked for."""
    _print_waiting(call, "Not thanked for yet", owed)


def _print_waiting(call: Call, heading: str, waiting: Sequence[Open]) -> None:
    for one in waiting:
        what = _help_words(call, call.book.event_at(one.log, one.seq).event)
        say(f"{heading}: {plain(what)}  {dim(short_id(one.log, one.seq))}")


def _help_words(call: Call, event: AnyEvent | Unreadable) -> str:
    if not isinstance(event, Helped):
        return "a help"
    return f"{event.what}, {day_words(event.at, event.zone, call.now)}"


def print_referrals(call: Call, referrals: Sequence[Outcome]) -> None:
    """Who was recommended to whom, and whether anything came of it."""
    for one in referrals:
        since = f"; in touch since, last {day(moment_text(one.contact))}" if one.contact else ""
        by, who, to = subject(call.name(one.by)), call.name(one.who), call.name(one.to)
        say(plain(f"{by} referred {who} to {to}, {day(moment_text(one.moment))}{since}"))

"""What changed about a person between two dates."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kithbook.audit.difference import Difference, TrustChange, difference
from kithbook.readings.answers import AccountAnswer, ContactAnswer, Tally
from kithbook.readings.explain import number
from kithbook.readings.moment import Moment
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import bounds, upper
from kithbook_client.cli.command import command
from kithbook_client.cli.output import plain, print_json, say, strong, table
from kithbook_client.cli.words import day

if TYPE_CHECKING:
    from kithbook.readings.reader import Reader

NONE = "–"


@command(
    "diff",
    "kith diff Carol --from 2026-01-01",
    'kith diff Carol --from "last month" --to yesterday',
)
@click.argument("who", metavar="WHO")
@click.option(
    "--from", "since", required=True, metavar="DATE", help="The earlier date, to its end."
)
@click.option("--to", "until", metavar="DATE", help="The later one (default now).")
def kith_diff(call: Call, who: str, since: str, until: str | None) -> None:
    """What changed about a person between two dates.

    Both dates are told by what is known today: `kith log Carol --since DATE` lists the events.
    """
    bounds(call, since, until, "--from", "--to")
    person = call.people.find(who).id
    before, after = _reader(call, since), _reader(call, until)
    found = difference(before, after, person)
    if call.json:
        print_json(found)
    else:
        _print(found)


def _reader(call: Call, text: str | None) -> "Reader":
    if text is None:
        return call.reader
    from kithbook_client.book import PastBook

    moment = Moment(as_of=upper(call, text))
    return call.reader_of(PastBook(call.replicas, call.now_ms(), moment))


def _print(found: Difference) -> None:
    say(strong(plain(found.name)))
    rows = [row for row in _rows(found) if row[1] != row[2]]
    if rows:
        table(("", "before", "after"), rows)
    else:
        say("Nothing changed.")


def _rows(found: Difference) -> Iterator[tuple[str, str, str]]:
    for changed in found.card:
        yield changed.field, changed.before or NONE, changed.after or NONE
    if found.contact is not None:
        yield "contact", _contact(found.contact.before), _contact(found.contact.after)
    if found.ledger is not None:
        for side in ("given", "received"):
            yield side, _tally(found.ledger.before, side), _tally(found.ledger.after, side)
        for side, heading in (("thanks_owed", "to thank for"), ("thanks_due", "thanks to come")):
            yield heading, _open(found.ledger.before, side), _open(found.ledger.after, side)
    for heading, change in (("your trust", found.trust), ("theirs", found.trusted)):
        if change is not None:
            yield heading, *_trust(change)


def _contact(told: ContactAnswer | None) -> str:
    if told is None or told.last_contact is None:
        return NONE
    state = f", {told.state}" if told.state else ""
    times = "once" if told.events == 1 else f"{told.events} times"
    return f"{times}, last {day(told.last_contact)}{state}"


def _tally(told: AccountAnswer | None, side: str) -> str:
    tally: Tally | None = getattr(told, side, None)
    if tally is None:
        return NONE
    counts = {kind: getattr(tally, kind) for kind in tally.__struct_fields__}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or NONE


def _open(told: AccountAnswer | None, side: str) -> str:
    return str(len(getattr(told, side, ())) or NONE)


def _trust(change: TrustChange) -> tuple[str, str]:
    before, after = (
        NONE if one.score is None else f"{number(one.score)} ({one.basis})"
        for one in (change.before, change.after)
    )
    return before, after

"""Why a score is what it is: the arithmetic, and what every number in it rests on."""

import click

from kithbook.ids import event_id
from kithbook.readings.answers import EventAnswer, GroundAnswer, Vouching, Why
from kithbook.readings.derivation import why_answer
from kithbook.readings.explain import number
from kithbook.readings.listing import Logged
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say, strong, table
from kithbook_client.cli.trust import from_option, viewpoint_of
from kithbook_client.cli.words import day, short_event

SHOWN = 10


@command("why", "kith why Carol", "kith why Carol --from Bob --as-of 2026-01-01", shared=PAST)
@click.argument("who", metavar="WHO")
@from_option
def kith_why(call: Call, who: str, viewpoint: str | None) -> None:
    """Where a trust score comes from, number by number.

    Each level opens down to the events behind it. What somebody stated themselves is first-hand,
    what somebody else wrote about it is hearsay, and without a statement there is only evidence.
    """
    reader = call.reader
    score = reader.score(call.people.find(who).id, viewpoint_of(call, viewpoint), others=True)

    def find(log: bytes, seq: int) -> Logged:
        return call.book.find_event(event_id(log, seq))

    answer = why_answer(reader, score, find)
    if call.json:
        print_json(answer)
    else:
        _explain(answer)


def _explain(why: Why) -> None:
    say(strong(plain(why.sentence)))
    if why.worked:
        say(why.worked)
    say(dim(plain(why.raising)))
    if why.chain:
        say()
        _chain(why.grounds)
    if why.warned_by is not None:
        warner = why.warned_by
        say()
        say(plain(f"{warner.by} warns, with weight {number(warner.weight)}."))
        say(warner.worked)
        _chain(warner.grounds)
    if why.others:
        say()
        shown = why.others[:SHOWN]
        rows = [(_voucher(other), _through(other), other.worked) for other in shown]
        table(("also vouches", "through", "would carry"), rows)
        if len(shown) < len(why.others):
            say(dim(f"… {len(why.others) - len(shown):,} more (--json)"))


def _voucher(other: Vouching) -> str:
    return other.by if len(other.chain) > 1 else f"{other.by} (own dealings)"


def _through(other: Vouching) -> str:
    return " → ".join(link.by for link in other.chain[1:])


def _chain(grounds: list[GroundAnswer]) -> None:
    """Link by link, and under the table the notes and the evidence of each."""
    rows = [(one.by, one.to, one.worked, one.hand, *_told(one.statement)) for one in grounds]
    table(("who", "trusts", "level", "how", "when", "written by", "event"), rows)
    for one in grounds:
        _notes(one)


def _notes(ground: GroundAnswer) -> None:
    said = ground.statement
    if said is not None and said.note:
        say(plain(f"  {ground.by} on {ground.to}: “{said.note}”"))
    for one in ground.evidence:
        when, by, event = _told(one.event)
        note = f": “{one.event.note}”" if one.event and one.event.note else ""
        weight = f"weighs {number(one.weight)}"
        say(plain(f"  {one.kind} {when}, {weight}, written by {by}{note}  {event}"))


def _told(event: EventAnswer | None) -> tuple[str, str, str]:
    """When it was, who wrote it where, and its name."""
    if event is None:
        return "", "", ""
    device = f" on {event.device}" if event.device else ""
    return day(event.at), f"{event.author or '?'}{device}", short_event(event.event)

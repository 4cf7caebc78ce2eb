"""Why a score is what it is: the arithmetic, and what every number in it rests on."""

from typing import TYPE_CHECKING

import click

from kithbook.readings.answers import EventAnswer, GroundAnswer, Vouching, Why
from kithbook.readings.derivation import why_answer
from kithbook.readings.explain import number
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST, SINCE, UNTIL, bounds
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say, strong, table
from kithbook_client.cli.trust import from_option
from kithbook_client.cli.words import day, short_event

if TYPE_CHECKING:
    from kithbook.audit.history import By

SHOWN = 10


@command(
    "why",
    "kith why Carol",
    "kith why Carol --from Bob --as-of 2026-01-01",
    "kith why Carol --changes --since 2026-01-01 --order received",
    "kith why Carol --report carol.html",
    shared=(SINCE, UNTIL, *PAST),
)
@click.argument("who", metavar="WHO")
@from_option
@click.option("--changes", is_flag=True, help="Its history: every event that moved it.")
@click.option(
    "--order",
    type=click.Choice(["at", "recorded", "received"]),
    metavar="ORDER",
    help="Whose history: what was true (at, default), was written (recorded) or was known here "
    "(received).",
)
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write it all with a plot to a page to hand on: .html or .md.",
)
@click.option("--force", is_flag=True, help="Write over a file that is no report.")
def kith_why(
    call: Call,
    who: str,
    viewpoint: str | None,
    changes: bool,
    order: "By | None",
    report: str | None,
    force: bool,
    since: str | None,
    until: str | None,
) -> None:
    """Where a trust score comes from, number by number.

    Each level opens down to the events behind it. What somebody stated themselves is first-hand,
    what somebody else wrote about it is hearsay, and without a statement there is only evidence.
    """
    if not changes and report is None:
        if order or since or until:
            raise click.UsageError("--order, --since and --until go with --changes.")
        _now(call, call.people.find(who).id, call.viewpoint(viewpoint))
        return
    if report is not None and call.past is not None:
        raise click.UsageError("A report tells of now: leave --as-of and --known-at away.")
    from kithbook_client.cli.changes import Asked, tell

    person, start = call.people.find(who).id, call.viewpoint(viewpoint)
    asked = Asked(call, person, start, *bounds(call, since, until))
    if report is None:
        tell(call, asked, order or "at")
        return
    from pathlib import Path

    from kithbook_client.cli.report import write_report

    write_report(call, asked, Path(report), force=force)


def _now(call: Call, person: bytes, start: bytes | None) -> None:
    """The score by itself."""
    reader = call.reader
    score = reader.score(person, start, others=True)
    answer = why_answer(reader, score, call.book.event_at)
    if call.json:
        print_json(answer)
    elif score.to == score.start:
        say(plain(f"Trust goes from one person to another, and both are {call.name(score.to)}."))
    else:
        _explain(answer)


def _explain(why: Why) -> None:
    say(strong(plain(why.sentence)))
    if len(why.worked.split()) > 3:  # `8 = 8.0` says nothing
        say(why.worked)
    say(dim(plain(why.raising)))
    if why.opinion and why.opinion.people > 1:  # of one alone the chain tells
        say(dim(plain(why.opinion.sentence)))
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

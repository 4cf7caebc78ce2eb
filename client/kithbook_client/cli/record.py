"""The verbs met, helped, referred and trusted."""

from typing import Literal

import click

from kithbook.errors import Invalid, Refused
from kithbook.events import Helped, HelpKind, How, Met, Referred, Trusted
from kithbook.readings.merges import ids_of
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Number
from kithbook_client.cli.output import plain
from kithbook_client.cli.recording import Recording, by_option, new_option, verb
from kithbook_client.cli.words import subject
from kithbook_client.typed import clean

who_argument = click.argument("who", metavar="WHO")


@verb(
    "met",
    'kith met Bob "Carol Ng" --at yesterday --where JavaZone',
    'kith met Dana --how call --note "looks for a React developer"',
)
@click.argument("who", nargs=-1, required=True, metavar="WHO…")
@click.option("--where", metavar="TEXT", help="The place or the occasion.")
@click.option(
    "--how",
    type=click.Choice(["in-person", "call", "message", "event"]),
    metavar="HOW",
    help="in-person, call, message or event.",
)
@by_option
@new_option
def kith_met(
    call: Call,
    who: tuple[str, ...],
    where: str | None,
    how: How | None,
    by: str | None,
    new: bool,
    at: str | None,
    note: str | None,
) -> None:
    """You were in touch with these people."""
    if new and len(who) > 1:
        raise click.UsageError("--new makes one person: name nobody else in that line.")
    recording = Recording(call, at, note)
    one = recording.by(by)
    found = [recording.person(name, new=new) for name in who]
    people = tuple(dict.fromkeys(person for person in found if person != one))
    if not people:
        raise Refused(
            f"Nobody but {recording.name(one)} was there.", "Name the others: kith met Bob."
        )
    where = where and clean("place", where)
    recording.record(Met(by=one, people=people, where=where, how=how, **recording.common))


@verb(
    "helped",
    'kith helped Bob "reviewed his contract"',
    'kith helped me "a lead at Acme" --by Bob --kind money --size 3',
)
@who_argument
@click.argument("what", metavar="WHAT")
@click.option(
    "--kind",
    type=click.Choice(["information", "money", "fun"]),
    default="information",
    metavar="KIND",
    help="What it gave: information (default), money or fun.",
)
@click.option(
    "--size",
    type=click.Choice([1, 2, 3]),
    default=1,
    metavar="SIZE",
    help="1 small (default), 2 medium or 3 large.",
)
@by_option
@new_option
def kith_helped(
    call: Call,
    who: str,
    what: str,
    kind: HelpKind,
    size: Literal[1, 2, 3],
    by: str | None,
    new: bool,
    at: str | None,
    note: str | None,
) -> None:
    """You helped somebody, or with --by they helped you."""
    recording = Recording(call, at, note)
    what = clean("help", what)
    one, to = recording.by(by), recording.person(who, new=new)
    recording.apart(one, to)
    recording.record(Helped(by=one, to=to, what=what, kind=kind, size=size, **recording.common))


@verb(
    "referred",
    "kith referred Carol --to Bob",
    "kith referred Carol --by Bob",
    "kith referred me --by Bob --to Carol",
)
@who_argument
@click.argument("what", required=False, metavar="[WHAT]")
@click.option("--to", metavar="WHO", help="To whom (default you, when --by is somebody else).")
@by_option
@new_option
def kith_referred(
    call: Call,
    who: str,
    what: str | None,
    to: str | None,
    by: str | None,
    new: bool,
    at: str | None,
    note: str | None,
) -> None:
    """You recommended somebody to somebody else."""
    recording = Recording(call, at, note)
    one = recording.by(by)
    if to is None and one == recording.replica.me:
        raise click.UsageError(f"Say to whom you recommended {who}: --to WHO.")
    whom = recording.person(who, new=new)
    receiver = recording.person(to) if to is not None else recording.replica.me
    recording.apart(one, whom, receiver)
    what = what and clean("purpose", what)
    recording.record(Referred(by=one, who=whom, to=receiver, what=what, **recording.common))


@verb("trusted", "kith trusted Bob 10", "kith trusted Carol 9 --by Bob", "kith trusted Bob none")
@who_argument
@click.argument("level", cls=Number, metavar="LEVEL")
@click.option("--context", metavar="TEXT", help="In what: delivery, discretion.")
@by_option
@new_option
def kith_trusted(
    call: Call,
    who: str,
    level: str,
    context: str | None,
    by: str | None,
    new: bool,
    at: str | None,
    note: str | None,
) -> None:
    """How far you trust somebody, from 0 to 10.

    LEVEL goes in steps of 0.1. A 0 warns others who trust you; none withdraws what you said.
    """
    recording = Recording(call, at, note)
    stated = _tenths(level)
    one, whom = recording.by(by), recording.person(who, new=new)
    recording.apart(one, whom)
    context = context and clean("context", context)
    said = Trusted(by=one, whom=whom, level=stated, context=context, **recording.common)
    words = None
    if stated is None and not _is_stated(recording, one, whom):
        by, name = subject(recording.name(one)), recording.name(whom)
        words = f"{by} stated no trust in {name}: there was none to withdraw"
    recording.record(said, words)
    if call.supposed is None and one != recording.replica.me:
        _warn_of_hearsay(recording, one)


def _is_stated(recording: Recording, one: bytes, whom: bytes) -> bool:
    """Whether there is a level to withdraw."""
    ids, others = (ids_of(recording.people.one, {person}) for person in (one, whom))
    links = recording.shelf.links_between(ids, others)
    return any(link.stated and link.stated.tenths is not None for _, link in links)


def _warn_of_hearsay(recording: Recording, one: bytes) -> None:
    """Nobody speaks for a member, and whoever tries to is told so."""
    replica, human = recording.replica, recording.people.human
    if human(one) in set(map(human, replica.members)) - {human(replica.me)}:
        name = recording.name(one)
        text = (
            f"Only {name}'s own devices say whom {name} trusts in {replica.name}: "
            "this stays in the log as hearsay and counts for no score."
        )
        click.echo(plain(text), err=True)


def _tenths(level: str) -> int | None:
    """A level as whole tenths, or None for the words that withdraw one."""
    if level.casefold() in {"none", "withdraw"}:
        return None
    try:
        tenths = -1 if level.startswith("-") else float(level) * 10
    except ValueError:
        tenths = -1
    if not 0 <= tenths <= 100 or abs(tenths - round(tenths)) > 1e-9:
        raise Invalid(
            f"“{level}” is no level of trust.",
            "Give 0 to 10 with at most one decimal, such as 7 or 9.5, or none to withdraw it.",
        )
    return round(tenths)

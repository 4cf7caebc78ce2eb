"""The history: what was recorded, and where words occur in it."""

from collections.abc import Callable
from typing import Any

import click

from kithbook.events import TYPE_NAMES
from kithbook.readings.answers import Events
from kithbook.readings.listing import Filter, Logged, event_answer, happened
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST, SINCE, UNTIL, bounds
from kithbook_client.cli.command import command
from kithbook_client.cli.event import names_event, print_events, show_event
from kithbook_client.cli.output import dim, print_json, say

SHOWN = 100


@command(
    "log",
    "kith log",
    "kith log Bob --limit 20",
    "kith log --type trusted --since 2026-01-01 --author Bob",
    "kith log 1f0c9a7e:12",
    "kith log --all --order at --json",
    shared=(SINCE, UNTIL, *PAST),
)
@click.argument("subject", required=False, metavar="[WHO|EVENT]")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    default=SHOWN,
    help=f"How many, of the last ones (default {SHOWN}).",
)
@click.option("--all", "everything", is_flag=True, help="Every event there is.")
@click.option(
    "--order",
    type=click.Choice(["at", "recorded", "received"]),
    default="recorded",
    metavar="ORDER",
    help="By when it happened (at), was recorded (default) or was received here.",
)
@click.option(
    "--type",
    "types",
    type=click.Choice(TYPE_NAMES),
    multiple=True,
    metavar="TYPE",
    help="Only this type, such as trusted; repeatable.",
)
@click.option("--author", metavar="WHO", help="Only what this member wrote.")
@click.option("--device", metavar="NAME", help="Only what was written on this device.")
@click.option("--batch", metavar="BATCH", help="Only what this import added.")
def kith_log(
    call: Call,
    subject: str | None,
    limit: int,
    everything: bool,
    order: str,
    types: tuple[str, ...],
    author: str | None,
    device: str | None,
    batch: str | None,
    since: str | None,
    until: str | None,
) -> None:
    """What has been recorded, the newest last.

    With an EVENT it is that one, with all that is known of it.

    Events that do not count any more stay in it, with the reason.
    """
    if subject is not None and names_event(call, subject):
        if call.past is not None:
            raise click.UsageError(
                "One event is shown by all that is known of it: leave --as-of and --known-at away."
            )
        show_event(call, *call.find_event(subject))
        return
    person = call.people.find(subject).id if subject is not None else None
    wanted = Filter(
        types,
        call.reader.ids(call.people.find(author).id) if author is not None else (),
        device,
        *bounds(call, since, until),
        None if batch is None else batch.lower(),
    )
    found, count = _found(call, person, wanted, order, None if everything else limit)
    if len(found) > SHOWN:
        call.reader.names.load()
    if call.json:
        names = call.reader.names
        told = [
            event_answer(one, names.__getitem__, call.network_name(one.network)) for one in found
        ]
        print_json(Events(told, count - len(found)))
        return
    if not found:
        say("No event is like that.")
        return
    if len(found) < count:
        say(dim(f"… {count - len(found):,} older ones (--all)"))
    print_events(call, found)


def _recorded(logged: Logged) -> tuple[int, bytes, int]:
    return logged.hlc, logged.log, logged.seq


def _happened(logged: Logged) -> tuple[int, tuple[int, bytes, int]]:
    return happened(logged), _recorded(logged)


def _received(logged: Logged) -> tuple[int, tuple[int, bytes, int]]:
    return logged.received, _recorded(logged)


ORDERS: dict[str, Callable[[Logged], Any]] = {
    "at": _happened,
    "recorded": _recorded,
    "received": _received,
}


def _found(
    call: Call, person: bytes | None, wanted: Filter, order: str, limit: int | None
) -> tuple[list[Logged], int]:
    """The last events in this order that are wanted, and how many are wanted in all."""
    if limit is not None and order == "recorded" and wanted == Filter():
        return events_of(call, person, limit)
    events, _ = events_of(call, person, None)
    found = sorted(filter(wanted.fits, events), key=ORDERS[order])
    return found if limit is None else found[-limit:], len(found)


def events_of(call: Call, person: bytes | None, limit: int | None) -> tuple[list[Logged], int]:
    """The events recorded last, of all or that name one human, and how many there are."""
    book, past = call.book, call.past
    ids: list[bytes | None] = [None] if person is None else [*call.reader.ids(person)]
    if past is None and len(ids) < 2:
        return book.events(person=person, limit=limit), book.count(person)
    # Somebody who was merged is named under several ids, and some events name two of them.
    listed = (past.newest(one, None) if past else book.events(person=one) for one in ids)
    found = {(e.log, e.seq): e for events in listed for e in events}
    events = sorted(found.values(), key=_recorded)
    return events[-limit:] if limit else events, len(events)

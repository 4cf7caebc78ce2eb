"""The history: what was recorded, and where words occur in it."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from kithbook.clock import wall_ms
from kithbook.codec import Unreadable
from kithbook.readings.answers import Events
from kithbook.readings.listing import Logged, event_answer
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, print_json, say, table
from kithbook_client.cli.words import day_words, short_id, told

SHOWN = 100


@command("log", "kith log", "kith log Bob --limit 20", "kith log --all --order at --json")
@click.argument("who", required=False, metavar="[WHO]")
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
def kith_log(call: Call, who: str | None, limit: int, everything: bool, order: str) -> None:
    """What has been recorded, the newest last.

    Events that do not count any more stay in it, with the reason.
    """
    person = call.people.find(who).id if who is not None else None
    if everything or order != "recorded":
        found, count = events_of(call, person, None)
        found.sort(key=ORDERS[order])
        found = found if everything else found[-limit:]
    else:
        found, count = events_of(call, person, limit)
    if len(found) > SHOWN:
        call.reader.names.load()
    if call.json:
        names = call.reader.names
        told = [event_answer(one, names.__getitem__) for one in found]
        print_json(Events(told, count - len(found)))
        return
    if len(found) < count:
        say(dim(f"… {count - len(found):,} older ones (--all)"))
    print_events(call, found)


def _recorded(logged: Logged) -> tuple[int, bytes, int]:
    return logged.hlc, logged.log, logged.seq


def _happened(logged: Logged) -> tuple[int, tuple[int, bytes, int]]:
    event = logged.event
    unknown = wall_ms(logged.hlc) * 1000
    return unknown if isinstance(event, Unreadable) else event.at, _recorded(logged)


def _received(logged: Logged) -> tuple[int, tuple[int, bytes, int]]:
    return logged.received, _recorded(logged)


ORDERS: dict[str, Callable[[Logged], Any]] = {
    "at": _happened,
    "recorded": _recorded,
    "received": _received,
}


def events_of(call: Call, person: bytes | None, limit: int | None) -> tuple[list[Logged], int]:
    """The events recorded last, of all or that name one human, and how many there are."""
    replica = call.replica
    ids = set() if person is None else call.reader.ids(person)
    if len(ids) < 2:
        return replica.events(person=person, limit=limit), replica.count(person)
    # Somebody who was merged is named under several ids, and some events name two of them.
    found = {(e.log, e.seq): e for one in ids for e in replica.events(person=one)}
    events = sorted(found.values(), key=_recorded)
    return events[-limit:] if limit else events, len(events)


def print_events(call: Call, found: Sequence[Logged]) -> None:
    """A table of events in words; those that do not count are faint, with the reason."""
    rows = [
        (short_id(one.log, one.seq), _when(call, one), _what(call, one), one.void or "")
        for one in found
    ]
    faint = {number for number, one in enumerate(found) if one.void}
    table(("event", "when", "what", ""), rows, faint=faint)


def _when(call: Call, logged: Logged) -> str:
    event = logged.event
    return "" if isinstance(event, Unreadable) else day_words(event.at, event.zone, call.now)


def _what(call: Call, logged: Logged) -> str:
    event = logged.event
    note = None if isinstance(event, Unreadable) else event.note
    return told(event, call.name) + (f" | {note}" if note else "")

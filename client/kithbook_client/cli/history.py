"""The history: what was recorded, and where words occur in it."""

from collections.abc import Sequence

import click
import msgspec

from kithbook.codec import Unreadable
from kithbook.readings.answers import EventAnswer, Events
from kithbook.readings.listing import Logged, event_answer
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, print_json, say, table
from kithbook_client.cli.words import day_words, short_id, told

SHOWN = 100


@command("log", "kith log", "kith log Bob --limit 20", "kith log --all --json")
@click.argument("who", required=False, metavar="[WHO]")
@click.option(
    "--limit", type=click.IntRange(min=1), default=SHOWN, help=f"How many (default {SHOWN})."
)
@click.option("--all", "everything", is_flag=True, help="Every event there is.")
def kith_log(call: Call, who: str | None, limit: int, everything: bool) -> None:
    """What has been recorded, the newest last.

    Events that do not count any more stay in it, with the reason.
    """
    person = call.people.find(who).id if who is not None else None
    found = call.replica.events(person=person, limit=None if everything else limit + 1)
    shown = found if everything else found[-limit:]
    if len(shown) > SHOWN:
        call.reader.names.load()
    if call.json:
        more = call.replica.count(person) - len(shown)
        print_json(
            Events([event_answer(one, call.reader.names.__getitem__) for one in shown], more)
        )
        return
    if len(shown) < len(found):
        say(dim("… and older ones (--all)"))
    print_events(call, shown)


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


class PersonFound(msgspec.Struct, frozen=True):
    id: str
    name: str


class Found(msgspec.Struct, frozen=True):
    people: list[PersonFound]
    events: list[EventAnswer]


@command("search", "kith search javazone", 'kith search "react dev"')
@click.argument("text", nargs=-1, required=True, metavar="TEXT…")
@click.option("--limit", type=click.IntRange(min=1), default=50, help="How many (default 50).")
def kith_search(call: Call, text: tuple[str, ...], limit: int) -> None:
    """Find people and events by the words in them.

    Case and accents do not matter, and the last word may be only begun.
    """
    people, events = call.replica.search(" ".join(text), limit)
    names = call.reader.names
    if call.json:
        print_json(
            Found(
                [PersonFound(person.hex(), names[person]) for person in people],
                [event_answer(one, names.__getitem__) for one in events],
            )
        )
        return
    if not people and not events:
        say("Nothing has these words.")
    if people:
        table(("name", "id"), [(names[person], person.hex()[:8]) for person in people])
    if events:
        print_events(call, events)

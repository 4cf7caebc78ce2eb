"""Where words occur: on people's cards, and in events."""

import click
import msgspec

from kithbook.readings.answers import EventAnswer
from kithbook.readings.listing import event_answer
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.event import print_events
from kithbook_client.cli.output import print_json, say, table
from kithbook_client.typed import clean


class PersonFound(msgspec.Struct, frozen=True):
    id: str
    name: str
    networks: list[str]


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
    ids, events = call.book.search(clean("text", " ".join(text)), limit)
    names, one = call.reader.names, call.reader.one
    people = list(dict.fromkeys(one.get(person, person) for person in ids))
    if call.json:
        print_json(
            Found(
                [PersonFound(p.hex(), names[p], names.networks(p)) for p in people],
                [
                    event_answer(one, names.__getitem__, call.network_name(one.network))
                    for one in events
                ],
            )
        )
        return
    if not people and not events:
        say("Nothing has these words.")
    if people:
        rows = [(names[person], person.hex()[:8]) for person in people]
        where = [", ".join(names.networks(person)) for person in people]
        table(*call.placed(("name", "id"), rows, where))
    if events:
        print_events(call, events)

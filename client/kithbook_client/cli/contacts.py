"""Everybody who is known, and when you were last in touch."""

import click

from kithbook.facts.rows import Moment
from kithbook.readings.answering import contact_answer, contacts_in_order, in_order
from kithbook.readings.answers import Contacts
from kithbook.when import MINUTE_US, format_at
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, print_json, say, table

SHOWN = 50
STATES = ("alive", "due", "fading")


@command(
    "contacts",
    "kith contacts",
    "kith contacts --state due --state fading",
    "kith contacts --from Bob --as-of 2026-01-01",
    shared=PAST,
)
@click.option("--from", "viewpoint", metavar="WHO", help="Whose contacts (default yours).")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    help="Only these; repeatable. Somebody has a state once you set how often to be in touch.",
)
@click.option("--all", "everybody", is_flag=True, help=f"More than the {SHOWN} most recent.")
def kith_contacts(
    call: Call, viewpoint: str | None, states: tuple[str, ...], everybody: bool
) -> None:
    """Everybody you know, and when you were last in touch."""
    start = call.viewpoint(viewpoint)
    reader, names = call.reader, call.reader.names
    if states:
        found = in_order((one for one in reader.paced(start) if one.state in states), names)
    else:
        found = contacts_in_order(reader, start, None if everybody or call.json else SHOWN + 1)
    if call.json:
        print_json(Contacts([contact_answer(one, names) for one in found]))
    elif not found:
        say("Nobody." if states else "Nobody yet. Whom have you met? kith met Bob")
    else:
        shown = found if everybody else found[:SHOWN]
        rows = [
            (names[c.person], _day(c.last), c.state or "", str(c.events or ""), _day(c.first))
            for c in shown
        ]
        where = [", ".join(names.networks(one.person)) for one in shown]
        headings = ("name", "last contact", "state", "events", "since")
        table(*call.placed(headings, rows, where), right=(3,))
        if len(shown) < len(found):
            say(dim("… more (--all)"))


def _day(moment: Moment | None) -> str:
    """The day of a moment, by the clocks of where it was."""
    return "" if moment is None else format_at(moment.at + moment.zone * MINUTE_US, None)

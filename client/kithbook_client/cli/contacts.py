"""Who is in touch, and with whom it is time to be: contacts and next."""

import click
import msgspec

from kithbook.events import Helped
from kithbook.ids import event_id
from kithbook.readings.answering import contact_answer, contacts_answer, format_moment
from kithbook.readings.answers import ContactAnswer
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, is_terminal, print_json, say, table
from kithbook_client.cli.waiting import Waiting, waiting

SHOWN = 50
AT_ONCE = 20
STATES = ("alive", "due", "fading")


@command(
    "contacts",
    "kith contacts",
    "kith contacts --state due --state fading",
    "kith contacts --from Bob",
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
    start = call.people.find(viewpoint).id if viewpoint is not None else None
    answer = contacts_answer(call.reader, start)
    if states:
        answer.contacts[:] = [one for one in answer.contacts if one.state in states]
    if call.json:
        print_json(answer)
        return
    found = answer.contacts
    if not found:
        say("Nobody yet. Whom have you met? kith met Bob" if not states else "Nobody.")
        return
    shown = found if everybody or not is_terminal() else found[:SHOWN]
    table(
        ("name", "last contact", "state", "events", "since"),
        [
            (
                c.name,
                _day(c.last_contact),
                c.state or "",
                str(c.events or ""),
                _day(c.first_contact),
            )
            for c in shown
        ],
        right=(3,),
    )
    if len(shown) < len(found):
        say(dim(f"… {len(found) - len(shown):,} more (--all)"))


class OpenThanks(msgspec.Struct, frozen=True):
    """Somebody to thank, and the help it is for."""

    id: str
    name: str
    event: str
    at: str
    what: str


class Next(msgspec.Struct, frozen=True):
    """`more` is how many were left out of the two lists."""

    due: list[ContactAnswer]
    thanks: list[OpenThanks]
    more: int


@command("next", "kith next", "kith next --limit 5")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    default=AT_ONCE,
    help=f"How many people and how many helps (default {AT_ONCE}).",
)
def kith_next(call: Call, limit: int) -> None:
    """Whom to get in touch with, and whom to thank.

    The latest come first, by how late they are for their own cadence, which you set with
    `kith describe Bob --cadence 30d` or for a tag with `kith rule cadence:client 60d`.
    """
    reader = call.reader
    due = [one for one in reader.contacts() if (one.lateness or 0) > 0]
    due.sort(key=lambda one: (-(one.lateness or 0), one.person))
    helps = waiting(call.shelf, reader.one, reader.ids(reader.me))
    answer = Next(
        [contact_answer(one, reader.names) for one in due[:limit]],
        [_open_thanks(call, help_) for help_ in helps[:limit]],
        len(due[limit:]) + len(helps[limit:]),
    )
    if call.json:
        print_json(answer)
    elif due or helps:
        _print_next(answer)
    else:
        say("Nothing waits for you.")


def _open_thanks(call: Call, waits: Waiting) -> OpenThanks:
    event = event_id(waits.help.log, waits.help.seq)
    said = call.replica.find_event(event).event
    what = said.what if isinstance(said, Helped) else ""
    person = call.reader.one.get(waits.giver, waits.giver)
    at = format_moment(waits.moment)
    return OpenThanks(person.hex(), call.reader.names[person], event, at, what)


def _print_next(answer: Next) -> None:
    if answer.due:
        table(
            ("be in touch with", "last contact", "state"),
            [(one.name, _day(one.last_contact), one.state or "") for one in answer.due],
        )
    if answer.due and answer.thanks:
        say()
    if answer.thanks:
        table(
            ("say thanks to", "since", "for"),
            [(one.name, _day(one.at), one.what) for one in answer.thanks],
        )
    if answer.more:
        say(dim(f"… {answer.more:,} more (--limit)"))


def _day(moment: str | None) -> str:
    return moment[: len("2026-11-23")] if moment else ""

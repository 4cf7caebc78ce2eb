"""What is next: with whom it is time to be in touch, and whom to thank."""

import click
import msgspec

from kithbook.events import Helped
from kithbook.ids import event_id
from kithbook.readings.answering import contact_answer, format_moment
from kithbook.readings.answers import ContactAnswer
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, print_json, say, table
from kithbook_client.cli.waiting import Waiting, waiting
from kithbook_client.cli.words import day

AT_ONCE = 20


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


@command("next", "kith next", "kith next --limit 5", shared=PAST)
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
    due = [one for one in reader.paced() if (one.lateness or 0) > 0]
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
    help_ = waits.help
    said = call.book.event_at(help_.log, help_.seq).event
    what = said.what if isinstance(said, Helped) else ""
    person = call.reader.one.get(waits.giver, waits.giver)
    event, at = event_id(help_.log, help_.seq), format_moment(waits.moment)
    return OpenThanks(person.hex(), call.reader.names[person], event, at, what)


def _print_next(answer: Next) -> None:
    if answer.due:
        table(
            ("be in touch with", "last contact", "state"),
            [(one.name, day(one.last_contact), one.state or "") for one in answer.due],
        )
    if answer.due and answer.thanks:
        say()
    if answer.thanks:
        table(
            ("say thanks to", "since", "for"),
            [(one.name, day(one.at), one.what) for one in answer.thanks],
        )
    if answer.more:
        say(dim(f"… {answer.more:,} more (--limit)"))

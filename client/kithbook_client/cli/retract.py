"""Taking events back: one of them, or all that an import added."""

import click
import msgspec

from kithbook.codec import Unreadable
from kithbook.errors import NotFound, Refused
from kithbook.events import Described, Retracted, Trusted, people_in, type_name
from kithbook.facts.fold import FINAL
from kithbook.ids import Ref
from kithbook.readings.listing import Logged
from kithbook_client.cli.call import Call
from kithbook_client.cli.output import plain, print_json, say
from kithbook_client.cli.recording import Recording, verb
from kithbook_client.cli.words import counted, short_id, told
from kithbook_client.people import Named
from kithbook_client.replica import Replica
from kithbook_client.typed import clean

FEW = 20
"""Of whom so many events tell, more than the name is known."""


class BatchAnswer(msgspec.Struct, frozen=True):
    batch: str
    retracted: int


@verb(
    "retract",
    "kith retract last",
    'kith retract 1f0c9a7e:12 --why "it was Carl, not Carol"',
    "kith retract --batch last",
)
@click.argument("event", required=False, metavar="EVENT")
@click.option("--batch", metavar="BATCH", help="All that an import added; last for the latest one.")
@click.option("--why", metavar="TEXT", help="The reason, for whoever reads the history.")
def kith_retract(
    call: Call,
    event: str | None,
    batch: str | None,
    why: str | None,
    at: str | None,
    note: str | None,
) -> None:
    """Take an event back; it stays visible in the log.

    EVENT is LOG:SEQ as `kith log` shows it, or `last` for the last one this device wrote.
    """
    why = why and clean("reason", why)
    if event is not None and batch is None:
        replica, logged = call.find_event(event)
        _refuse_if_final(call, replica, logged)
        recording = Recording(call, at, note, replica)
        said = Retracted(event=logged.ref, why=why, **recording.common)
        recording.record(said, f"Took back: {told(logged.event, call.name)}")
        if not call.json and not isinstance(logged.event, Unreadable):
            for person in people_in(logged.event):
                _say_if_only_named(replica, recording.people.named(person))
    elif batch is not None and event is None:
        name, refs = _batch(call, batch)
        fields = Recording(call, at, note).common | {"why": why}
        call.replica.append([Retracted(event=ref, **fields) for ref in refs])
        if call.json:
            print_json(BatchAnswer(name, len(refs)))
        else:
            say(f"Took back {counted(len(refs))} of the import {name}.")
    else:
        raise click.UsageError("Say which EVENT to take back, or which --batch.")


def _say_if_only_named(replica: Replica, named: Named) -> None:
    """Whoever a slip has made stays in the book, and can be taken out of it."""
    found = replica.events(person=named.id, limit=FEW)
    left = [one for one in found if one.void is None]
    if len(found) == FEW or len(left) != 1 or named.id == replica.me:
        return
    (one,) = left
    is_birth = isinstance(one.event, Described) and {*one.event.set} == {"name"}
    if is_birth and one.author == replica.me:
        birth = short_id(one.log, one.seq)
        say(
            plain(f"{named.name} stays in the book by name; to take that out: kith retract {birth}")
        )


def _refuse_if_final(call: Call, replica: Replica, logged: Logged) -> None:
    """One takes back what one wrote oneself, while it counts, and no retraction; an owner also
    what others wrote, but not their own word on whom they trust.
    """
    name = short_id(logged.log, logged.seq)
    if logged.author is not None and logged.author != replica.me:
        author = call.name(logged.author)
        if replica.role != "owner":
            raise Refused(f"{name} was written by {author}.", f"Ask {author} to take it back.")
        if isinstance(logged.event, Trusted):
            raise Refused(
                f"{name} is {author}'s own word, and no owner touches that.",
                f"Ask {author} to take it back.",
            )
    if logged.void is not None:
        raise Refused(f"{name} counts for nothing already: it is {logged.void}.", "See: kith log.")
    if isinstance(logged.event, FINAL):
        raise Refused(
            f"{name} is of the type {type_name(logged.event)}, which cannot be taken back.",
            "Record again what still holds.",
        )


def _batch(call: Call, batch: str) -> tuple[str, list[Ref]]:
    """The full name of a batch, and its events that still count."""
    imported = [
        (logged, logged.event.batch.hex())
        for logged in call.replica.events()
        if not isinstance(logged.event, Unreadable) and logged.event.batch is not None
    ]
    start = imported[-1][1] if imported and batch == "last" else batch.lower()
    names = {name for _, name in imported if name.startswith(start)}
    if len(names) != 1:
        count = "More than one" if names else "No"
        raise NotFound(f"{count} import here is called {batch}.", "Its name was printed with it.")
    refs = [one.ref for one, name in imported if name in names and one.void is None]
    return names.pop(), refs

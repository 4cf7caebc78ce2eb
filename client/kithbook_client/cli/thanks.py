"""The verb thanked, which closes helps."""

import click

from kithbook.errors import Refused
from kithbook.events import Helped, Thanked
from kithbook.ids import Ref
from kithbook.readings.merges import ids_of
from kithbook_client.cli.call import Call
from kithbook_client.cli.recording import Recording, by_option, new_option, verb
from kithbook_client.cli.waiting import waiting
from kithbook_client.cli.words import day_words, listing, short_id, subject


@verb(
    "thanked",
    "kith thanked Bob",
    "kith thanked me --by Carol",
    "kith thanked Bob --for 1f0c9a7e:12 --at yesterday",
)
@click.argument("who", metavar="WHO")
@click.option(
    "--for",
    "events",
    multiple=True,
    metavar="EVENT",
    help="The help, as `kith ledger WHO` names it; repeatable (default the oldest open one).",
)
@by_option
@new_option
def kith_thanked(
    call: Call,
    who: str,
    events: tuple[str, ...],
    by: str | None,
    new: bool,
    at: str | None,
    note: str | None,
) -> None:
    """You thanked somebody for a help.

    Without --for it closes the oldest help that nobody has been thanked for yet. With --for it is
    written where the help stands.
    """
    replica = call.find_event(events[0])[0] if events else None
    recording = Recording(call, at, note, replica)
    one, to = recording.by(by), recording.person(who, new=new)
    recording.apart(one, to)
    if events:
        helps = tuple(dict.fromkeys(_named(recording, event, one, to) for event in events))
    elif not (helps := _oldest(recording, one, to)):
        _refuse_if_elsewhere(recording, one, to)
    said = Thanked(by=one, to=to, helps=helps, **recording.common)
    recording.record(said, _words(recording, said))


def _words(recording: Recording, said: Thanked) -> str:
    words = f"{subject(recording.name(said.by))} thanked {recording.name(said.to)}"
    if not said.helps:
        return f"{words}, for no help in particular: none is open"
    found = [recording.replica.event_at(r.log, r.seq).event for r in said.helps]
    whats = [
        f"“{event.what}” ({day_words(event.at, event.zone, recording.call.now)})"
        for event in found
        if isinstance(event, Helped)
    ]
    is_elsewhere = recording.replica.no != recording.call.replica.no
    where = f", in {recording.replica.name}" if is_elsewhere else ""
    return f"{words} for {listing(whats)}{where}"


def _oldest(recording: Recording, one: bytes, to: bytes) -> tuple[Ref, ...]:
    """The oldest open help that these thanks close, if there is one."""
    humans, shelf = recording.people.one, recording.shelf
    found = waiting(shelf, humans, ids_of(humans, {one}), ids_of(humans, {to}))
    return tuple(help_.help for help_ in found[:1])


def _refuse_if_elsewhere(recording: Recording, one: bytes, to: bytes) -> None:
    """Thanks close a help only where it stands, so those that were meant for one are not lost."""
    call = recording.call
    if len(call.replicas) == 1:
        return
    reader = call.reader
    found = waiting(call.shelf, reader.one, reader.ids(one), reader.ids(to))
    if found:
        oldest = found[0].help
        where = call.network_name(call.book.event_at(oldest.log, oldest.seq).network)
        event = short_id(oldest.log, oldest.seq)
        here, giver = recording.replica.name, recording.name(to)
        raise Refused(
            f"No help from {giver} is open in {here}, and one is in {where}.",
            f"Thank for it with --for {event}, or for no help with --in {here}.",
        )


def _named(recording: Recording, event: str, one: bytes, to: bytes) -> Ref:
    """The help that an event id names, when these two are its two sides."""
    logged = recording.replica.find_event(event)
    human, said = recording.people.human, logged.event
    sides = (human(said.by), human(said.to)) if isinstance(said, Helped) else ()
    if sides != (human(to), human(one)):
        giver, taker = recording.name(to), recording.name(one)
        raise Refused(
            f"{event} is no help from {giver} to {taker}.",
            "See the open ones with their ids: kith ledger WHO.",
        )
    return logged.ref

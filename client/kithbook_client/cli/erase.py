"""Erasing: the one thing that cannot be taken back."""

import click

from kithbook.codec import Unreadable
from kithbook.errors import Invalid, Refused
from kithbook.events import Erased, type_name
from kithbook.facts.fold import FINAL
from kithbook.ids import Ref
from kithbook.readings.listing import Logged
from kithbook_client.cli.call import Call
from kithbook_client.cli.confirming import insist
from kithbook_client.cli.output import plain, say
from kithbook_client.cli.recording import Recording, verb
from kithbook_client.cli.words import sentence, short_id, told
from kithbook_client.replica import Replica


@verb("erase", "kith erase 1f0c9a7e:12", "kith erase 1f0c9a7e:12 1f0c9a7e:15 --yes")
@click.argument("events", nargs=-1, required=True, metavar="EVENT…")
@click.option("--yes", is_flag=True, help="Do not ask.")
def kith_erase(
    call: Call, events: tuple[str, ...], yes: bool, at: str | None, note: str | None
) -> None:
    """Destroy for ever, everywhere, what events of yours say.

    Every device and server destroys it too when it next syncs. That something stood there stays
    visible, and so does this event. To say only that something was wrong, use kith retract.
    """
    found = [call.find_event(event) for event in events]
    replica = found[0][0]
    if any(other is not replica for other, _ in found):
        raise Invalid("These events are in several networks.", "Erase those of one at a time.")
    logged = [_erasable(call, replica, one) for _, one in found]
    refs = tuple(dict.fromkeys(ref for one in logged for ref in (one.ref, *_copies(replica, one))))
    if not call.json:
        for one in logged:
            say(plain(f"{sentence(told(one.event, call.name))}  {short_id(one.log, one.seq)}"))
    if not yes:
        these = "this event" if len(refs) == 1 else f"these {len(refs)} events"
        insist(
            call,
            f"Destroy {these} for ever? It cannot be undone",
            "Erasing cannot be undone.",
            "kith erase EVENT",
            "Nothing was erased.",
        )
    recording = Recording(call, at, note, replica)
    recording.record(Erased(events=refs, **recording.common))
    if not call.json:
        say("Other devices and the server destroy it when they next sync; backups keep it.")


def _erasable(call: Call, replica: Replica, logged: Logged) -> Logged:
    """One erases what one wrote oneself, and nothing that other events rest on."""
    name = short_id(logged.log, logged.seq)
    if logged.author != replica.me:
        author = call.name(logged.author) if logged.author else "nobody known"
        raise Refused(f"{name} was written by {author}.", f"Ask {author} to erase it.")
    if isinstance(logged.event, Unreadable):
        raise Refused(f"{name} cannot be read: {logged.event.why}.", "There is nothing to erase.")
    if isinstance(logged.event, FINAL):
        raise Refused(
            f"{name} is of the type {type_name(logged.event)}, which cannot be erased.",
            "What other events rest on stays.",
        )
    return logged


def _copies(replica: Replica, logged: Logged) -> list[Ref]:
    """The other events of one's own that say the same fact."""
    source = None if isinstance(logged.event, Unreadable) else logged.event.source
    if source is None:
        return []
    return [entry.ref for entry in replica.index.copies(replica.me, source)]

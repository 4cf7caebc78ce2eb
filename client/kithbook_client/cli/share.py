"""Sharing private facts with a team."""

import click
import msgspec

from kithbook.errors import Refused
from kithbook.ids import event_id
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say
from kithbook_client.cli.recording import refuse_if_mute
from kithbook_client.cli.words import listing, sentence, short_id, told
from kithbook_client.sharing import Shared, Sharing


class SharedAnswer(msgspec.Struct, frozen=True):
    """The private event, and what it is on the team; `new` is false where it was there before, and
    `made` are the names of those whom the team did not know.
    """

    event: str
    shared: str
    type: str
    new: bool
    made: list[str]


class SharesAnswer(msgspec.Struct, frozen=True):
    network: str
    shared: list[SharedAnswer]


@command(
    "share",
    "kith share last --in team",
    "kith share 1f0c9a7e:12 1f0c9a7e:15 --in team --with-note",
)
@click.argument("events", nargs=-1, required=True, metavar="EVENT…")
@click.option("--with-note", is_flag=True, help="With the notes, which stay at home otherwise.")
def kith_share(call: Call, events: tuple[str, ...], with_note: bool) -> None:
    """Tell a team what you have written down for yourself.

    People are found or made there by name, and only your private network knows that they are the
    same. Nothing else of it gets there. Sharing again adds nothing.
    """
    team, private = call.replica, call.home.private
    if team.private:
        raise Refused("Say with whom to share it.", "Name the network: --in NETWORK.")
    refuse_if_mute(team)
    originals = [private.find_event(event) for event in dict.fromkeys(events)]
    shares = Sharing(private, team, call.now_ms()).share(originals, with_note=with_note)
    if call.json:
        print_json(SharesAnswer(team.name, [_answer(one) for one in shares]))
        return
    reader = private.reader(call.now_ms())
    for one in shares:
        words = told(one.original.event, lambda p: "you" if reader.is_me(p) else reader.names[p])
        done = f"Shared with {team.name}" if one.is_new else f"{team.name} knows that already"
        say(f"{plain(sentence(f'{done}: {words}'))}  {dim(short_id(*one.place))}")
        if one.made:
            verb = "is" if len(one.made) == 1 else "are"
            say(plain(f"{listing(one.made)} {verb} new in {team.name}, for everyone there to see."))


def _answer(shared: Shared) -> SharedAnswer:
    from kithbook.readings.listing import kind_of

    original = shared.original
    return SharedAnswer(
        event_id(original.log, original.seq),
        event_id(*shared.place),
        kind_of(original.event),
        shared.is_new,
        list(shared.made),
    )

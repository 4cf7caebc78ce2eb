"""Leaving a network."""

import click
import msgspec

from kithbook.errors import Refused, Unavailable
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.confirming import confirm
from kithbook_client.cli.members import refuse_if_last_owner
from kithbook_client.cli.output import plain, print_json, say
from kithbook_client.members import members_of, remove
from kithbook_client.replica import Replica


class LeftAnswer(msgspec.Struct, frozen=True):
    id: str
    name: str


@command("leave", "kith leave team", "kith leave team --yes")
@click.argument("name", required=False, metavar="[NETWORK]")
@click.option("--yes", is_flag=True, help="Do not ask.")
def kith_leave(call: Call, name: str | None, yes: bool) -> None:
    """Be in a network no more.

    What you wrote there stays with the others. Your private notes never went there. Your copy stays
    on this device, and can be read with --in.
    """
    replica = call.home.replica(name or call.network)
    _may_leave(call, replica)
    if not call.json:
        say(plain(f"What you wrote in {replica.name} stays with the others."))
        say("Your private notes never went there.")
    if not yes:
        confirm(call, f"Leave {replica.name}?", f"You are still in {replica.name}.")
    if _is_member(replica):
        remove(replica, replica.me)
    told = _tell(replica)
    if told is not None:
        raise Refused(
            f"You have left {replica.name}, but the others cannot be told yet: {told.message}",
            "It stays in your list until they can: run this again later.",
        )
    call.home.leave(replica)
    if call.json:
        print_json(LeftAnswer(replica.network.hex(), replica.name))
    else:
        say(plain(f"You have left {replica.name}."))


def _is_member(replica: Replica) -> bool:
    return any(one.person == replica.me and one.role for one in members_of(replica))


def _tell(replica: Replica) -> Unavailable | None:
    from kithbook_client.sync.servers import tell

    try:
        return tell(replica)
    except Refused:  # it knows that we are no member any more
        return None


def _may_leave(call: Call, replica: Replica) -> None:
    if replica.private:
        raise Refused(
            f"The network {replica.name} is your own.", "To be rid of it, remove the home's folder."
        )
    if replica.network not in {one.id for one in call.home.networks()}:
        raise Refused(
            f"You have left {replica.name} already.", "See those you are in: kith network list."
        )
    if any(one.role and one.person != replica.me for one in members_of(replica)):
        refuse_if_last_owner(replica)

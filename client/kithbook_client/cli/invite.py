"""Bringing somebody into a network."""

import click
import msgspec

from kithbook.clock import DAY_MS
from kithbook.errors import Invalid, Refused
from kithbook.events import Described, Role
from kithbook.readings.rules import parse_days
from kithbook.when import format_ms, instant
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import is_terminal, plain, print_json, say
from kithbook_client.people import Maker
from kithbook_client.replica import Replica
from kithbook_client.sync.inviting import invite

ROLES = ("owner", "member", "reader")


class InvitationAnswer(msgspec.Struct, frozen=True):
    """A link for one person; `name` is null where they say themselves who they are."""

    link: str
    network: str
    name: str | None
    role: str
    expires: str


@command(
    "invite",
    "kith invite Bob --in team",
    "kith invite --in team --expires 2d",
    "kith invite Carol --role reader --in team",
)
@click.argument("name", required=False, metavar="[NAME]")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="member",
    metavar="ROLE",
    help="owner, member (default), or reader, who may look and not write.",
)
@click.option("--expires", metavar="LENGTH", default="7d", help="How long it works (default 7d).")
def kith_invite(call: Call, name: str | None, role: Role, expires: str) -> None:
    """Make a link that brings somebody into a network.

    It works once. Whoever has it gets all that is in the network, and writes as NAME.
    """
    replica = call.replica
    _may_invite(replica, name)
    if name is None and role == "reader":
        raise click.UsageError("A reader writes nothing, not even a name: say who it is.")
    life_ms = _length(expires)
    person, births = _invited(call, replica, name)
    link = invite(replica, person, role, life_ms=life_ms, births=births)
    until = format_ms(call.now_ms() + life_ms)
    if call.json:
        print_json(InvitationAnswer(link, replica.network.hex(), name, role, until))
        return
    who = name or "whoever you send it to"
    say(plain(f"This brings {who} into {replica.name} as {role}, once, until {until[:10]}."))
    say("They type kith join, and the link in quotes:")
    if is_terminal():
        import segno

        segno.make(link, micro=False).terminal(compact=True)
    say(link)


def _may_invite(replica: Replica, name: str | None) -> None:
    if replica.private:
        words = f"kith invite {name}" if name else "kith invite"
        raise Refused(
            f"The network {replica.name} is yours alone, with all your notes.",
            f"Begin one to share, with kith network new NAME, and then: {words} --in NAME",
        )
    if replica.role != "owner":
        raise Refused(
            f"You are a {replica.role} of {replica.name}, and owners invite.",
            "See who they are: kith members.",
        )


def _invited(call: Call, replica: Replica, name: str | None) -> tuple[bytes, list[Described]]:
    """The person whom an invitation is for, and what makes them known from then on."""
    if name is None:
        return replica.home.random(16), []
    people = Maker(replica, call.now_ms(), call.ask)
    found = people.find_or_make(name)
    if any(people.human(member) == people.human(found.id) for member in replica.members):
        raise Refused(
            f"{found.name} is in {replica.name} already.",
            "They bring another device of theirs with: kith device add",
        )
    return found.id, people.births(*instant(call.now))


def _length(text: str) -> int:
    try:
        return round(parse_days(text) * DAY_MS)
    except ValueError as error:
        raise Invalid(f"“{text}” is no length of time.", "Write 7d, 2w or 3m.") from error

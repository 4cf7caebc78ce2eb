"""Who is in a network: members, role, remove."""

import click
import msgspec

from kithbook.errors import NotFound, Refused, Unavailable
from kithbook.events import Role
from kithbook.when import format_ms
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.invite import ROLES
from kithbook_client.cli.invited import InvitedAnswer, invited_answers, invited_named
from kithbook_client.cli.output import plain, print_json, say, table
from kithbook_client.cli.words import day
from kithbook_client.members import Member, give_role, is_last_owner, members_of, remove
from kithbook_client.replica import Replica

who_argument = click.argument("who", metavar="WHO")


class MemberAnswer(msgspec.Struct, frozen=True):
    """`role` is null when they were removed or `left`; `last` is when they last wrote, null for
    somebody who was only invited.
    """

    id: str
    name: str
    role: str | None
    devices: int
    last: str | None
    me: bool
    left: bool = False


class MembersAnswer(msgspec.Struct, frozen=True):
    members: list[MemberAnswer]
    invited: list[InvitedAnswer]


@command("members", "kith members --in team")
def kith_members(call: Call) -> None:
    """Who is in a network, and as what.

    Below stand those whose invitations are open.
    """
    answer = MembersAnswer(member_answers(call.replica), invited_answers(call.replica))
    if call.json:
        print_json(answer)
        return
    print_members(answer.members)
    for one in answer.invited:
        until = f" until {day(one.expires)}" if one.expires else ""
        say(plain(f"{one.name or one.id[:8]} is invited as {one.role}{until}."))


def member_answers(replica: Replica) -> list[MemberAnswer]:
    """Who is or was in a network, by name."""
    found = [_answer(replica, member) for member in members_of(replica)]
    return sorted(found, key=lambda one: (one.role is None, one.name.casefold(), one.id))


def _answer(replica: Replica, member: Member) -> MemberAnswer:
    id_ = member.person.hex()
    name = replica.names([member.person]).get(member.person, id_[:8])
    last, is_me = format_ms(member.last), member.person == replica.me
    return MemberAnswer(id_, name, member.role, member.devices, last, is_me, member.left)


def print_members(members: list[MemberAnswer]) -> None:
    rows = [
        (
            f"{one.name} (you)" if one.me else one.name,
            one.role or ("left" if one.left else "removed"),
            str(one.devices or ""),
            day(one.last),
        )
        for one in members
    ]
    faint = {number for number, one in enumerate(members) if one.role is None}
    table(("member", "role", "devices", "last wrote"), rows, right=(2,), faint=faint)


@command("role", "kith role Bob owner --in team", "kith role Bob reader --in team")
@who_argument
@click.argument("role", type=click.Choice(ROLES), metavar="ROLE")
def kith_role(call: Call, who: str, role: Role) -> None:
    """Let a member be owner, member or reader from now on.

    What they wrote before stays as it is. Owners may do this for those below them, in the tree of
    who invited whom, and everybody may step down.
    """
    replica = call.replica
    person = member_named(call, who)
    if person == replica.me and role != "owner":
        refuse_if_last_owner(replica)
    give_role(replica, person, role)
    _end(call, replica, person, f"is {role} of {replica.name} from now on")


@command("remove", "kith remove Bob --in team")
@who_argument
def kith_remove(call: Call, who: str) -> None:
    """Let somebody be a member no more.

    What they wrote stays, and so does the copy that they have; what they write from now on counts
    for nothing, and the server gives them nothing new. `kith role` lets them in again.

    For somebody who was invited and has not joined, it takes the invitation back.
    """
    replica = call.replica
    try:
        person = member_named(call, who)
    except (NotFound, Refused):
        invited = invited_named(call, who)
        if invited is None:
            raise
        _withdraw(call, replica, invited)
        return
    if person == replica.me:
        raise Refused("You do not remove yourself.", f"Leave it: kith leave {replica.name}")
    remove(replica, person)
    _end(call, replica, person, f"is no member of {replica.name} any more")


def _withdraw(call: Call, replica: Replica, invited: InvitedAnswer) -> None:
    from kithbook_client.sync.servers import tell

    with call.home.writing():
        remove(replica, bytes.fromhex(invited.id))
        if any(one.id == invited.id for one in invited_answers(replica)):
            raise Refused(
                "Only whoever sent an invitation, or an owner above them, takes it back.",
                "See who they are: kith members.",
            )
    told = tell(replica)
    name = invited.name or invited.id[:8]
    if call.json:
        print_json(MemberAnswer(invited.id, name, None, 0, None, me=False))
        return
    say(plain(f"{name} is not invited to {replica.name} any more."))
    say_later(told)


def refuse_if_last_owner(replica: Replica) -> None:
    """Without an owner a network lets nobody in any more, and nobody could change that."""
    if not is_last_owner(replica):
        return
    said = f"You are the last owner of {replica.name}"
    if replica.private:
        raise Refused(f"{said}, which is your own.", "Nobody else could be its owner.")
    if len(members_of(replica)) == 1:
        raise Refused(
            f"{said}, and alone in it.",
            f"Bring in an owner first: kith invite NAME --role owner --in {replica.name}",
        )
    raise Refused(
        f"{said}, and others are in it.",
        f"Make one of them an owner first: kith role WHO owner --in {replica.name}",
    )


def member_named(call: Call, who: str) -> bytes:
    """The member whom a name means, under the id by which they are one."""
    finder = call.finder(call.replica)
    found = finder.find(who)
    human = finder.human(found.id)
    for member in members_of(call.replica):
        if finder.human(member.person) == human:
            return member.person
    raise Refused(f"{found.name} is no member of {call.replica.name}.", "See who is: kith members.")


def _end(call: Call, replica: Replica, person: bytes, words: str) -> None:
    from kithbook_client.sync.servers import tell

    told = tell(replica)
    (answer,) = (one for one in member_answers(replica) if one.id == person.hex())
    if call.json:
        print_json(answer)
        return
    say(plain(f"{answer.name} {words}."))
    say_later(told)


def say_later(told: Unavailable | None) -> None:
    if told is not None:
        say(plain(f"The others hear of it later: {told.message}"))

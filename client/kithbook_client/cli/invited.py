"""Those whose invitations are open, told of and found by name."""

import msgspec

from kithbook.when import format_ms
from kithbook_client.cli.call import Call
from kithbook_client.people import ID_DIGITS
from kithbook_client.replica import Replica


class InvitedAnswer(msgspec.Struct, frozen=True):
    """Somebody who could still join; `name` is null where they say themselves who they are."""

    id: str
    name: str | None
    role: str
    expires: str | None


def invited_answers(replica: Replica) -> list[InvitedAnswer]:
    from kithbook_client.invitations import open_invitations

    found = open_invitations(replica)
    names = replica.names([one.person for one in found])
    return [
        InvitedAnswer(
            one.person.hex(),
            names.get(one.person),
            one.role,
            None if one.expires is None else format_ms(one.expires),
        )
        for one in found
    ]


def invited_named(call: Call, who: str) -> InvitedAnswer | None:
    """Whose open invitation is meant by a name or the start of an id, if anybody's."""
    invited = invited_answers(call.replica)
    fits = [one for one in invited if len(who) >= ID_DIGITS and one.id.startswith(who.lower())]
    if invited and not fits:
        finder = call.finder(call.replica)
        human = finder.human(finder.find(who).id)
        fits = [one for one in invited if finder.human(bytes.fromhex(one.id)) == human]
    return next(iter(fits), None)

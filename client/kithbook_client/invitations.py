"""The invitations by which somebody could still come into a network."""

from collections.abc import Iterator

import msgspec

from kithbook.clock import tick
from kithbook.events import Invited, Joined, Role
from kithbook.ids import ID_BYTES
from kithbook.membership import Act, standing
from kithbook_client import keys
from kithbook_client.replica import Replica

_LOG = bytes(ID_BYTES)
_SIGNED = b""
"""The log and the signature of somebody who is only supposed to join."""


class Invitation(msgspec.Struct, frozen=True):
    """`expires` is in ms since 1970."""

    person: bytes
    role: Role
    expires: int | None


def open_invitations(replica: Replica) -> list[Invitation]:
    """Those of other people, the oldest first: not used, withdrawn or expired."""
    replica.refresh()
    acts = sorted(replica.logs.acts(), key=lambda act: act.written)
    used = {act.event.ticket for act in acts if isinstance(act.event, Joined)}
    return [
        Invitation(invited.person, invited.role, invited.expires)
        for invited in _of_others(replica, acts)
        if invited.ticket not in used and _lets_in(replica, acts, invited)
    ]


def _of_others(replica: Replica, acts: list[Act]) -> Iterator[Invited]:
    """Without the links that people make for further devices of their own."""
    for act in acts:
        event = act.event
        if isinstance(event, Invited) and event.person != replica.logs[act.log].standing.person:
            yield event


def _lets_in(replica: Replica, acts: list[Act], invited: Invited) -> bool:
    """Whether somebody who used it now would be in."""
    hlc = tick(0, replica.home.now_ms())
    joined = Joined(
        at=0, zone=0, key=_LOG, nonce=_LOG, ticket=invited.ticket, signature=_SIGNED, device=""
    )

    def verify(key: bytes, signature: bytes, message: bytes) -> bool:
        return signature == _SIGNED or keys.verify(key, signature, message)

    acts = [*acts, Act(_LOG, 1, hlc, joined, b"")]
    return standing(replica.network, acts, verify)[_LOG].counts(1)

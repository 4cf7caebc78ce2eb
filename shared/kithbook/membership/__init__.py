"""Standing: whose log is whose, decided from the founder down, by proofs that are in the logs."""

from collections.abc import Iterable

from kithbook.envelope import Verify
from kithbook.ids import NetworkId
from kithbook.membership.acts import last_of_device, last_of_member
from kithbook.membership.erasing import MISSING, erasures, is_blank, without_bodies
from kithbook.membership.standing import (
    UNKNOWN,
    Act,
    Standing,
    act_in,
    device_names,
    keys_of,
    members,
    why_inert,
)

__all__ = [
    "MISSING",
    "UNKNOWN",
    "Act",
    "Standing",
    "act_in",
    "device_names",
    "erasures",
    "is_blank",
    "keys_of",
    "last_of_device",
    "last_of_member",
    "members",
    "standing",
    "why_inert",
    "without_bodies",
]


def standing(network: NetworkId, acts: Iterable[Act], verify: Verify) -> dict[bytes, Standing]:
    """The standing of every log that has an opening among these membership events.

    The tree of invitations is loaded when it is grown: most commands find it settled.
    """
    from kithbook.membership import tree

    return tree.standing(network, acts, verify)

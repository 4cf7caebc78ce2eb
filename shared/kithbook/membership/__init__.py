"""Standing: whose log is whose, decided from the founder down, by proofs that are in the logs."""

from kithbook.membership.acts import last_of_device, last_of_member
from kithbook.membership.erasing import MISSING, erasures, is_blank, without_bodies
from kithbook.membership.standing import (
    UNKNOWN,
    Act,
    Standing,
    act_in,
    keys_of,
    members,
    why_inert,
)
from kithbook.membership.tree import standing

__all__ = [
    "MISSING",
    "UNKNOWN",
    "Act",
    "Standing",
    "act_in",
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

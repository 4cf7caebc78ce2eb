"""Who speaks in a network no more, and why."""

from kithbook.errors import Refused
from kithbook.membership.standing import REVOKED
from kithbook_client.replica import Replica


def why_mute(replica: Replica, code: str = "refused") -> Refused | None:
    """What to say to somebody who writes here although nothing of it would count."""
    own = next(iter(replica.own()), None)
    if own is None or own.standing.until is None:
        return None
    if own.standing.why == REVOKED:
        return Refused(
            f"{own.device} was revoked in {replica.name}: what it writes there counts for nothing.",
            f"Type kith device add --in {replica.name} on another device of yours, and here "
            "kith join with its link.",
            code=code,
        )
    return Refused(
        f"You are no member of {replica.name} any more.",
        "Write elsewhere: --in NETWORK.",
        code=code,
    )

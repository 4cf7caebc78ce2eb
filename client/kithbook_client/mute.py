"""Who speaks in a network no more, and why."""

from kithbook.errors import Refused
from kithbook.events import Removed
from kithbook.membership import why_inert
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
    what = "left" if own.author in who_left(replica) else "were removed from"
    return Refused(f"You {what} {replica.name}.", "Write elsewhere: --in NETWORK.", code=code)


def who_left(replica: Replica) -> set[bytes]:
    """Those whose newest removal is their own word."""
    standings = replica.logs.standings()
    by = {
        act.event.person: standings[act.log].person
        for act in sorted(replica.logs.acts(), key=lambda act: act.written)
        if isinstance(act.event, Removed) and why_inert(standings[act.log], act.seq, None) is None
    }
    return {person for person, writer in by.items() if person == writer}

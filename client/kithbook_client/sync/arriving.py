"""Arriving: what a home makes of a network that it has just joined."""

from kithbook.events import Described, Founded, Merged
from kithbook.ids import fold_name
from kithbook.readings.merges import classes
from kithbook_client.founding import found_private
from kithbook_client.home import PRIVATE
from kithbook_client.replica import Replica
from kithbook_client.sync.servers import sync_with
from kithbook_client.ties import settle, tie_me


def arrive(replica: Replica) -> None:
    """Be somebody in a network that one has joined: known by name, and the one who is at home."""
    home = replica.home
    name = _my_name(replica)
    if replica.private and replica.name != PRIVATE:  # the first one of this home is a team's
        home.make_private(found_private(home, name or home.device().name))
    if _is_a_private_one(replica) and _is_empty(home.private) and not is_strange(replica):
        home.replace_private(replica)
        settle(replica)
    if name is None and replica.role != "reader":
        at, mine = home.now_ms() * 1000, home.private
        known = mine.names([mine.me])[mine.me]
        replica.append([Described(at=at, zone=0, person=replica.me, set={"name": known})])
        if replica.server is not None:
            sync_with(replica, replica.server)
    tie_me(replica)


def is_strange(replica: Replica) -> bool:
    """Whether this is the private network of somebody else than whose home it is in."""
    home = replica.home
    mine = _my_name(home.private), _my_name(replica)
    if not _is_a_private_one(replica) or len({fold_name(name or "") for name in mine}) == 1:
        return False
    one = classes(replica.reading(home.now_ms()).merges())
    teams = (team for team in home.replicas() if not team.private and team is not replica)
    me = one.get(replica.me, replica.me)
    return not any(team.is_known and one.get(team.me) == me for team in teams)


def _is_a_private_one(replica: Replica) -> bool:
    """Whether somebody founded it as their own network, and not here."""
    if replica.private or replica.role != "owner":
        return False
    names = {act.event.name for act in replica.logs.acts() if isinstance(act.event, Founded)}
    return names == {PRIVATE} and replica.members == {replica.me}


def _is_empty(private: Replica) -> bool:
    """Whether nothing has been written there but who one is, and nobody else has it."""
    return private.server is None and all(
        isinstance(one.event, Founded | Merged)
        or (isinstance(one.event, Described) and one.event.person == private.me)
        for one in private.events()
    )


def _my_name(replica: Replica) -> str | None:
    return replica.names([replica.me]).get(replica.me)

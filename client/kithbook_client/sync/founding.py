"""Founding a further network, here and on a server that knows this home already."""

from kithbook.errors import Refused
from kithbook.ids import fold_name
from kithbook_client.home import Home, Plan
from kithbook_client.replica import Replica
from kithbook_client.ties import tie_me


def found(home: Home, name: str, server: str | None = None) -> Replica:
    """A new network of which we are the owner, hosted by this server if one is given.

    The server is asked first: what it refuses is not founded.
    """
    for one in home.networks():
        if fold_name(one.name) == fold_name(name):
            raise Refused(
                f"You are in a network called {one.name} already.", "Give the new one another name."
            )
    private = home.private
    plan = home.plan(name, private.names([private.me]).get(private.me, name))
    if server is not None:
        _ask_to_host(home, server, plan)
    with home.writing():
        replica = home.carry_out(plan)
        tie_me(replica)
        if server is not None:
            replica.connect(server.rstrip("/"))
    if server is not None:
        from kithbook_client.sync.servers import sync_with

        sync_with(replica, server)
    return replica


def _ask_to_host(home: Home, server: str, plan: Plan) -> None:
    from kithbook_client.sync.http import NOT_KNOWN, HttpServer

    try:
        HttpServer(server, [home.device()], None, home.now_ms()).host(plan.id)
    except Refused as refused:
        if refused.code not in NOT_KNOWN:
            raise
        name = plan.founded.name
        raise Refused(
            f"{server} knows nobody here, so it hosts nothing for you.",
            f"With a setup link of it: kith network new {name} --local, then kith join LINK "
            f"--in {name}",
            code=refused.code,
        ) from refused

"""Founding a team, here and on a server that knows this home already."""

from kithbook.errors import Refused
from kithbook.ids import fold_name
from kithbook_client.founding import Plan, carry_out, plan
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.ties import tie_me


def found_team(home: Home, name: str, server: str | None = None) -> Replica:
    """A new network of which we are the owner, hosted by this server if one is given.

    The server is asked first: what it refuses is not founded.
    """
    for one in home.networks():
        if fold_name(one.name) == fold_name(name):
            raise Refused(
                f"You are in a network called {one.name} already.", "Give the new one another name."
            )
    private = home.private
    planned = plan(home, name, private.names([private.me]).get(private.me, name))
    if server is not None:
        _ask_to_host(home, server, planned)
    with home.writing():
        replica = carry_out(home, planned)
        tie_me(replica)
        if server is not None:
            replica.connect(server.rstrip("/"))
    if server is not None:
        from kithbook_client.sync.servers import sync_with

        sync_with(replica, server)
    return replica


def _ask_to_host(home: Home, server: str, planned: Plan) -> None:
    from kithbook_client.sync.http import HttpServer
    from kithbook_client.sync.problems import NOT_KNOWN

    try:
        HttpServer(server, [home.device()], None, home.now_ms()).host(planned.id)
    except Refused as refused:
        if refused.code not in NOT_KNOWN:
            raise
        name = planned.founded.name
        raise Refused(
            f"{server} knows nobody here, so it hosts nothing for you.",
            f"With a setup link of it: kith network new {name} --local, then kith join LINK "
            f"--in {name}",
            code=refused.code,
        ) from refused

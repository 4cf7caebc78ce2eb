"""The networks you are in."""

import click
import msgspec

from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Commands, command
from kithbook_client.cli.leaving import kith_leave
from kithbook_client.cli.members import MemberAnswer, member_answers, print_members
from kithbook_client.cli.output import plain, print_json, say, table
from kithbook_client.cli.words import counted
from kithbook_client.replica import Replica
from kithbook_client.typed import clean


@click.group("network", cls=Commands)
def kith_network() -> None:
    """The networks you are in."""


@command(
    "new",
    "kith network new team",
    "kith network new team --server https://kith.example.org",
    "kith network new team --local",
)
@click.argument("name", metavar="NAME")
@click.option("--server", metavar="URL", help="Where it is hosted (default as the current one).")
@click.option("--local", is_flag=True, help="Without a server for now.")
def new_network(call: Call, name: str, server: str | None, local: bool) -> None:
    """Begin a network to share with others; you are its owner.

    It goes to the server of the current network, which has to know this device.
    """
    if local and server is not None:
        raise click.UsageError("A network that is --local has no --server.")
    from kithbook_client.sync.founding import found_team

    current = call.replica
    url = None if local else server or current.server
    replica = found_team(call.home, clean("name", name), url)
    if call.json:
        print_json(_network(replica, current))
        return
    where = f"on {replica.server}" if replica.server else "on this device only"
    say(plain(f"{replica.name} is there, {where}; you are its owner."))
    if replica.server is None:
        say("To give it a server: kith join LINK --in NETWORK, with a link that kithd prints.")
    else:
        say(plain(f"To bring somebody in: kith invite NAME --in {replica.name}"))


class NetworkAnswer(msgspec.Struct, frozen=True):
    """`current` is the network that is written to where no other is named."""

    id: str
    name: str
    server: str | None
    events: int
    private: bool
    current: bool


class NetworksAnswer(msgspec.Struct, frozen=True):
    networks: list[NetworkAnswer]


@command("list", "kith network list")
def list_networks(call: Call) -> None:
    """The networks you are in; the first is your own."""
    current = call.home.replica()
    answer = NetworksAnswer([_network(replica, current) for replica in call.home.replicas()])
    if call.json:
        print_json(answer)
        return
    rows = [
        (f"{one.name}{' (current)' * one.current}", one.id[:8], str(one.events), one.server or "")
        for one in answer.networks
    ]
    table(("network", "id", "events", "server"), rows, right=(2,))


def _network(replica: Replica, current: Replica) -> NetworkAnswer:
    return NetworkAnswer(
        replica.network.hex(),
        replica.name,
        replica.server,
        replica.count(),
        replica.private,
        replica is current,
    )


class ShownAnswer(NetworkAnswer, frozen=True):
    members: list[MemberAnswer]


@command("show", "kith network show", "kith network show private")
@click.argument("name", required=False, metavar="[NETWORK]")
def show(call: Call, name: str | None) -> None:
    """One network, and who speaks in it."""
    replica = call.home.replica(name or call.network)
    network = _network(replica, call.home.replica())
    answer = ShownAnswer(**msgspec.structs.asdict(network), members=member_answers(replica))
    if call.json:
        print_json(answer)
        return
    say(plain(f"{network.name}  {network.id}"))
    say(plain(f"{counted(network.events)}; server: {network.server or 'none'}"))
    print_members(answer.members)


@command("use", "kith network use team", "kith network use private")
@click.argument("name", metavar="NETWORK")
def use(call: Call, name: str) -> None:
    """Write to this network from now on, unless a line says otherwise with --in."""
    replica = call.home.replica(name)
    call.home.use(replica)
    if call.json:
        print_json(_network(replica, replica))
    else:
        say(plain(f"What you record goes to {replica.name} from now on."))


@command("move", "kith network move https://kith.example.org --in team")
@click.argument("server", metavar="URL")
def move(call: Call, server: str) -> None:
    """Sync a network with another server from now on.

    It has to be hosted there: an owner does that with `kith join` and a setup link of that server.
    """
    from kithbook_client.sync.servers import sync_with

    replica, url = call.replica, server.rstrip("/")
    sync_with(replica, url)
    replica.connect(url)
    if call.json:
        print_json(_network(replica, call.home.replica()))
    else:
        say(plain(f"{replica.name} syncs with {url} from now on."))


kith_network.add_command(new_network)
kith_network.add_command(move)
kith_network.add_command(list_networks)
kith_network.add_command(use)
kith_network.add_command(show)
kith_network.add_command(kith_leave)

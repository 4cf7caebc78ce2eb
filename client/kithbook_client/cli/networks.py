"""The networks you are in."""

import click
import msgspec

from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Commands, command
from kithbook_client.cli.output import plain, print_json, say, table
from kithbook_client.replica import Replica


@click.group("network", cls=Commands)
def kith_network() -> None:
    """The networks you are in."""


class NetworkAnswer(msgspec.Struct, frozen=True):
    id: str
    name: str
    server: str | None
    events: int


class NetworksAnswer(msgspec.Struct, frozen=True):
    networks: list[NetworkAnswer]


@command("list", "kith network list")
def list_networks(call: Call) -> None:
    """The networks you are in; the first is your own."""
    home = call.home
    answer = NetworksAnswer([_network(home.replica(one.id.hex())) for one in home.networks()])
    if call.json:
        print_json(answer)
        return
    table(
        ("network", "id", "events", "server"),
        [(one.name, one.id[:8], str(one.events), one.server or "") for one in answer.networks],
        right=(2,),
    )


def _network(replica: Replica) -> NetworkAnswer:
    return NetworkAnswer(replica.network.hex(), replica.name, replica.server, replica.count())


class MemberAnswer(msgspec.Struct, frozen=True):
    id: str
    name: str
    role: str
    devices: int


class MembersAnswer(NetworkAnswer, frozen=True):
    members: list[MemberAnswer]


@command("show", "kith network show", "kith network show --in private")
def show(call: Call) -> None:
    """One network, and who speaks in it."""
    replica = call.replica
    network = _network(replica)
    answer = MembersAnswer(**msgspec.structs.asdict(network), members=_members(replica))
    if call.json:
        print_json(answer)
        return
    say(plain(f"{network.name}  {network.id}"))
    say(plain(f"{network.events:,} events; server: {network.server or 'none'}"))
    rows = [(one.name, one.role, str(one.devices)) for one in answer.members]
    table(("member", "role", "devices"), rows, right=(2,))


def _members(replica: Replica) -> list[MemberAnswer]:
    """The people who have devices here, by name."""
    keys: dict[tuple[bytes, str], set[bytes | None]] = {}
    for log in replica.logs.held():
        if log.standing.person is not None:
            speaker = log.standing.person, log.standing.role or "member"
            keys.setdefault(speaker, set()).add(log.key)
    names = replica.names([person for person, _ in keys])
    return sorted(
        (
            MemberAnswer(person.hex(), names.get(person, person.hex()[:8]), role, len(devices))
            for (person, role), devices in keys.items()
        ),
        key=lambda member: (member.name.casefold(), member.id),
    )


kith_network.add_command(list_networks)
kith_network.add_command(show)

"""The devices that write for you, and the networks you are in."""

from collections.abc import Iterator

import click
import msgspec

from kithbook.clock import wall_ms
from kithbook.when import format_ms
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Commands, command
from kithbook_client.cli.output import plain, print_json, say, table
from kithbook_client.replica import Replica


@click.group("device", cls=Commands)
def kith_device() -> None:
    """The devices that write for you."""


class LinkAnswer(msgspec.Struct, frozen=True):
    link: str


@command("add", "kith device add")
def add(call: Call) -> None:
    """Make a link that brings one more device of yours into the network.

    It works once, within a week. Whoever has it can read and write as you.
    """
    from kithbook_client.sync.links import add_device

    link = add_device(call.replica)
    if call.json:
        print_json(LinkAnswer(link))
    else:
        say("On the other device type kith join, and this link in quotes; it works once:")
        say(link)


class DeviceAnswer(msgspec.Struct, frozen=True):
    """A log that speaks for you, and the device that writes it; `last` is when it last did."""

    name: str
    log: str
    seq: int
    last: str
    this: bool


class DevicesAnswer(msgspec.Struct, frozen=True):
    devices: list[DeviceAnswer]


@command("list", "kith device list")
def list_devices(call: Call) -> None:
    """The devices that write for you, with their logs."""
    answer = DevicesAnswer(list(_devices(call.replica)))
    if call.json:
        print_json(answer)
        return
    table(
        ("device", "log", "events", "last wrote"),
        [
            (f"{one.name}{' (this one)' if one.this else ''}", one.log[:8], str(one.seq), one.last)
            for one in answer.devices
        ],
        right=(2,),
    )


def _devices(replica: Replica) -> Iterator[DeviceAnswer]:
    me = replica.me
    ours = {device.key for device in replica.voices}
    for log in sorted(replica.logs.held(), key=lambda log: -log.hlc):
        if log.standing.person == me:
            last = format_ms(wall_ms(log.hlc))
            yield DeviceAnswer(log.device, log.id.hex(), log.seq, last, log.key in ours)


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


for group, commands in ((kith_device, (add, list_devices)), (kith_network, (list_networks, show))):
    for one in commands:
        group.add_command(one)

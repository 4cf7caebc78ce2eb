"""What this device holds, and what waits."""

import msgspec

from kithbook.errors import Unavailable
from kithbook.when import format_ms
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import plain, print_json, say, strong, table
from kithbook_client.cli.words import counted, day_words
from kithbook_client.replica import Replica
from kithbook_client.status import status


class NetworkAnswer(msgspec.Struct, frozen=True):
    """`pending` events are not known to be on the server, `unknown` ones wait for an upgrade.

    `devices` are the names of those that write the logs, where they are known. `set_aside` counts
    the events of branches that were given up, `inert` those that do not count because of who wrote
    them, and `ahead` are the logs whose clock is a day or more ahead.
    """

    id: str
    name: str
    events: int
    pending: int
    unknown: int
    digest: str
    server: str | None
    last_sync: str | None
    logs: dict[str, int]
    devices: dict[str, str]
    set_aside: int
    inert: int
    ahead: list[str]


class StatusAnswer(msgspec.Struct, frozen=True):
    me: str
    device: str
    networks: list[NetworkAnswer]


@command("status", "kith status", "kith status --json")
def kith_status(call: Call) -> None:
    """What this device holds, and what waits to be synced.

    Two devices with the same digest hold the same events and make the same of them.
    """
    replicas = call.replicas
    me = _me(replicas[0])
    answer = StatusAnswer(me, replicas[0].device, [_network(replica) for replica in replicas])
    if call.json:
        print_json(answer)
        return
    say(plain(f"{me} on {answer.device}"))
    for network in answer.networks:
        say()
        _print(call, network)


def _me(replica: Replica) -> str:
    try:
        return replica.names([replica.me]).get(replica.me, "")
    except Unavailable:  # a link was redeemed, and the first sync is still to come
        return "?"


def _network(replica: Replica) -> NetworkAnswer:
    found = status(replica)
    return NetworkAnswer(
        id=found.id.hex(),
        name=found.name,
        events=found.events,
        pending=found.pending,
        unknown=found.unknown,
        digest=found.digest,
        server=found.server,
        last_sync=None if found.last_sync is None else format_ms(found.last_sync),
        logs={log.hex(): seq for log, seq in found.logs.items()},
        devices={log.hex(): name for log, name in found.devices.items()},
        set_aside=found.set_aside,
        inert=found.inert,
        ahead=[log.hex() for log in found.ahead],
    )


def _print(call: Call, network: NetworkAnswer) -> None:
    say(strong(plain(f"{network.name}  {network.id[:8]}")))
    say(f"{counted(network.events)}, {network.pending:,} to sync, digest {network.digest}")
    say(plain(_server(call, network)))
    for line in _warnings(network):
        say(line)
    rows = [
        (log[:8], network.devices.get(log, ""), f"{seq:,}") for log, seq in network.logs.items()
    ]
    table(("log", "device", "events"), rows, right=(2,))


def _server(call: Call, network: NetworkAnswer) -> str:
    if network.server is None:
        return "No server is set; kith sync also takes a folder, and kith join a setup link."
    if network.last_sync is None:
        return f"Not synced yet with {network.server}."
    return f"Synced {_when(call, network.last_sync)} with {network.server}."


def _when(call: Call, moment: str) -> str:
    from kithbook.when import parse_iso

    return day_words(*parse_iso(moment), call.now)


def _warnings(network: NetworkAnswer) -> list[str]:
    """What may need a hand, each in a line of its own."""
    warnings = []
    if network.unknown:
        warnings.append(
            f"{counted(network.unknown)} to be seen after an upgrade to a newer kithbook."
        )
    if network.set_aside:
        warnings.append(f"{counted(network.set_aside)} of a branch that forked, set aside.")
    if network.inert:
        warnings.append(
            f"{counted(network.inert)} not counted because of who wrote them: kith log."
        )
    warnings += [f"The clock of log {log[:8]} runs more than a day ahead." for log in network.ahead]
    return warnings

"""The devices that write for you."""

from collections.abc import Iterator

import click
import msgspec

from kithbook.clock import wall_ms
from kithbook.when import format_ms
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Commands, command
from kithbook_client.cli.output import print_json, say, table
from kithbook_client.cli.words import day
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
            (
                f"{one.name}{' (this one)' if one.this else ''}",
                one.log[:8],
                str(one.seq),
                day(one.last),
            )
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


kith_device.add_command(add)
kith_device.add_command(list_devices)

"""The devices that write for you."""

from collections.abc import Iterator

import click
import msgspec

from kithbook.clock import wall_ms
from kithbook.errors import Ambiguous, NotFound, Refused
from kithbook.ids import fold_name
from kithbook.when import format_ms
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Commands, command
from kithbook_client.cli.output import plain, print_json, say, table
from kithbook_client.cli.words import day
from kithbook_client.log import Log
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
    from kithbook_client.sync.inviting import add_device

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
    revoked: bool


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
                f"{one.name}{' (this one)' * one.this}{' (revoked)' * one.revoked}",
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
            yield DeviceAnswer(
                log.device,
                log.id.hex(),
                log.seq,
                last,
                log.key in ours,
                log.standing.until is not None,
            )


@command("revoke", "kith device revoke laptop", "kith device revoke 1f0c9a7e --in team")
@click.argument("device", metavar="DEVICE")
@click.option("--yes", is_flag=True, help="Do not ask about the device that you are on.")
def revoke_device(call: Call, device: str, yes: bool) -> None:
    """Let a device speak no more, because it was lost, say.

    DEVICE is its name, or the start of one of its logs. What it wrote stays; what it writes from
    now on counts for nothing, and the server lets it in no more. A new one comes with a new link.
    Where two devices used one link, revoke the one that should not have, and the other counts.
    """
    from kithbook_client.cli.members import say_later
    from kithbook_client.members import revoke
    from kithbook_client.sync.servers import tell

    replica = call.replica
    log = _device_named(replica, device)
    if log.key == replica.own()[0].key:
        _ask_about_this_one(call, replica, log, yes)
    revoke(replica, log.key or b"")
    told = tell(replica)
    if call.json:
        print_json(RevokedAnswer(log.device, [one.id.hex() for one in _logs_of(replica, log)]))
        return
    say(plain(f"{log.device} speaks no more in {replica.name}; what it wrote stays."))
    say_later(told)


def _ask_about_this_one(call: Call, replica: Replica, log: Log, yes: bool) -> None:
    """Nobody locks themselves out by a slip, and nobody for ever."""
    from kithbook_client.cli.confirming import insist
    from kithbook_client.members import is_last_owner, is_only_device

    name, network = log.device, replica.name
    if is_only_device(replica, log.key or b"") and is_last_owner(replica):
        raise Refused(
            f"{name} is your only device in {network}, and nobody else owns it: it would be shut "
            "for ever.",
            f"Bring another device in first: kith device add --in {network}",
        )
    if not yes:
        insist(
            call,
            f"{name} is the device that you are on. Let it write no more in {network}?",
            f"{name} is the device that you are on, and could write in {network} no more.",
            f"kith device revoke {name} --in {network}",
            f"{name} goes on writing in {network}.",
        )


class RevokedAnswer(msgspec.Struct, frozen=True):
    """The device, and its logs that end here."""

    name: str
    logs: list[str]


def _device_named(replica: Replica, text: str) -> Log:
    """A log of the device that is meant, among all that may speak."""
    held = [log for log in replica.logs.held() if log.standing.person and not log.standing.until]
    mine = [log for log in held if log.standing.person == replica.me]
    unsettled = [log for log in replica.logs.held() if log.standing.is_unsettled]
    for logs in (mine, held, unsettled):
        fits = [log for log in logs if fold_name(log.device) == fold_name(text)] or [
            log for log in logs if len(text) >= 6 and log.id.hex().startswith(text.lower())
        ]
        if len({log.key for log in fits}) > 1:
            logs_ = ", ".join(log.id.hex()[:8] for log in fits)
            raise Ambiguous(
                f"More than one device is called “{text}”: {logs_}.",
                "Give the start of one of its logs.",
            )
        if fits:
            return fits[0]
    raise NotFound(f"No device here is called “{text}”.", "See yours: kith device list.")


def _logs_of(replica: Replica, log: Log) -> list[Log]:
    return [one for one in replica.logs.held() if one.key == log.key]


kith_device.add_command(add)
kith_device.add_command(revoke_device)
kith_device.add_command(list_devices)

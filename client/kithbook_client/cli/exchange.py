"""Sync, with the server of each network or with whatever else is named."""

from pathlib import Path

import click
import msgspec

from kithbook.errors import KithbookError, NotFound
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import plain, print_json, say
from kithbook_client.cli.progress import progress
from kithbook_client.replica import Replica
from kithbook_client.sync.rounds import SyncReport
from kithbook_client.sync.servers import sync_and_settle, sync_with


class RefusedAnswer(msgspec.Struct, frozen=True):
    log: str
    seq: int
    why: str


class NetworkAnswer(msgspec.Struct, frozen=True):
    id: str
    name: str
    pushed: int
    pulled: int
    up_to_date: bool
    refused: list[RefusedAnswer]
    warnings: list[RefusedAnswer]


class FailedAnswer(msgspec.Struct, frozen=True):
    """A network that could not be synced, and why."""

    name: str
    code: str
    message: str
    hint: str


class SyncAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`skipped` are the names of networks that have no server; `failed` is left out when empty.

    The first that failed is also the error on stderr, and where there is one network it is all.
    """

    networks: list[NetworkAnswer]
    skipped: list[str]
    failed: list[FailedAnswer] = []


@command(
    "sync",
    "kith sync",
    "kith sync /media/usb --in team",
    "kith sync backup.kith",
    "kith sync --watch",
)
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--watch", is_flag=True, help="Go on, and sync as soon as there is anything new.")
def kith_sync(call: Call, target: str | None, watch: bool) -> None:
    """Exchange events with the server, a folder or a file.

    TARGET is the address of a server, a folder such as a USB stick, or a file that ends in .kith.
    Without one, every network is synced with its own server. A folder or file gets all of them in
    the clear, your private one too: for one that others read, say --in NETWORK.

    With --watch it stays, and what is new on either side is on the other within a second or so,
    until you press Ctrl-C. What a server cannot be told now goes when it can be reached again.
    """
    if watch:
        from kithbook_client.cli.watching import watch_networks

        watch_networks(call, target)
        return
    answer = _sync_each(call, target)
    if answer.failed or not all(network.up_to_date for network in answer.networks):
        call.exit_code = 1
    if call.json:
        print_json(answer)
        if answer.failed:
            first = answer.failed[0]
            raise KithbookError(first.message, first.hint, code=first.code)
        return
    for failure in answer.failed:
        click.echo(plain(f"{failure.name}: {failure.message} {failure.hint}"), err=True)
    if answer.skipped:
        say(plain(f"Skipped {', '.join(answer.skipped)}: no server is set."))
        if not answer.networks:
            say("To have one, start it with kithd serve and type: kith join LINK")


def _sync_each(call: Call, target: str | None) -> SyncAnswer:
    """One network after the other. Where there are several, one that fails stops no other."""
    answer = SyncAnswer([], [])
    for replica in call.replicas:
        if target is None and replica.server is None:
            answer.skipped.append(replica.name)
            continue
        try:
            report = _sync(call, replica, target)
        except KithbookError as error:
            if error.code == "unreachable":
                error.hint = "Everything stays here and goes with the next kith sync."
            if len(call.replicas) == 1:
                raise
            failure = FailedAnswer(replica.name, error.code, error.message, error.hint)
            answer.failed.append(failure)
            continue
        answer.networks.append(network_answer(replica, report))
        if not call.json:
            print_network(answer.networks[-1])
    return answer


def _sync(call: Call, replica: Replica, target: str | None) -> SyncReport:
    with progress(call, f"Syncing {replica.name}") as bar:
        report = bar and (lambda pushed, pulled: bar(pushed + pulled))
        if target is not None and "://" not in target:
            from kithbook_client.sync.folder import Folder

            folder = _folder(target)
            return sync_and_settle(replica, Folder(folder), replica.peer(str(folder)), report)
        return sync_with(replica, (target or replica.server or "").rstrip("/"), report)


def _folder(target: str) -> Path:
    """The folder, or the file in one; it has to be there, so that a slip makes no new one."""
    path = Path(target).expanduser().resolve()
    place = path.parent if path.suffix == ".kith" else path
    if not place.is_dir():
        raise NotFound(
            f"There is no folder {place}.",
            f"Make it with mkdir, or name the address of a server: https://{target}.",
        )
    return path


def network_answer(replica: Replica, report: SyncReport) -> NetworkAnswer:
    return NetworkAnswer(
        replica.network.hex(),
        replica.name,
        report.pushed,
        report.pulled,
        report.up_to_date,
        [RefusedAnswer(r.log.hex(), r.seq, r.why) for r in report.refused],
        [RefusedAnswer(r.log.hex(), r.seq, r.why) for r in report.warnings],
    )


def print_network(network: NetworkAnswer) -> None:
    state = "up to date" if network.up_to_date else "not everything could be exchanged"
    say(plain(f"{network.name}: pushed {network.pushed:,}, pulled {network.pulled:,}, {state}."))
    for refused in network.refused:
        say(plain(f"Left out log {refused.log[:8]} from seq {refused.seq}: {refused.why}"))
    for warning in network.warnings:
        say(plain(f"Look at log {warning.log[:8]} from seq {warning.seq}: {warning.why}."))

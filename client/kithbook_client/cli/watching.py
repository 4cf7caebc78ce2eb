"""`kith sync --watch`: one line for each change, until Ctrl-C."""

import gc
import signal

import click
import msgspec

from kithbook.errors import KithbookError, Refused
from kithbook_client.cli.call import Call
from kithbook_client.cli.exchange import SyncAnswer, network_answer, print_network
from kithbook_client.cli.failures import explain
from kithbook_client.cli.output import dim, plain, say
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.sync.rounds import SyncReport
from kithbook_client.sync.watching import Watch


def watch_networks(call: Call, target: str | None) -> None:
    """Until Ctrl-C or SIGTERM; both end it in order, with 0."""
    if target is not None and "://" not in target:
        raise click.UsageError("--watch is for servers, and not for folders and files.")
    gc.enable()  # this one stays
    home = Home.open(call.home_path)
    try:
        _say_what_is_watched(call, _find(call, home, target))
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        Watch(home, lambda: _find(call, home, target), _Told(call)).run()
    except KeyboardInterrupt:
        return
    finally:
        home.close()


def _find(call: Call, home: Home, target: str | None) -> list[tuple[Replica, str]]:
    """The networks that can be watched, each with its server."""
    wanted = [call.network] if call.network else [one.id.hex() for one in home.networks()]
    replicas = [home.replica(network) for network in wanted]
    for replica in replicas:
        replica.refresh()
    found = [(replica, target or replica.server) for replica in replicas]
    return [(replica, url.rstrip("/")) for replica, url in found if url]


def _say_what_is_watched(call: Call, found: list[tuple[Replica, str]]) -> None:
    if not found:
        raise Refused(
            "No network here has a server to watch.",
            "Start one with kithd serve, and type kith join with the link that it prints.",
            code="no_server",
        )
    if not call.json:
        for replica, url in found:
            say(plain(f"Watching {replica.name} at {url}."))
        say(dim("Ctrl-C ends it."))


class _Told:
    """Says what was heard; the same failure only once in a row."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.failures: dict[bytes, str] = {}

    def __call__(self, replica: Replica, heard: SyncReport | KithbookError) -> None:
        if isinstance(heard, KithbookError):
            if heard.code == "unreachable":
                heard.hint = "Everything stays here and goes when it can be reached again."
            if self.failures.get(replica.network) != heard.message:
                explain(heard, self.call)
            self.failures[replica.network] = heard.message
            return
        self.failures.pop(replica.network, None)
        answer = network_answer(replica, heard)
        if self.call.json:
            click.echo(msgspec.json.encode(SyncAnswer([answer], [])).decode())
        else:
            print_network(answer)

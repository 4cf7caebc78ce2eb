"""Beginning: a home of one's own, or a part in somebody else's network."""

import click
import msgspec

from kithbook.errors import Invalid
from kithbook.ids import fold_name
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import plain, print_json, say
from kithbook_client.founding import create_home
from kithbook_client.replica import Replica
from kithbook_client.typed import clean


class Begun(msgspec.Struct, frozen=True):
    me: str
    device: str
    network: str
    home: str


@command("init", 'kith init --me "Ada Lovelace"', "kith init --me Ada --device desk")
@click.option("--me", metavar="NAME", required=True, help="What people call you.")
@click.option("--device", metavar="NAME", help="What to call this machine (default its own name).")
def kith_init(call: Call, me: str, device: str | None) -> None:
    """Start here: say who you are.

    It makes a home with a private network that nobody else can see.
    """
    me = my_name(me)
    device = clean("name", device) if device is not None else ""
    call.home = create_home(call.home_path, me, device, call.now_ms)
    replica = call.replica
    if call.json:
        print_json(Begun(me, replica.device, replica.network.hex(), call.home.path))
        return
    say(plain(f"Hello {me}. Everything stays in {call.home.path}, for only you to read."))
    say("Whom have you met? Type: kith met Bob")


def my_name(name: str) -> str:
    name = clean("name", name)
    if fold_name(name) == "me":
        raise Invalid("“me” is how you speak of yourself.", "Give the name that others call you.")
    return name


class Joined(Begun, frozen=True):
    """What joining brought, and where the network syncs from now on; `name` is the network's."""

    server: str | None
    pushed: int
    pulled: int
    name: str
    role: str | None


@command(
    "join",
    "kith join 'http://127.0.0.1:8123/setup#SECRET'",
    "kith join 'https://kith.example.org/invite#SECRET' --me Bob",
)
@click.argument("link", metavar="LINK")
@click.option("--me", metavar="NAME", help="What people call you, where you have no home yet.")
@click.option("--device", metavar="NAME", help="What to call this machine (default its own name).")
def kith_join(call: Call, link: str, me: str | None, device: str | None) -> None:
    """Use a link: from another device of yours, or an invitation.

    A setup link, which a new server prints, makes it host your network, or the one that --in names.
    An invitation brings you into a network beside your own; where you have no home yet it makes one
    for --me. Put the link in quotes: what follows the # is its secret.
    """
    from kithbook_client.sync.joining import join

    me = my_name(me) if me is not None else None
    name = clean("name", device) if device is not None else ""
    call.home, replica, report = join(
        call.home_path, link, me, name, network=call.network, now_ms=call.now_ms
    )
    who = replica.names([replica.me]).get(replica.me, "")
    if call.json:
        print_json(
            Joined(
                who,
                replica.device,
                replica.network.hex(),
                call.home.path,
                replica.server,
                report.pushed,
                report.pulled,
                replica.name,
                replica.role,
            )
        )
        return
    say(plain(f"Hello {who}. This is {replica.device}; it syncs with {replica.server}."))
    say(plain(f"Pushed {report.pushed:,}, pulled {report.pulled:,}."))
    if not replica.private:
        _say_where(replica, is_current=replica is call.home.replica())
        _say_whose(replica, who)


def _say_where(replica: Replica, *, is_current: bool) -> None:
    """What one is in a network beside one's own, and how to write there."""
    from shlex import quote

    name = quote(replica.name)
    words = f"You are {replica.role} of {replica.name}."
    if replica.role != "reader" and not is_current:
        words += f" To write there add --in {name} to a line, or type once: kith network use {name}"
    say(plain(words))


def _say_whose(replica: Replica, who: str) -> None:
    """That somebody else's private network is here now, which may be a slip."""
    from shlex import join

    from kithbook_client.sync.arriving import is_strange

    if is_strange(replica):
        mine = replica.home.private
        me = mine.names([mine.me])[mine.me]
        words = ["kith", "device", "revoke", replica.device, "--in", replica.name, "--yes"]
        say(plain(f"It is {who}'s own network, and this home is {me}'s."))
        say(plain(f"If it should not be here, type: {join(words)}"))

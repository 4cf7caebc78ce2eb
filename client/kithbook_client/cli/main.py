"""`kith`: the page of commands, each loaded only when it runs, and how a run ends."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module

import click

from kithbook_client import __version__
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Commands

PAGE = {
    "Record": {
        "met": ("record", "You were in touch with these people."),
        "helped": ("record", "You helped somebody, or with --by they helped you."),
        "thanked": ("thanks", "You thanked somebody for a help."),
        "referred": ("record", "You recommended somebody to somebody else."),
        "trusted": ("record", "How far you trust somebody, from 0 to 10."),
        "describe": ("cards", "Write on somebody's card: e-mail, tags, how often to be in touch."),
    },
    "Look": {
        "contacts": ("contacts", "Everybody you know, and when you were last in touch."),
        "next": ("upcoming", "Whom to get in touch with, and whom to thank."),
        "show": ("show", "All that is known of one person, on one page."),
        "ledger": ("ledger", "Who gave what to whom, and thanks still open."),
        "trust": ("trust", "How far you can trust people, by what those you trust say."),
        "intro": ("intro", "Who knows somebody, and who could introduce you."),
        "why": ("why", "Where a trust score comes from, number by number."),
        "what-if": ("supposing", "Which scores would be others, had something not been said."),
        "diff": ("difference", "What changed about a person between two dates."),
        "log": ("history", "What has been recorded, the newest last."),
        "search": ("search", "Find people and events by the words in them."),
    },
    "Correct": {
        "retract": ("retract", "Take an event back; it stays visible in the log."),
        "erase": ("erase", "Destroy for ever, everywhere, what events of yours say."),
        "merge": ("govern", "Two names turned out to be one human."),
        "rule": ("govern", "The rules by which trust carries and contacts come due."),
    },
    "Keep": {
        "init": ("begin", "Start here: say who you are."),
        "status": ("status", "What this device holds, and what waits to be synced."),
        "import": ("files", "Take in events from a file."),
        "export": ("files", "Write every event, or an address book or calendar, to a file."),
        "verify": ("checks", "Check every event against damage and forgery."),
        "rebuild": ("checks", "Work every view out anew from the log."),
        "doctor": ("doctor", "Look for trouble, and say what to do about it."),
        "demo": ("story", "See three laptops and a server at work."),
    },
    "Share": {
        "sync": ("exchange", "Exchange events with the server, a folder or a file."),
        "join": ("begin", "Use a link: from another device of yours, or an invitation."),
        "device": ("devices", "The devices that write for you."),
        "network": ("networks", "The networks you are in."),
        "share": ("share", "Tell a team what you have written down for yourself."),
        "invite": ("invite", "Make a link that brings somebody into a network."),
        "members": ("members", "Who is in a network, and as what."),
        "role": ("members", "Let a member be owner, member or reader from now on."),
        "remove": ("members", "Let somebody be a member no more."),
        "leave": ("leaving", "Be in a network no more."),
    },
}
"""Heading → command → the module that has it, and what it is for."""


FIRST = (
    'kith init --me "Ada Lovelace"',
    'kith met Bob "Carol Ng" --at yesterday --where JavaZone',
    'kith helped me "a lead at Acme" --by Bob',
    "kith next",
)
"""What somebody types who is new here."""


NOT_LOADED = click.Command(None)


class Kith(Commands):
    """Knows of each command what `PAGE` says, and imports the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        return list(self.commands)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click passes it
        cmd_name: str,
    ) -> click.Command | None:
        for entries in PAGE.values():
            if cmd_name in entries:
                module = import_module(f"kithbook_client.cli.{entries[cmd_name][0]}")
                found: click.Command = getattr(module, f"kith_{cmd_name.replace('-', '_')}")
                return found
        return None

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click passes it
        formatter: click.HelpFormatter,
    ) -> None:
        formatter.write("".join(f"\n  {line}" for line in FIRST) + "\n")
        for heading, entries in PAGE.items():
            with formatter.section(heading):
                formatter.write_dl([(name, line) for name, (_, line) in entries.items()])


@click.group(
    cls=Kith,
    # Their names are enough to suggest one; get_command gives the command itself.
    commands=dict.fromkeys((name for entries in PAGE.values() for name in entries), NOT_LOADED),
    invoke_without_command=True,
    options_metavar="",
    subcommand_metavar="COMMAND …",
    epilog="Each command explains itself and has examples: kith met --help",
)
@click.option("--version", is_flag=True, help="Show the version.")
@click.pass_context
def kith(ctx: click.Context, version: bool) -> None:
    """Keeps in mind the people you know: with whom you were in touch, who helped whom, who was
    thanked, and whom you can trust. It needs no network, and syncs when there is one.
    """
    if version:
        click.echo(f"kith {__version__}")
        ctx.exit()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(args: Sequence[str], now: datetime | None = None) -> int:
    """Run one command line. 0 is done, 1 refused or failed, 2 not understood, 130 interrupted."""
    call = Call(now or datetime.now().astimezone())
    # Also where the line cannot be understood.
    call.json = "--json" in args[: args.index("--") if "--" in args else None]
    try:
        if now is None and (told := os.environ.get("KITH_NOW")):
            call.now = _moment(told)
        with kith.make_context("kith", list(args), obj=call) as ctx:
            kith.invoke(ctx)
        if call.known_at and not call.json:
            from kithbook_client.cli.clocks import say_what_came_later

            say_what_came_later(call)
        return call.exit_code
    except BrokenPipeError:
        # Whoever reads has seen enough, as in `kith log | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        return 130
    except click.exceptions.Exit as end:
        return end.exit_code
    except Exception as error:  # noqa: BLE001 - nobody is helped by a traceback
        from kithbook_client.cli.failures import explain

        return explain(error, call)
    finally:
        call.close()


def _moment(text: str) -> datetime:
    """The moment that the environment has kith take for now, to rehearse or to look back."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        from kithbook.errors import Invalid

        raise Invalid(
            f"KITH_NOW is “{text}”, which is no time.", "Write it as 2026-11-23T14:30Z."
        ) from error

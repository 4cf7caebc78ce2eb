"""The command `kithd`: the sync service, and what its operator needs beside it."""

import sys
from typing import Any

import click
import msgspec

from kithbook.errors import Invalid, KithbookError, Unsupported
from kithbook_server.copies import backup, move, restore
from kithbook_server.options import (
    data_option,
    database_option,
    password_option,
    require_data,
    settings_of,
)
from kithbook_server.settings import PREFIX, Settings

USAGE = 2

origin_option = click.option(
    "--origin", metavar="URL", help="How devices reach this server. [KITHD_ORIGIN]"
)
host_option = click.option("--host", help="The address to listen on. [KITHD_HOST, 127.0.0.1]")
port_option = click.option("--port", help="The port; 0 takes a free one. [KITHD_PORT, 8123]")


def _in_the_environment() -> str:
    """The settings that are no options, with their defaults, as click keeps them in lines."""
    options = {"host", "port", "data", "database", "database_password_file", "origin"}
    lines = [
        f"  {PREFIX + field.name.upper():22} {field.default}"
        for field in msgspec.structs.fields(Settings)
        if field.name not in options
    ]
    return "\b\nFrom the environment:\n" + "\n".join(lines)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="kithbook", prog_name="kithd")
def kithd() -> None:
    """The sync service of kithbook: hosts networks, and never decides for them.

    Start with `kithd serve`. The first time it prints a setup link; redeem that on your laptop
    with `kith join LINK`, and this server hosts your network.
    """


@kithd.command(epilog=_in_the_environment())
@host_option
@port_option
@data_option
@database_option
@password_option
@origin_option
def serve(**options: Any) -> None:
    """Serve until it is stopped.

    Once it listens it prints its address; the first time that is a setup link, which works once.
    """
    from kithbook_server.serving import serve as serve_until_stopped

    serve_until_stopped(settings_of(options), click.echo)


@kithd.command()
@data_option
@database_option
@password_option
@origin_option
@host_option
@port_option
def link(**options: Any) -> None:
    """Print another setup link; the server may be running.

    It leads to where these data were last served, unless --origin or --host and --port say else.
    """
    from kithbook_server import links

    settings = settings_of(options)
    require_data(settings)
    told = options["origin"] or options["host"] or options["port"]
    remembered = None if told else links.last_address(settings)
    address = remembered or links.address_of(settings, settings.port)
    made = links.setup_link(settings, address)
    if sys.stdout.isatty():
        click.echo(links.WITH_A_LINK)
    click.echo(made)


@kithd.command()
@data_option
@database_option
@password_option
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def verify(as_json: bool, **options: Any) -> None:
    """Check every event and every seal against damage and forgery."""
    from kithbook_server import keys
    from kithbook_server.audit import audit
    from kithbook_server.stores import open_recorder

    settings = settings_of(options)
    require_data(settings)
    recorder = open_recorder(settings)
    try:
        report = audit(recorder, keys.verify)
    finally:
        recorder.close()
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        for problem in report.problems:
            click.echo(f"{problem.event or 'the database'}: {problem.why}")
        click.echo(f"{report.events:,} events: {'all fit' if report.ok else 'damage found'}.")
    if not report.ok:
        sys.exit(1)


@kithd.command()
@data_option
@database_option
@password_option
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def rebuild(as_json: bool, **options: Any) -> None:
    """Work the views of every network out anew from the log, and print their digests.

    No views are kept on disk: each process folds them from the log, as this does. A digest equals
    the one that `kith status` prints where the same events are held.
    """
    from kithbook_server.stores import open_recorder, wall_clock
    from kithbook_server.views import Views

    settings = settings_of(options)
    require_data(settings)
    recorder = open_recorder(settings)
    try:
        with recorder.reading() as reading:
            networks = reading.networks()
        views = Views(recorder, wall_clock)
        digests = [Rebuilt(network.hex(), views.digest(network)) for network in networks]
    finally:
        recorder.close()
    if as_json:
        click.echo(msgspec.json.encode({"networks": digests}).decode())
        return
    for rebuilt in digests:
        click.echo(f"{rebuilt.id}  {rebuilt.digest}")
    click.echo(f"{len(digests)} rebuilt from the log.")


class Rebuilt(msgspec.Struct, frozen=True):
    """A network and the digest of its views."""

    id: str
    digest: str


for copy in (move, backup, restore):
    kithd.add_command(copy)


def main() -> None:
    """Every error as one sentence and the next step on stderr."""
    try:
        kithd(prog_name="kithd")
    except KithbookError as error:
        click.echo(error.message, err=True)
        if error.hint:
            click.echo(error.hint, err=True)
        sys.exit(USAGE if isinstance(error, Invalid | Unsupported) else 1)


if __name__ == "__main__":
    main()

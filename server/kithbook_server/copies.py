"""The commands that copy all data: `kithd move`, `kithd backup` and `kithd restore`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kithbook.errors import Refused
from kithbook_server.options import (
    data_option,
    database_option,
    password_option,
    require_data,
    settings_of,
)
from kithbook_server.settings import read_settings

if TYPE_CHECKING:
    from kithbook_server.stores import Stores


@click.command()
@data_option
@database_option
@password_option
@click.option("--to", required=True, metavar="PLACE", help="A folder, or the URL of a PostgreSQL.")
@click.option("--to-password-file", metavar="FILE", help="Holds the password for that.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def move(to: str, to_password_file: str | None, as_json: bool, **options: Any) -> None:
    """Carry everything to another folder or to PostgreSQL, and check it there.

    It adds what is missing there and changes nothing here, so it may be cut off and started again.
    Do it first while kithd serves, stop kithd, do it again, and serve from there.
    """
    from kithbook_server.stores import open_stores

    settings = settings_of(options)
    require_data(settings)
    place = "database" if "://" in to else "data"
    there = {place: to, "database_password_file": to_password_file}
    target = read_settings({}, there)
    _carry(lambda: open_stores(settings), lambda: open_stores(target), as_json)


@click.command()
@data_option
@database_option
@password_option
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def backup(file: Path, as_json: bool, **options: Any) -> None:
    """Write everything into one new FILE; the server may be running.

    It is a SQLite database, checked once it is whole.
    """
    from kithbook_server.stores import open_file, open_stores

    settings = settings_of(options)
    require_data(settings)
    if file.exists():
        raise Refused(f"{file} exists already.", "Name a new file, or move that one away.")
    part = file.with_name(file.name + ".part")
    _carry(lambda: open_stores(settings), lambda: open_file(part), as_json)
    part.rename(file)


@click.command()
@data_option
@database_option
@password_option
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def restore(file: Path, as_json: bool, **options: Any) -> None:
    """Add what a backup in FILE holds and this server lacks; nothing is taken away.

    Stop kithd first: where a device brings the same events meanwhile, this breaks off. Start it
    again then, and it goes on.
    """
    from kithbook_server.stores import check_backup, open_file, open_stores

    settings = settings_of(options)
    check_backup(file)
    _carry(lambda: open_file(file), lambda: open_stores(settings), as_json)


def _carry(source: Callable[[], "Stores"], target: Callable[[], "Stores"], as_json: bool) -> None:
    from kithbook_server import keys
    from kithbook_server.moving import move

    with closing(source()) as here, closing(target()) as there, _counting() as tell:
        moved = move(here, there, keys.verify, tell)
    if as_json:
        click.echo(msgspec.json.encode(moved).decode())
    else:
        click.echo(
            f"Carried: {moved.events:,} events and {moved.decisions:,} decisions."
            f" There now: {moved.held:,} events, all fit."
        )


@contextmanager
def _counting() -> Iterator[Callable[[int], None]]:
    """Counts events on a terminal."""
    total = 0

    def tell(events: int) -> None:
        nonlocal total
        total += events
        if sys.stderr.isatty():
            click.echo(f"\r{total:,} events", nl=False, err=True)

    yield tell
    if total and sys.stderr.isatty():
        click.echo(err=True)

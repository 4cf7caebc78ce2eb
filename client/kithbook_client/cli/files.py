"""Events in and out of files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import Terminal, is_terminal, plain, print_json, say
from kithbook_client.cli.progress import progress
from kithbook_client.cli.words import counted
from kithbook_client.exporting.jsonl import export_jsonl
from kithbook_client.importing import ImportReport, import_lines
from kithbook_client.writing import whole

SHOWN = 20


@command(
    "import", "kith import history.jsonl --dry-run", "kith import history.jsonl", "kith import -"
)
@click.argument("file", metavar="FILE")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def kith_import(call: Call, file: str, dry_run: bool) -> None:
    """Take in events from a file.

    FILE is JSONL: one event a line, people by name; - is standard input. What is here already is
    skipped, and a line that makes no event is reported while the others go in.
    """
    with _reading(file) as lines, progress(call, "Importing") as report:
        done = import_lines(call.replica, lines, dry_run=dry_run, progress=report)
    call.exit_code = 1 if done.problems else 0
    if call.json:
        print_json(done)
    else:
        _print(done, dry_run=dry_run)


@contextmanager
def _reading(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
    else:
        with Path(file).open("rb") as opened:
            yield opened


def _print(done: ImportReport, *, dry_run: bool) -> None:
    verb = "Would add" if dry_run else "Added"
    here = f"; {done.skipped:,} were here already" if done.skipped else ""
    say(f"{verb} {counted(done.added)}{here}.")
    for problem in done.problems[:SHOWN]:
        say(plain(f"Line {problem.line:,}: {problem.why}"))
    if len(done.problems) > SHOWN:
        say(f"… and {len(done.problems) - SHOWN:,} more lines with problems (--json lists them).")
    if done.added and not dry_run:
        say(f"To take it back: kith retract --batch {done.batch}")


class ExportAnswer(msgspec.Struct, frozen=True):
    file: str
    events: int


@command("export", "kith export", "kith export ada.jsonl", "kith export --format jsonl ada.jsonl")
@click.argument("file", default="-", metavar="[FILE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl"]),
    default="jsonl",
    metavar="FORMAT",
    help="jsonl.",
)
def kith_export(call: Call, file: str, form: str) -> None:  # noqa: ARG001 - one form so far
    """Write every event to a file.

    FILE is - or left out for standard output. `kith import` reads it into another home.
    """
    if file == "-":
        export_jsonl(call.replicas, Terminal() if is_terminal() else sys.stdout.buffer)
        return
    with progress(call, "Exporting") as report, whole(Path(file)) as out:
        count = export_jsonl(call.replicas, out, report)
    if call.json:
        print_json(ExportAnswer(file, count))
    else:
        say(plain(f"Wrote {counted(count)} to {file}."))

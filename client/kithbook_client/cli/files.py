"""Events in and out of files, and what else others can read."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

import click
import msgspec

from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.foreign import refuse_foreign
from kithbook_client.cli.output import Terminal, is_terminal, plain, print_json, say
from kithbook_client.cli.progress import Report, progress
from kithbook_client.cli.words import counted
from kithbook_client.exporting import Writer
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
def _reading(file: str) -> Iterator[Iterable[bytes]]:
    with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as opened:
        first = next(opened, b"")
        refuse_foreign(file, first)
        yield chain([first], opened)


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


class ExportAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of the counts there is the one that belongs to the form: `events` of jsonl, `people` of
    vcard and csv, `entries` of ics.
    """

    file: str
    events: int | None = None
    people: int | None = None
    entries: int | None = None


class Form(NamedTuple):
    """A form to export in: how files of it are called, and what it consists of."""

    ending: str
    one: str
    many: Literal["events", "people", "entries"]
    write: Callable[[Call, Writer, Report | None, bool], int]


def _jsonl(call: Call, out: Writer, report: Report | None, _: bool) -> int:
    from kithbook_client.exporting.jsonl import export_jsonl

    return export_jsonl(call.replicas, out, report)


def _vcard(call: Call, out: Writer, _: Report | None, with_me: bool) -> int:
    from kithbook_client.exporting.vcard import export_vcards

    return export_vcards(call.reader, out, with_me=with_me)


def _csv(call: Call, out: Writer, _: Report | None, with_me: bool) -> int:
    from kithbook_client.exporting.table import export_table

    return export_table(call.reader, out, with_me=with_me)


def _ics(call: Call, out: Writer, _: Report | None, with_me: bool) -> int:
    from kithbook_client.exporting.calendar import export_calendar

    return export_calendar(call.reader, out, call.now, with_me=with_me)


FORMS = {
    "jsonl": Form(".jsonl", "event", "events", _jsonl),
    "vcard": Form(".vcf", "person", "people", _vcard),
    "csv": Form(".csv", "person", "people", _csv),
    "ics": Form(".ics", "entry", "entries", _ics),
}


@command("export", "kith export ada.jsonl", "kith export --format vcard", "kith export due.ics")
@click.argument("file", default="-", metavar="[FILE]")
@click.option(
    "--format",
    "name",
    type=click.Choice(list(FORMS)),
    metavar="FORMAT",
    help="jsonl, vcard, csv or ics (default: what FILE ends in, or jsonl without an ending).",
)
@click.option("--with-me", is_flag=True, help="Also you, in an address book or a calendar.")
def kith_export(call: Call, file: str, name: str | None, with_me: bool) -> None:
    """Write every event, or an address book or calendar, to a file.

    FILE is - or left out for standard output. `kith import` reads jsonl into another home. vcard
    (vCard 4.0, .vcf) and csv are the address book; ics is a calendar of birthdays and of the days
    on which contact comes due.
    """
    name = name or _name_by_ending(file)
    form = FORMS[name]
    if with_me and name == "jsonl":
        raise click.UsageError("jsonl has every event; --with-me is for vcard, csv and ics.")
    if file == "-":
        out = Terminal(json=name == "jsonl") if is_terminal() else sys.stdout.buffer
        form.write(call, out, None, with_me)
        return
    with progress(call, "Exporting") as report, whole(Path(file)) as out:
        count = form.write(call, out, report, with_me)
    if call.json:
        print_json(ExportAnswer(file, **{form.many: count}))
    else:
        say(plain(f"Wrote {counted(count, form.one, form.many)} to {file}."))


def _name_by_ending(file: str) -> str:
    ending = Path(file).suffix.lower()
    known = {form.ending: name for name, form in FORMS.items()}
    if ending and ending not in known:
        raise click.UsageError(
            f"The form of a file that ends in {ending} is not known: give --format, or a name that "
            f"ends in {', '.join(known)}."
        )
    return known.get(ending, "jsonl")

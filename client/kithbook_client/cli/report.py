"""A score and its history written to a file to hand on."""

from pathlib import Path

import click
import msgspec

from kithbook.audit.answering import change_answer
from kithbook.audit.history import TIME, By, Change
from kithbook.errors import Refused
from kithbook.readings.derivation import why_answer
from kithbook.readings.listing import Logged
from kithbook_client import __version__
from kithbook_client.cli.call import Call
from kithbook_client.cli.changes import ORDERS, Asked, late_text, path
from kithbook_client.cli.output import dim, plain, print_json, say
from kithbook_client.cli.words import told
from kithbook_client.report.markdown import markdown
from kithbook_client.report.model import Report, Row, Source
from kithbook_client.report.page import MADE_BY, named, page
from kithbook_client.writing import write_whole

FORMS = {".html": page, ".htm": page, ".md": markdown}


class ReportAnswer(msgspec.Struct, frozen=True):
    """The file, and how many events moved the score by what was true."""

    file: str
    changes: int


def write_report(call: Call, asked: Asked, file: Path, *, force: bool) -> None:
    """Write the report of a score in the form that the name of the file says."""
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise click.UsageError(f"A report is called .html or .md, and {file.name} is not.")
    if file.exists() and not force and not _is_report(file):
        raise Refused(
            f"{file} is there already and is no report of kith's.",
            "Choose another name, or write over it with --force.",
        )
    report = _report(call, asked)
    write_whole(file, form(report).encode())
    if call.json:
        print_json(ReportAnswer(str(file), len(report.histories["at"])))
    else:
        say(plain(f"Wrote {file}."))
        if len(report.networks) > 1:
            say(dim(plain(f"It tells of {named(report)}; --in NETWORK tells of one alone.")))


def _is_report(file: Path) -> bool:
    with file.open("rb") as opened:
        return MADE_BY.encode() in opened.read(1_000)


def _report(call: Call, asked: Asked) -> Report:
    reader = call.reader
    score = reader.score(asked.to, asked.start, others=True)

    def row(change: Change, by: By) -> Row:
        answer = change_answer(change, reader.names, call.network_name(change.logged.network))
        return Row(
            at=TIME[by](change),
            before=answer.before,
            after=answer.after,
            said=told(change.logged.event, reader.names.__getitem__),
            path=f"through {way}" if (way := path(answer)) else "",
            late=late_text(change),
            event=answer,
            hash=_hash(call, change.logged),
        )

    moved = {by: asked.history(by) for by in ORDERS}
    return Report(
        why=why_answer(reader, score, call.book.event_at),
        histories={by: [row(change, by) for change in one.changes] for by, one in moved.items()},
        erased=len(moved["at"].erased),
        made=call.now_us,
        networks=[Source(one.name, one.network.hex(), one.digest()) for one in call.replicas],
        version=__version__,
    )


def _hash(call: Call, logged: Logged) -> str:
    logs = next(one.logs for one in call.replicas if one.network == logged.network)
    return logs.hash_at(logs[logged.log], logged.seq).hex()

"""What went wrong, in a sentence with the next step, or in JSON; never a traceback."""

import os
from contextlib import suppress
from pathlib import Path

import click
import msgspec

from kithbook.errors import Ambiguous, KithbookError, NotFound, Unavailable
from kithbook_client.cli.call import Call
from kithbook_client.cli.output import plain
from kithbook_client.schema import plain_errors

USAGE = 2


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    code: str
    message: str
    hint: str
    candidates: tuple[str, ...] = ()


class FailureAnswer(msgspec.Struct, frozen=True):
    error: Failure


def explain(error: Exception, call: Call) -> int:
    """Say what went wrong on stderr; the exit code."""
    if isinstance(error, click.UsageError):
        return _misunderstood(error, call)
    if not isinstance(error, KithbookError) and os.environ.get("KITH_DEBUG"):
        raise error
    known = error if isinstance(error, KithbookError) else _in_words(error, call)
    if call.json:
        candidates = known.candidates if isinstance(known, Ambiguous) else ()
        _print(Failure(known.code, known.message, known.hint, candidates))
    else:
        click.echo(plain(known.message), err=True)
        if known.hint:
            click.echo(plain(known.hint), err=True)
    return 1


def _misunderstood(error: click.UsageError, call: Call) -> int:
    command = error.ctx.command_path if error.ctx else "kith"
    failure = Failure("usage", error.format_message(), f"It is explained by: {command} --help")
    if call.json:
        _print(failure)
    else:
        usage = f"{error.ctx.get_usage()}\n" if error.ctx else ""
        click.echo(f"{usage}{plain(failure.message)}\n{failure.hint}", err=True)
    return USAGE


def _print(failure: Failure) -> None:
    click.echo(msgspec.json.encode(FailureAnswer(failure)).decode(), err=True)


def _in_words(error: Exception, call: Call) -> KithbookError:
    """Errors of the home's file and of the system, and those that must not happen."""
    if "home" in vars(call):
        try:
            with suppress(type(error)), plain_errors(call.home.path):
                raise error
        except KithbookError as known:
            return known
    if isinstance(error, FileNotFoundError):
        folder = Path(error.filename).parent
        if not folder.is_dir():
            return NotFound(
                f"There is no folder {folder}.", "Make it, or look for a slip in its name."
            )
        return NotFound(f"There is no {error.filename}.", "Look for a slip in its name.")
    if isinstance(error, OSError):
        where = error.filename or "What this needs"
        return Unavailable(
            f"{where} cannot be used: {(error.strerror or str(error)).lower()}.",
            "Look at the rights to it and the room on the disk.",
        )
    return KithbookError(
        f"kith failed in a way that it should not: {type(error).__name__}: {error}.",
        "Nothing was half done. Run it again with KITH_DEBUG=1 to see where, and please report it.",
        code="internal",
    )

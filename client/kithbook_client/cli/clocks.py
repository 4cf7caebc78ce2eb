"""Times that bound what is read: from when, until when."""

from datetime import datetime

import click

from kithbook.spoken import parse_when
from kithbook.when import DAY_US
from kithbook_client.cli.call import Call

SINCE = click.Option(["--since"], metavar="WHEN", help="Only what happened then or later.")
UNTIL = click.Option(
    ["--until"], metavar="WHEN", help="Only what happened by then; a date means to its end."
)


def lower(call: Call, text: str | None) -> int | None:
    """The moment that somebody means by a lower bound, in µs since 1970."""
    return None if text is None else parse_when(text, call.now, datetime.astimezone)[0]


def upper(call: Call, text: str | None) -> int | None:
    """The last moment that an upper bound takes in: a bare date means to its end."""
    if text is None:
        return None
    at, zone = parse_when(text, call.now, datetime.astimezone)
    return at if zone is not None else at + DAY_US - 1

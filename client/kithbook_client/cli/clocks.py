"""Times on a command line that bound what is read."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from kithbook.when import format_ms, last_of
from kithbook_client.cli.call import Call, set_on_call
from kithbook_client.cli.output import dim, plain, say
from kithbook_client.cli.words import counted

if TYPE_CHECKING:
    from kithbook.readings.moment import Moment

AS_OF = click.Option(
    ["--as-of"],
    metavar="WHEN",
    expose_value=False,
    callback=set_on_call,
    help="The world as it was then, by what is known today; a date means to its end.",
)
KNOWN_AT = click.Option(
    ["--known-at"],
    metavar="WHEN",
    expose_value=False,
    callback=set_on_call,
    help="By what had been received here then.",
)
PAST = (AS_OF, KNOWN_AT)
"""For every command that only reads."""
SINCE = click.Option(["--since"], metavar="WHEN", help="Only what happened then or later.")
UNTIL = click.Option(
    ["--until"], metavar="WHEN", help="Only what happened by then; a date means to its end."
)


def lower(call: Call, text: str | None) -> int | None:
    """The moment that somebody means by a lower bound, in µs since 1970."""
    return None if text is None else _parsed(call, text)[0]


def upper(call: Call, text: str | None) -> int | None:
    """The last moment that an upper bound takes in: a bare date means to its end."""
    return None if text is None else last_of(*_parsed(call, text))


def bounds(
    call: Call,
    since: str | None,
    until: str | None,
    first: str = "--since",
    second: str = "--until",
) -> tuple[int | None, int | None]:
    """The lower and the upper bound, given by two options; refused where they are reversed."""
    start, end = lower(call, since), upper(call, until)
    if start is not None and end is not None and start > end:
        raise click.UsageError(f"{first} {since} is after {second} {until}.")
    return start, end


def _parsed(call: Call, text: str) -> tuple[int, int | None]:
    from kithbook.spoken import parse_when

    return parse_when(text, call.now, datetime.astimezone)


def say_what_came_later(call: Call) -> None:
    """A replica that was filled later knew less than had been recorded, and says so."""
    known_at = moment(call).known_at
    if known_at is None:
        return
    for one in call.replicas:
        came = one.history.came_later(known_at // 1000)
        if came.first is None:
            continue
        events, day = counted(came.events), format_ms(came.first)[:10]
        text = f"{events} recorded by then came here later, the first {day}"
        filled = "; this home knew nothing then, it was filled afterwards" if came.is_all else ""
        say(dim(plain(f"{one.name}: {text}{filled}.")))


def moment(call: Call) -> "Moment":
    """The moment that the line asks for."""
    from kithbook.readings.moment import Moment

    return Moment(upper(call, call.as_of), upper(call, call.known_at))

"""What a view is asked: by whom, of whom, and of which moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple

from litestar.params import QueryParameter

from kithbook.audit.history import By
from kithbook.errors import Ambiguous, NotFound
from kithbook.ids import NetworkId, fold_name
from kithbook.readings.listing import Find
from kithbook.readings.moment import Moment
from kithbook.readings.names import short
from kithbook.readings.reader import Reader
from kithbook.when import last_of, parse_iso
from kithbook_server.api.auth import network_in
from kithbook_server.api.server import Server
from kithbook_server.api.wire import AnyRequest

Who = Annotated[str | None, QueryParameter(description="A person's name or id; you by default.")]
Start = Annotated[
    str | None, QueryParameter(name="from", description="Whose view; yours by default.")
]
AsOf = Annotated[
    str | None,
    QueryParameter(description="The world as it was then; a date means to its end."),
]
KnownAt = Annotated[
    str | None,
    QueryParameter(description="By what this server had received then; a date means to its end."),
]
Changes = Annotated[bool, QueryParameter(description="The history of the score instead.")]
Order = Annotated[
    By,
    QueryParameter(
        description="By which clock: what was true (at), was written (recorded) or came here."
    ),
]
Since = Annotated[str | None, QueryParameter(description="Only changes from then on.")]
Until = Annotated[
    str | None, QueryParameter(description="Only changes by then; a date means to its end.")
]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="The newest so many.")]


def admitted(network: str, request: AnyRequest, server: Server) -> NetworkId:
    asked = network_in(network)
    server.hosting.admit(asked, request.user)
    return asked


def moment_of(as_of: str | None, known_at: str | None) -> Moment:
    return Moment(end_of(as_of), end_of(known_at))


def start_of(text: str | None) -> int | None:
    return None if text is None else parse_iso(text)[0]


def end_of(text: str | None) -> int | None:
    return None if text is None else last_of(*parse_iso(text))


class Asked(NamedTuple):
    """What is read, what finds the events behind it, and the people whom a request names."""

    reader: Reader
    find: Find
    people: list[bytes]


@contextmanager
def asked_of(
    network: str, request: AnyRequest, server: Server, moment: Moment, *who: str | None
) -> Iterator[Asked]:
    """Nothing may be kept past the block.

    People are found by what they are called now, also where a past is read; whoever had no name
    then is called by it.
    """
    id_ = admitted(network, request, server)
    me = server.hosting.person(id_, request.user)
    with server.views.reading(id_, me) as (now, find):
        people = [person_called(now, one) for one in who]
        if not moment.is_past:
            yield Asked(now, find, people)
            return
        names, one = now.names.all, now.one
    with server.views.reading(id_, me, moment) as (then, find):
        then.names.otherwise = lambda person: names.get(one.get(person, person)) or short(person)
        yield Asked(then, find, people)


def person_called(reader: Reader, who: str | None) -> bytes:
    """The person with this id or exactly this name; `me` and None are whose device asks."""
    if who is None or fold_name(who) == "me":
        return reader.me
    fits = reader.names.called(who)
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise Ambiguous(
            f"{len(fits)} people are called “{who}”.",
            "Use an id.",
            candidates=tuple(person.hex() for person in fits),
        )
    raise NotFound(f"Nobody here is called “{who}”.", "GET …/contacts lists everybody.")

"""GET /v1/networks/{network}/…: the views, as the device's person sees them, now or then."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from kithbook.audit.answering import ChangesAnswer, changes_answer
from kithbook.audit.history import By
from kithbook.errors import Ambiguous, Invalid, NotFound
from kithbook.ids import NetworkId, fold_name
from kithbook.readings import answers
from kithbook.readings.answering import (
    contacts_answer,
    introductions_answer,
    ledger_answer,
    trust_answer,
)
from kithbook.readings.derivation import why_answer
from kithbook.readings.introductions import introductions as introduced
from kithbook.readings.listing import event_answer
from kithbook.readings.moment import Moment
from kithbook.readings.reader import Reader
from kithbook.when import last_of, parse_iso
from kithbook_server.api.auth import network_in
from kithbook_server.api.openapi import operation
from kithbook_server.api.server import Server
from kithbook_server.api.wire import AnyRequest, reply

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


class Summary(msgspec.Struct, frozen=True):
    """A network as this server holds it; `logs` gives the highest seq of each."""

    id: str
    events: int
    digest: str
    logs: dict[str, int]


@get(
    "/",
    sync_to_thread=True,
    operation_class=operation(None, Summary),
    summary="What the server holds of a network",
    description="`digest` is the one that `kith status` prints: equal when both hold the same.",
)
def summary(network: FromPath[str], request: AnyRequest, server: Server) -> Response[bytes]:
    asked = _admitted(network, request, server)
    with server.recorder.reading() as reading:
        logs = {head.log.hex(): head.seq for head in reading.heads(asked)}
    digest = server.views.digest(asked)
    return reply(request, Summary(asked.hex(), sum(logs.values()), digest, logs))


@get(
    "/contacts",
    sync_to_thread=True,
    operation_class=operation(None, answers.Contacts),
    summary="Everybody named, and when there was contact",
)
def contacts(
    network: FromPath[str],
    request: AnyRequest,
    server: Server,
    start: Start = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Response[bytes]:
    with _reader(network, request, server, _moment(as_of, known_at)) as reader:
        return reply(request, contacts_answer(reader, _person(reader, start)))


@get(
    "/ledger",
    sync_to_thread=True,
    operation_class=operation(None, answers.Ledger),
    summary="Who gave what to whom, and thanks still open",
)
def ledger(
    network: FromPath[str],
    request: AnyRequest,
    server: Server,
    start: Start = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Response[bytes]:
    with _reader(network, request, server, _moment(as_of, known_at)) as reader:
        return reply(request, ledger_answer(reader, _person(reader, start)))


@get(
    "/trust",
    sync_to_thread=True,
    operation_class=operation(None, answers.TrustAnswer, answers.Trust),
    summary="How far trust carries",
    description="With `to`, to one person; without, to everybody it reaches, best first.",
)
def trust(
    network: FromPath[str],
    request: AnyRequest,
    server: Server,
    start: Start = None,
    to: Who = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Response[bytes]:
    with _reader(network, request, server, _moment(as_of, known_at)) as reader:
        viewpoint = _person(reader, start)
        if to is not None:
            score = reader.score(_person(reader, to), viewpoint)
            return reply(request, trust_answer(score, reader.names))
        scores = [trust_answer(score, reader.names) for score in reader.scores(viewpoint)]
        return reply(request, answers.Trust(scores))


@get(
    "/why",
    sync_to_thread=True,
    operation_class=operation(None, answers.Why, ChangesAnswer),
    summary="A score with everything it was worked out from",
    description="With `changes`, every event that moved it, by the clock that `order` chooses.",
)
def why(
    network: FromPath[str],
    request: AnyRequest,
    server: Server,
    to: FromQuery[str],
    start: Start = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    changes: Changes = False,
    order: Order = "at",
    since: Since = None,
    until: Until = None,
) -> Response[bytes]:
    asked, me = _asking(network, request, server)
    moment = _moment(as_of, known_at)
    if changes:
        if moment.is_past:
            raise Invalid("A history has its own bounds.", "Use since and until.")
        with server.views.reader(asked, me) as reader:
            whom, viewpoint = _person(reader, to), _person(reader, start)
        history = server.views.score_history(asked, me, whom, viewpoint, order)
        found = history.within(order, _from(since), _bound(until))
        with server.views.reader(asked, me) as reader:
            return reply(request, changes_answer(found, reader.names))
    with server.views.reading(asked, me, moment) as (reader, find):
        score = reader.score(_person(reader, to), _person(reader, start), others=True)
        return reply(request, why_answer(reader, score, find))


@get(
    "/introductions",
    sync_to_thread=True,
    operation_class=operation(None, answers.Introductions),
    summary="Who knows somebody, and through whom you could be introduced",
)
def introductions(
    network: FromPath[str],
    request: AnyRequest,
    server: Server,
    to: FromQuery[str],
    start: Start = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Response[bytes]:
    with _reader(network, request, server, _moment(as_of, known_at)) as reader:
        found = introduced(reader, _person(reader, to), _person(reader, start))
        return reply(request, introductions_answer(found, reader.names))


@get(
    "/events",
    sync_to_thread=True,
    operation_class=operation(None, answers.Events),
    summary="The events that arrived last, oldest first",
)
def events(
    network: FromPath[str],
    request: AnyRequest,
    server: Server,
    limit: Limit = 100,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Response[bytes]:
    moment = _moment(as_of, known_at)
    found, more = server.views.newest(_admitted(network, request, server), limit, moment)
    with _reader(network, request, server, moment) as reader:
        listed = [event_answer(logged, reader.names.__getitem__) for logged in found]
    return reply(request, answers.Events(listed, more))


HANDLERS = [summary, contacts, ledger, trust, why, introductions, events]


def _admitted(network: str, request: AnyRequest, server: Server) -> NetworkId:
    asked = network_in(network)
    server.hosting.admit(asked, request.user)
    return asked


def _asking(network: str, request: AnyRequest, server: Server) -> tuple[NetworkId, bytes]:
    """The network, and whose device asks."""
    asked = _admitted(network, request, server)
    return asked, server.hosting.person(asked, request.user)


def _moment(as_of: str | None, known_at: str | None) -> Moment:
    return Moment(_bound(as_of), _bound(known_at))


def _from(text: str | None) -> int | None:
    return None if text is None else parse_iso(text)[0]


def _bound(text: str | None) -> int | None:
    return None if text is None else last_of(*parse_iso(text))


@contextmanager
def _reader(network: str, request: AnyRequest, server: Server, moment: Moment) -> Iterator[Reader]:
    asked, me = _asking(network, request, server)
    with server.views.reader(asked, me, moment) as reader:
        yield reader


def _person(reader: Reader, who: str | None) -> bytes:
    """The person with this id or exactly this name; `me` and None are whose device asks."""
    if who is None or fold_name(who) == "me":
        return reader.me
    names = reader.names
    wanted = fold_name(who)
    fits = [p for p, name in names.all.items() if p.hex() == wanted or fold_name(name) == wanted]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise Ambiguous(
            f"{len(fits)} people are called “{who}”.",
            "Use an id.",
            candidates=tuple(person.hex() for person in fits),
        )
    raise NotFound(f"Nobody here is called “{who}”.", "GET …/contacts lists everybody.")

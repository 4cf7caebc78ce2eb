"""GET /v1/networks/{network}/…: the views, as the device's person sees them, now or then."""

import msgspec
from litestar import Response, get
from litestar.params import FromPath, FromQuery

from kithbook.audit.answering import ChangesAnswer, changes_answer
from kithbook.errors import Invalid
from kithbook.readings import answers
from kithbook.readings.answering import (
    contacts_answer,
    introductions_answer,
    ledger_answer,
    scores_answer,
    trust_answer,
)
from kithbook.readings.derivation import why_answer
from kithbook.readings.introductions import introductions as introduced
from kithbook.readings.listing import event_answer
from kithbook.readings.moment import NOW
from kithbook_server.api.asking import (
    AsOf,
    Changes,
    KnownAt,
    Limit,
    Order,
    Since,
    Start,
    Until,
    Who,
    admitted,
    asked_of,
    end_of,
    moment_of,
    start_of,
)
from kithbook_server.api.auth import network_in
from kithbook_server.api.openapi import operation
from kithbook_server.api.server import Server
from kithbook_server.api.wire import AnyRequest, reply


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
    asked = admitted(network, request, server)
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
    with asked_of(network, request, server, moment_of(as_of, known_at), start) as asked:
        return reply(request, contacts_answer(asked.reader, *asked.people))


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
    with asked_of(network, request, server, moment_of(as_of, known_at), start) as asked:
        return reply(request, ledger_answer(asked.reader, *asked.people))


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
    moment = moment_of(as_of, known_at)
    with asked_of(network, request, server, moment, start, to) as (reader, _, (viewpoint, whom)):
        if to is not None:
            return reply(request, trust_answer(reader.score(whom, viewpoint), reader.names))
        return reply(request, scores_answer(reader, viewpoint))


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
    moment = moment_of(as_of, known_at)
    if changes:
        with asked_of(network, request, server, NOW, to, start) as asked:
            me, (whom, viewpoint) = asked.reader.me, asked.people
        id_ = network_in(network)
        history = server.views.score_history(id_, me, whom, viewpoint, order, moment)
        found = history.within(order, start_of(since), end_of(until))
        with asked_of(network, request, server, moment) as asked:
            return reply(request, changes_answer(found, asked.reader.names))
    if since is not None or until is not None:
        raise Invalid(
            "Only a history has bounds.", "Ask with changes=true, or without since and until."
        )
    with asked_of(network, request, server, moment, to, start) as (reader, find, people):
        score = reader.score(*people, others=True)
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
    moment = moment_of(as_of, known_at)
    with asked_of(network, request, server, moment, to, start) as (reader, _, people):
        return reply(request, introductions_answer(introduced(reader, *people), reader.names))


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
    moment = moment_of(as_of, known_at)
    found, more = server.views.newest(admitted(network, request, server), limit, moment)
    with asked_of(network, request, server, moment) as asked:
        listed = [event_answer(logged, asked.reader.names.__getitem__) for logged in found]
    return reply(request, answers.Events(listed, more))


HANDLERS = [summary, contacts, ledger, trust, why, introductions, events]

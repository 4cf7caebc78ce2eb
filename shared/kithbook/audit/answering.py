"""The history of a score as an answer for programs, the same in `kith … --json` and over HTTP."""

from collections.abc import Callable

import msgspec
from msgspec.structs import asdict

from kithbook.audit.difference import TrustChange
from kithbook.audit.history import Change, Erased, History
from kithbook.audit.supposing import Moved
from kithbook.clock import wall_ms
from kithbook.ids import event_id
from kithbook.readings import answers
from kithbook.readings.answering import chain_answer, trust_answer, trust_fields
from kithbook.readings.listing import event_answer
from kithbook.readings.names import Names
from kithbook.readings.trust.score import Basis
from kithbook.when import format_ms


class ChangeAnswer(answers.EventAnswer, frozen=True, kw_only=True):
    """An event that moved a score, with the chain and the warning before and after it; `late` when
    it got here well after it happened.
    """

    before: float | None
    after: float | None
    basis_before: Basis
    basis: Basis
    chain_before: list[answers.Link]
    chain: list[answers.Link]
    warning_before: float | None
    warning: float | None
    late: bool


class ErasedAnswer(msgspec.Struct, frozen=True):
    """An event that was erased, and when its writer wrote the `erased` named `by`."""

    event: str
    recorded: str
    received: str
    author: str | None
    device: str | None
    by: str
    erased: str


class ChangesAnswer(answers.TrustAnswer, frozen=True, kw_only=True):
    """A score and its history, each change from where the one before it led; `erased` are the
    events of which nobody can tell any more whether they ever moved it.
    """

    changes: list[ChangeAnswer]
    erased: list[ErasedAnswer]


class Supposed(msgspec.Struct, frozen=True):
    """Somebody whom nobody knows, and the network in which they are supposed to be."""

    name: str
    network: str


class WhatIfAnswer(msgspec.Struct, frozen=True):
    """The scores that would be others, those that would differ most first; `new` are the people
    whom only the supposition makes.
    """

    from_: str = msgspec.field(name="from")
    moved: list[TrustChange]
    new: list[Supposed]


def changes_answer(
    history: History, names: Names, network: Callable[[bytes], str] = lambda _: ""
) -> ChangesAnswer:
    """`network` is what one is called, where answers say so."""
    changes = [
        change_answer(change, names, network(change.logged.network)) for change in history.changes
    ]
    erased = [_erased_answer(one, names) for one in history.erased]
    return ChangesAnswer(**trust_fields(history.score, names), changes=changes, erased=erased)


def change_answer(change: Change, names: Names, network: str = "") -> ChangeAnswer:
    before, after = change.before, change.after
    return ChangeAnswer(
        **asdict(event_answer(change.logged, names.__getitem__, network)),
        before=before.score,
        after=after.score,
        basis_before=before.basis,
        basis=after.basis,
        chain_before=chain_answer(before.chain, names),
        chain=chain_answer(after.chain, names),
        warning_before=before.warning.weight if before.warning else None,
        warning=after.warning.weight if after.warning else None,
        late=change.late,
    )


def _erased_answer(one: Erased, names: Names) -> ErasedAnswer:
    logged, act = one
    return ErasedAnswer(
        event=event_id(logged.log, logged.seq),
        recorded=format_ms(wall_ms(logged.hlc)),
        received=format_ms(logged.received),
        author=names[logged.author] if logged.author else None,
        device=logged.device,
        by=event_id(act.log, act.seq),
        erased=format_ms(wall_ms(act.hlc)),
    )


def what_if_answer(
    start: bytes, found: list[Moved], now: Names, then: Names, new: list[Supposed]
) -> WhatIfAnswer:
    """Each side by its own names: a supposed merge gives somebody another one."""
    changes = [
        TrustChange(trust_answer(one.before, now), trust_answer(one.after, then)) for one in found
    ]
    return WhatIfAnswer(now[start], changes, new)

"""The ledger: who gave what to whom, in two tallies never netted, and thanks still open."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from kithbook.events import HELP_KINDS, SIZES
from kithbook.facts.rows import Help, Link, Moment
from kithbook.facts.tables import PairKey, Place


class Open(msgspec.Struct, frozen=True):
    """A help that waits for thanks."""

    log: bytes
    seq: int
    moment: Moment


class Account(msgspec.Struct):
    """The viewpoint and one person: helps counted by kind × size (9 numbers, kinds first)."""

    person: bytes
    given: list[int] = msgspec.field(default_factory=lambda: [0] * 9)
    received: list[int] = msgspec.field(default_factory=lambda: [0] * 9)
    thanks_owed: list[Open] = msgspec.field(default_factory=list)
    thanks_due: list[Open] = msgspec.field(default_factory=list)


def by_kind(helps: list[int]) -> dict[str, int]:
    """Counts of helps by kind, sizes together."""
    return {kind: sum(sizes) for kind, sizes in by_kind_and_size(helps).items()}


def by_kind_and_size(helps: list[int]) -> dict[str, list[int]]:
    """Of each kind, how many helps were small, how many medium and how many large."""
    width = len(SIZES)
    return {k: helps[i * width : (i + 1) * width] for i, k in enumerate(HELP_KINDS)}


def ledger(
    viewpoint: Collection[bytes],
    links_from: Iterable[tuple[PairKey, Link]],
    links_to: Iterable[tuple[PairKey, Link]],
    helps: Iterable[tuple[Place, Help]],
    one: Mapping[bytes, bytes],
) -> dict[bytes, Account]:
    """Person → account, for everybody who gave the viewpoint something or got something from it.

    Open helps are oldest first.
    """
    accounts: dict[bytes, Account] = {}

    def account(person: bytes) -> Account:
        person = one.get(person, person)
        return accounts.setdefault(person, Account(person))

    for (_, _, other), link in links_from:
        if other not in viewpoint and any(link.helps):
            _count(account(other).received, link.helps)
    for (_, other, _), link in links_to:
        if other not in viewpoint and any(link.helps):
            _count(account(other).given, link.helps)
    for place, row in helps:
        given = row.given
        if given is None or (given.by in viewpoint) == (given.to in viewpoint) or row.closed(one):
            continue
        mine = given.to in viewpoint
        found = account(given.by if mine else given.to)
        waiting = found.thanks_owed if mine else found.thanks_due
        waiting.append(Open(*place, given.moment))
    for found in accounts.values():
        for waiting in (found.thanks_owed, found.thanks_due):
            waiting.sort(key=lambda o: (o.moment, o.log, o.seq))
    return accounts


def _count(tally: list[int], helps: list[int]) -> None:
    tally[:] = map(int.__add__, tally, helps)

"""Referrals and what came of them: whether the two were in touch since, and who helped whom."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from kithbook.facts.rows import Link, Moment, Referral, Tie
from kithbook.facts.tables import PairKey, Place


class Outcome(msgspec.Struct, frozen=True):
    """A referral; `contact` is the last contact of the two since it, `helps` counts theirs."""

    log: bytes
    seq: int
    by: bytes
    who: bytes
    to: bytes
    moment: Moment
    contact: Moment | None
    helps: int


def outcomes(
    referrals: Iterable[tuple[Place, Referral]],
    ties: Iterable[tuple[PairKey, Tie]],
    links: Iterable[tuple[PairKey, Link]],
    one: Mapping[bytes, bytes],
) -> list[Outcome]:
    """What came of each referral, oldest first.

    `ties` and `links` are those of the people referred; helps between the two are counted whenever
    they happened, so that one written down with an earlier date is not lost.
    """
    last: dict[frozenset[bytes], Moment] = {}
    for (_, a, b), tie in ties:
        pair = frozenset((one.get(a, a), one.get(b, b)))
        if tie.last is not None:
            last[pair] = max(tie.last, last.get(pair, tie.last))
    helps: dict[frozenset[bytes], int] = {}
    for (_, a, b), link in links:
        pair = frozenset((one.get(a, a), one.get(b, b)))
        helps[pair] = helps.get(pair, 0) + sum(link.helps)
    found = []
    for (log, seq), row in referrals:
        if (said := row.said) is None:
            continue
        by, who, to = (one.get(person, person) for person in (said.by, said.who, said.to))
        pair = frozenset((who, to))
        since = last.get(pair)
        contact = since if since is not None and since >= said.moment else None
        came = helps.get(pair, 0) if contact else 0
        found.append(Outcome(log, seq, by, who, to, said.moment, contact, came))
    return sorted(found, key=lambda o: (o.moment, o.log, o.seq))


def referred(referrals: Iterable[tuple[Place, Referral]]) -> Collection[bytes]:
    """The people whom these referrals recommended."""
    return {row.said.who for _, row in referrals if row.said is not None}

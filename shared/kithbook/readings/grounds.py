"""Grounds: what each level behind a score rests on, down to the events."""

from typing import NamedTuple

import msgspec

from kithbook.facts.rows import EVIDENCE, Link, Order
from kithbook.readings.reader import Reader
from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.levels import Hand, combine


class Evidence(NamedTuple):
    """One entry of evidence: its kind, what it weighs, and the newest event of its kind and day."""

    kind: str
    weight: float
    order: Order


class Ground(msgspec.Struct, frozen=True):
    """What one link of a chain rests on: a word, and dealings since; or dealings alone."""

    step: Step
    hand: Hand
    evidence: list[Evidence]


def ground(reader: Reader, step: Step) -> Ground:
    """What one link rests on, for this reader."""
    rows = reader.shelf.links_between(reader.ids(step.by), reader.ids(step.to))
    links = [(key[0], link) for key, link in rows if reader.word.counts(key[0], key[1])]
    order = step.level.order
    since = combine(link for _, link in links).days.items()
    weights = dict(zip(EVIDENCE, reader.rules.weights, strict=True))
    evidence = [
        Evidence(kind, weights[kind], when)
        for day, when in sorted(since, key=lambda item: item[1])
        if (kind := EVIDENCE[day % 4]) and weights[kind] and (order is None or when > order)
    ]
    if step.level.stated == 0:
        evidence = []  # nothing lifts a 0
    return Ground(step, _hand(reader, step, links), evidence)


def _hand(reader: Reader, step: Step, links: list[tuple[bytes, Link]]) -> Hand:
    order = step.level.order
    if order is None:
        return "evidence"
    said = {author for author, link in links if link.stated and link.stated.order == order}
    return "first-hand" if said & reader.ids(step.by) else "hearsay"

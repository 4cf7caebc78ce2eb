"""Graphs of trust to search: made up, the same on every run, or a real history read from a file."""

import math
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
import networkx as nx

from kithbook.facts.rows import Order
from kithbook.readings.rules import DEFAULT
from kithbook.readings.trust.levels import Level

Stated = dict[tuple[bytes, bytes], float]
"""(who, of whom) → level, 0 to 10."""

NOBODY: dict[bytes, Level] = {}


class Graph(NamedTuple):
    """One graph as kithbook searches it and as networkx does."""

    name: str
    by: dict[bytes, dict[bytes, Level]]
    of: dict[bytes, dict[bytes, Level]]
    rival: "nx.DiGraph[bytes]"

    def neighbours(self, person: bytes) -> dict[bytes, Level]:
        return self.by.get(person, NOBODY)

    def vouchers(self, person: bytes) -> dict[bytes, Level]:
        return self.of.get(person, NOBODY)

    def viewpoints(self, count: int) -> list[bytes]:
        """People who trust somebody, chosen the same way each time."""
        return Random(3).sample(sorted(self.by), count)


class Line(msgspec.Struct):
    """A `trusted` line of a history as `kith import` reads it."""

    type: str
    by: str = ""
    whom: str = ""
    level: float | None = None


def made_up(people: int, links: int) -> Graph:
    """A long tail on both sides: some trust many, some are trusted by many."""
    random = Random(people)
    ids = [random.randbytes(16) for _ in range(people)]
    stated: Stated = {}
    while len(stated) < links:
        one = ids[int(people * random.random() ** 2)]
        other = ids[int(people * random.random() ** 2)]
        if one != other:
            stated[one, other] = float(random.choices((0, random.randrange(1, 11)), (3, 97))[0])
    return build(f"{_short(people)} people, {_short(links)} links", stated)


def from_history(path: Path) -> Graph:
    """The newest statement of each pair in a JSONL history."""
    stated: Stated = {}
    for line in read(path):
        if line.level is not None:
            stated[line.by.encode(), line.whom.encode()] = line.level
    return build(f"{path.stem}, {_short(len(stated))} links", stated)


def read(path: Path) -> Iterator[Line]:
    decode = msgspec.json.Decoder(Line).decode
    with path.open("rb") as file:
        found = map(decode, file)
        yield from (line for line in found if line.type == "trusted")


def build(name: str, stated: Stated) -> Graph:
    by: dict[bytes, dict[bytes, Level]] = {}
    of: dict[bytes, dict[bytes, Level]] = {}
    rival: nx.DiGraph[bytes] = nx.DiGraph()
    for (one, other), value in sorted(stated.items(), key=lambda item: -item[1]):
        level = Level(value, value, Order(0, 0, one, 1))
        by.setdefault(one, {})[other] = level
        of.setdefault(other, {})[one] = level
        if value:
            rival.add_edge(one, other, weight=distance(value))
    return Graph(name, by, of, rival)


def distance(level: float) -> float:
    """A level as networkx adds them up: the strongest chain is the shortest way."""
    return math.log(DEFAULT.divisor / level)


def cutoff(support: float) -> float:
    """The length of a way that carries just this support."""
    return math.log(DEFAULT.divisor / support)


def _short(number: int) -> str:
    return f"{number / 1000:g}k"

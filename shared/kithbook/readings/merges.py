"""Which ids are one human: which merges are in force, and the classes that they make together.

Nobody is made one with a member but by that member, and no two members are but by both: otherwise
one could take over another's voice. Two members who both say that somebody else is them settle
nothing, for the same reason, until one of them takes that back.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from kithbook.facts.rows import Merge


def in_force(merges: Iterable[Merge], members: set[bytes]) -> list[Merge]:
    """The merges of one network that count, `members` being everybody who ever was one there."""
    said = [(merge, members.intersection(merge.people)) for merge in merges]
    named = {(m.author, other) for m, among in said if m.author in among for other in among}
    agreed = [
        (merge, among)
        for merge, among in said
        if not among
        or (merge.author in among and all((other, merge.author) in named for other in among))
    ]
    ties = [Merge((a, b)) for a, b in named if a != b and (b, a) in named]
    voices = classes(ties)
    together = classes([*ties, *(merge for merge, _ in agreed)])
    humans = {(together.get(person, person), voices.get(person, person)) for person in members}
    in_class = Counter(root for root, _ in humans)
    return [
        merge
        for merge, among in agreed
        if len(among) == len(merge.people) or not among or in_class[together[merge.people[0]]] == 1
    ]


def classes(merges: Iterable[Merge]) -> dict[bytes, bytes]:
    """Merged id → the smallest id of its class. Ids that nobody merged are not in it."""
    one: dict[bytes, bytes] = {}

    def find(person: bytes) -> bytes:
        while (above := one.setdefault(person, person)) != person:
            one[person] = one[above]
            person = one[person]
        return person

    for merge in merges:
        roots = {find(person) for person in merge.people}
        smallest = min(roots)
        for root in roots:
            one[root] = smallest
    return {person: find(person) for person in list(one)}


def ids_of(one: Mapping[bytes, bytes], people: Collection[bytes]) -> set[bytes]:
    """All ids of the humans that these ids stand for."""
    if not one:
        return set(people)
    asked = {one.get(person, person) for person in people}
    return asked | {person for person, root in one.items() if root in asked}

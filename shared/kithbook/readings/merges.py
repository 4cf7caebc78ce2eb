"""Which ids are one human: the classes that the merges in force make together."""

from collections.abc import Collection, Iterable, Mapping

from kithbook.facts.rows import Merge


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


def members(one: Mapping[bytes, bytes], people: Collection[bytes]) -> set[bytes]:
    """All ids of the humans that these ids stand for."""
    if not one:
        return set(people)
    asked = {one.get(person, person) for person in people}
    return asked | {person for person, root in one.items() if root in asked}

"""Roles over time: what everybody above somebody, and they themselves, said of their role."""

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby, pairwise
from typing import NamedTuple

from kithbook.events import Role
from kithbook.membership.standing import REMOVED, REVOKED, Standing

RANK: dict[Role | None, int] = {None: 0, "reader": 1, "member": 2, "owner": 3}


class Word(NamedTuple):
    """That somebody so many people from the founder gave a role, or none.

    `last` are the seqs that it names; an invitation names none, and holds from the start.
    """

    depth: int
    written: tuple[int, bytes, int]
    role: Role | None
    last: Mapping[bytes, int] | None = None
    is_own: bool = False

    @property
    def is_entry(self) -> bool:
        return self.last is None

    def starts(self, log: bytes) -> int:
        """After which seq of a log it holds."""
        return self.last.get(log, 0) if self.last else 0

    def has_seen(self, other: "Word") -> bool:
        _, log, seq = other.written
        return seq <= self.starts(log)


def role_of(words: Collection[Word]) -> Role | None:
    """Of what others said the newest word of whoever is nearest to the founder holds. Words of
    those further down only lower it, when they were written later; and so do one's own, until
    somebody above who has seen them says otherwise. Who steps down never steps up again alone.
    """
    others = sorted((word for word in words if not word.is_own), key=lambda word: word[:2])
    role: Role | None = None
    since: tuple[int, bytes, int] | None = None
    for _, said in groupby(others, key=lambda word: word.depth):
        *_, word = said
        if since is None:
            role, since = word.role, word.written
        elif not word.is_entry and word.written > since:
            role, since = _lower(role, word.role), word.written
    for own in words:
        if own.is_own and not any(word.has_seen(own) for word in others):
            role = _lower(role, own.role)
    return role


def _lower(one: Role | None, other: Role | None) -> Role | None:
    return min(one, other, key=RANK.__getitem__)


def spans(log: bytes, words: Collection[Word]) -> list[tuple[int, Role | None]]:
    """(after which seq, which role), each different from the one before."""
    found: list[tuple[int, Role | None]] = []
    for after in sorted({0, *(word.starts(log) for word in words)}):
        role = role_of([word for word in words if word.starts(log) <= after])
        if not found or found[-1][1] != role:
            found.append((after, role))
    return found


def in_force(person: bytes, log: bytes, words: Collection[Word], cuts: Iterable[int]) -> Standing:
    """The standing of a person's log, of which revocations leave what is up to these seqs."""
    found = spans(log, words)
    until = min(cuts, default=None)
    why = None if until is None else REVOKED
    after, role = found[-1]
    if role is None and (until is None or after <= until):
        until, why = after, REMOVED
    if until is not None:
        found = [span for span in found if span[0] < until] or found[:1]
    earlier = tuple((later[0], span[1]) for span, later in pairwise(found))
    return Standing(person, found[-1][1], until, why, earlier)

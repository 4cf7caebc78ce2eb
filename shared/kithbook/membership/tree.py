"""The tree of invitations, grown from the founder until no further opening can be proved.

`standing` is a pure function of the membership events of a network, whatever order they came in.
It settles one depth of the tree after the other: how many people there are from the founder on.
What changes somebody's standing counts only from an owner above them or from themselves, so who
is cut off has no say further out. What one person's devices say of each other all counts, whichever
came first: nobody can tell which of two was the stolen one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from kithbook.clock import wall_ms
from kithbook.envelope import Verify
from kithbook.events import DeviceRevoked, Founded, Invited, Joined, RoleGiven
from kithbook.ids import NetworkId, network_id, person_id
from kithbook.membership.book import Book
from kithbook.membership.branch import Branch, Counted, Entrant, Path, subject_of
from kithbook.membership.roles import Word, in_force
from kithbook.membership.standing import CONTESTED, REVOKED, TWICE, UNKNOWN, Act, Place, Standing

NO_RIGHT = "only an owner above that person may do this, or they themselves"


def standing(network: NetworkId, acts: Iterable[Act], verify: Verify) -> dict[bytes, Standing]:
    """The standing of every log that has an opening among these membership events."""
    book = Book(network, acts, verify)
    contested: set[bytes] = set()
    while True:
        tree = _Tree(book, contested)
        found = tree.grow()
        if tree.rivals <= contested:
            return found
        contested = contested | tree.rivals


class _Tree:
    """`contested` are people whom two owners let in, neither above the other: nobody speaks for
    them until one of the two logs is revoked from its first event on. `rivals` are those found so.
    """

    def __init__(self, book: Book, contested: set[bytes]) -> None:
        self.book = book
        self.contested = contested
        self.rivals: set[bytes] = set()
        self.rivals_here: set[bytes] = set()
        """Those at the depth that is settled now."""
        self.branches: dict[bytes, Branch] = {}
        self.standings: dict[bytes, Standing] = {}
        self.people: dict[bytes, Path] = {}
        """Everybody who is in, and the people from the founder to them."""
        self.counted: set[Place] = set()
        self.changes: defaultdict[bytes, list[Counted]] = defaultdict(list)
        """The changes that count, by the person or the device that they name."""
        self.why: dict[bytes, str] = {}

    def grow(self) -> dict[bytes, Standing]:
        newcomers = {one.log: one for one in self._founders()}
        while newcomers:
            level = self._settle(list(newcomers.values()))
            self.people |= {b.person: b.path for log, b in level.items() if self._lives(log, b)}
            newcomers = {}
            for one in sorted(guest for log in level for guest in self._guests(log)):
                newcomers.setdefault(one.log, one)
        powerless = self._powerless()
        return {
            log: self._as_told(log, tuple(powerless.get(log, ()))) for log in self.book.openings
        }

    def _as_told(self, log: bytes, powerless: tuple[tuple[int, str], ...]) -> Standing:
        if log not in self.branches:
            return Standing(None, why=self.why.get(log, UNKNOWN.why))
        found = self.standings[log]
        return msgspec.structs.replace(found, powerless=powerless)

    # One depth of the tree

    def _settle(self, newcomers: list[Entrant]) -> dict[bytes, Branch]:
        """Settle who of these newcomers is in, with all their devices, and what counts of them."""
        above = self.branches
        level, candidates = self._level(newcomers)
        while self._count(candidates):
            level, candidates = self._level(newcomers)
        self.branches = above | level  # now they have a say about themselves
        while self._count(candidates):
            self.branches = above
            level, candidates = self._level(newcomers)
            self.branches = above | level
        self.rivals |= self.rivals_here
        return level

    def _level(self, newcomers: list[Entrant]) -> tuple[dict[bytes, Branch], list[Entrant]]:
        """The logs of the newcomers who are in, and all logs that anybody vouched for."""
        self.rivals_here = set()
        candidates = list(newcomers)
        level = {one.log: one.branch for one in self._admitted(newcomers)}
        waiting = list(level)
        while waiting:
            log = waiting.pop()
            kin = [one for one in self._kin(log, level[log]) if one.log not in level]
            candidates += kin
            for one in self._used_once(kin):
                level[one.log] = one.branch
                waiting.append(one.log)
        self.standings |= {log: self._standing(log, branch) for log, branch in level.items()}
        return level, candidates

    def _count(self, candidates: list[Entrant]) -> bool:
        """Let changes of these logs count that did not yet; whether there are any."""
        about: defaultdict[bytes, list[Branch]] = defaultdict(list)
        for one in candidates:
            for subject in one.branch.subjects:
                about[subject].append(one.branch)
        found = []
        for act, change in self.book.changes:
            author = self.branches.get(act.log)
            if author is not None and (act.log, act.seq) not in self.counted:
                role = self.standings[act.log].role_at(act.seq)
                counted = Counted(act, change, author.path, role)
                if any(map(counted.may_change, about.get(counted.subject, ()))):
                    found.append(counted)
        for counted in found:
            self.counted.add((counted.act.log, counted.act.seq))
            self.changes[counted.subject].append(counted)
        return bool(found)

    def _standing(self, log: bytes, branch: Branch) -> Standing:
        words, cuts = [branch.entry], []
        named = (one for subject in branch.subjects for one in self.changes.get(subject, ()))
        for act, change, path, _ in filter(lambda one: one.may_change(branch), named):
            if isinstance(change, DeviceRevoked):
                cuts.append(branch.cut(change))
            else:
                role = change.role if isinstance(change, RoleGiven) else None
                is_own = path == branch.path
                words.append(Word(len(path), act.written, role, change.last, is_own))
        return in_force(branch.person, log, words, (at for at in cuts if at is not None))

    def _lives(self, log: bytes, branch: Branch) -> bool:
        """Whether anything of this log counts."""
        return self._standing(log, branch).last > 0

    # Who comes in

    def _founders(self) -> Iterator[Entrant]:
        for log, (act, opening) in self.book.openings.items():
            if not isinstance(opening, Founded):
                continue
            if network_id(act.body) == self.book.network:
                path = (person_id(self.book.network, opening.me),)
                entry = Word(0, (0, b"", 0), "owner")
                yield Entrant(log, Branch(path, entry, ((log, opening.key),)), log)
            else:
                self.why[log] = "it founds another network"

    def _guests(self, log: bytes) -> Iterator[Entrant]:
        """The logs that invitations in a log open for other people."""
        branch = self.branches[log]
        for act, invited in self.book.invitations[log]:
            if invited.person != branch.person:
                path = (*branch.path, invited.person)
                entry = Word(len(branch.path), act.written, invited.role)
                yield from self._opened(act, invited, branch, path, entry)

    def _kin(self, log: bytes, branch: Branch) -> Iterator[Entrant]:
        """The logs of further devices that a log lets in or vouches for."""
        self.standings[log] = self._standing(log, branch)
        for act, invited in self.book.invitations[log]:
            if invited.person == branch.person:
                yield from self._opened(act, invited, branch, branch.path, branch.entry)
        for act, added in self.book.vouched[log]:
            if self.book.is_signed(act.log, added, branch.chain[0][1]):
                chain = ((act.log, added.key), *branch.chain)
                yield Entrant(act.log, Branch(branch.path, branch.entry, chain), act.log)
            else:
                self.why[act.log] = "the device that vouches for it did not sign it"

    def _opened(
        self, act: Act, invited: Invited, by: Branch, path: Path, entry: Word
    ) -> Iterator[Entrant]:
        """The logs that fit an invitation."""
        for use, joined in self.book.uses[invited.ticket]:
            if why := self._no_entry(act, invited, use, joined, by):
                self.why[use.log] = why
            elif use.log not in self.branches:
                branch = Branch(path, entry, ((use.log, joined.key),))
                yield Entrant(use.log, branch, invited.ticket)

    def _no_entry(
        self, act: Act, invited: Invited, use: Act, joined: Joined, by: Branch
    ) -> str | None:
        found = self.standings[act.log]
        role = found.role_at(act.seq)
        if role is None:
            how = "revoked" if found.why == REVOKED else "removed"
            return f"whoever wrote its invitation had been {how}"
        if role != "owner" and invited.person != by.person:
            return "whoever wrote its invitation may not invite"
        if invited.person in by.path[:-1]:
            return "its invitation names somebody who is here already"
        if not self.book.is_signed(use.log, joined, joined.ticket):
            return "its link's signature does not fit"
        if invited.expires is not None and wall_ms(use.hlc) > invited.expires:
            return "its link expired before it was used"
        return None

    def _admitted(self, newcomers: list[Entrant]) -> Iterator[Entrant]:
        """Those by whom a person first comes in: nobody else ever lets in a device of theirs."""
        people: defaultdict[bytes, list[Entrant]] = defaultdict(list)
        for one in self._used_once(newcomers):
            if self._lives(one.log, one.branch):
                people[one.branch.person].append(one)
            else:
                yield one
        for person, entrants in people.items():
            inviters = {one.branch.path[:-1] for one in entrants}
            there = self.people.get(person)
            first = min(entrants, key=lambda one: one.branch.entry.written)
            for one in entrants:
                self.why[one.log] = "its invitation names somebody who is here already"
            if there is not None:
                if any(path[: len(there) - 1] != there[:-1] for path in inviters):
                    self.rivals_here.add(person)
            elif len(inviters) > 1 or person in self.contested:
                self.rivals_here.add(person)
                for one in entrants:
                    self.why[one.log] = CONTESTED
            else:
                yield first

    def _used_once(self, entrants: list[Entrant]) -> Iterator[Entrant]:
        """All but those whose link was used twice; a use that was revoked is none."""
        uses: defaultdict[bytes, list[Entrant]] = defaultdict(list)
        for one in entrants:
            if self._lives(one.log, one.branch):
                uses[one.by].append(one)
            else:
                yield one
        for several in uses.values():
            if len(several) == 1:
                yield several[0]
            else:
                self.why |= dict.fromkeys((one.log for one in several), TWICE)

    # What counts for nothing

    def _powerless(self) -> dict[bytes, list[tuple[int, str]]]:
        """The acts in logs that count which their writers had no right to, and why."""
        found: defaultdict[bytes, list[tuple[int, str]]] = defaultdict(list)
        known = {subject for branch in self.branches.values() for subject in branch.subjects}
        for act, change in self.book.changes:
            is_about_somebody = subject_of(change) in known
            if is_about_somebody and (act.log, act.seq) not in self.counted and self._counts(act):
                found[act.log].append((act.seq, NO_RIGHT))
        for log, branch in self.branches.items():
            for act, invited in self.book.invitations[log]:
                role = self.standings[log].role_at(act.seq)
                if role not in (None, "owner") and invited.person != branch.person:
                    found[log].append((act.seq, "only an owner may invite"))
        return {log: sorted(several) for log, several in found.items()}

    def _counts(self, act: Act) -> bool:
        return act.log in self.branches and self.standings[act.log].counts(act.seq)

"""The book: all networks of a home, read as one address book."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from kithbook.collecting import uncollected
from kithbook.errors import NotFound
from kithbook_client.replica import Replica

if TYPE_CHECKING:
    from kithbook.audit.history import By, History
    from kithbook.audit.supposing import Supposition
    from kithbook.past import Past
    from kithbook.readings.listing import Logged
    from kithbook.readings.moment import Moment
    from kithbook.readings.reader import Reader
    from kithbook.readings.shelf import Shelf


class Book:
    """Answers what a replica answers, from several; the private network is the first of them."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.replicas = replicas

    @property
    def me(self) -> bytes:
        """Whom this home's devices speak for in the private network."""
        return self.replicas[0].me

    def reading(self, now_ms: int, moment: "Moment | None" = None) -> "Shelf":
        """The facts of all networks, as they are now or were at a moment."""
        from kithbook.readings.joined import Joined

        return Joined([_once(one, one.reading(now_ms, moment), now_ms) for one in self.replicas])

    def reader(self, now_ms: int, moment: "Moment | None" = None) -> "Reader":
        """What this home's person can ask of all networks, by the rules of the private one."""
        from kithbook.readings.joined import JoinedReader, Part

        if moment is not None and moment.is_past:
            return PastBook(self.replicas, now_ms, moment).reader(self.me)
        parts = [
            Part(one.name, _once(one, one.reading(now_ms), now_ms), one.members)
            for one in self.replicas
        ]
        return JoinedReader(parts, self.me, now_ms * 1000)

    def lookup(self, folded: str) -> list[bytes]:
        return [person for one in self.replicas for person in one.lookup(folded)]

    def lookup_start(self, folded: str) -> list[tuple[bytes, str]]:
        return [found for one in self.replicas for found in one.lookup_start(folded)]

    def lookup_prefix(self, folded: str) -> list[tuple[bytes, str]]:
        return [found for one in self.replicas for found in one.lookup_prefix(folded)]

    def lookup_id(self, digits: str) -> list[bytes]:
        return [person for one in self.replicas for person in one.lookup_id(digits)]

    def made_as(self, name: str) -> list[bytes]:
        return [person for one in self.replicas for person in one.made_as(name)]

    def names(self, people: Collection[bytes]) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        for one in self.replicas:
            found |= one.names(people)
        return found

    def network_names(self, people: Collection[bytes]) -> list[str]:
        """What the networks are called in which any of these ids has a name."""
        return [one.name for one in self.replicas if one.names(people)]

    def events(self, *, person: bytes | None = None, limit: int | None = None) -> "list[Logged]":
        """The events written last in any network; the newest last."""
        return _newest((one.events(person=person, limit=limit) for one in self.replicas), limit)

    def count(self, person: bytes | None = None) -> int:
        return sum(one.count(person) for one in self.replicas)

    def event_at(self, log: bytes, seq: int) -> "Logged":
        """The event that stands there in a log, in the network that has the log."""
        one = next((one for one in self.replicas if log in one.logs), self.replicas[0])
        return one.event_at(log, seq)

    def search(self, text: str, limit: int) -> "tuple[list[bytes], list[Logged]]":
        """What is found in each network, the private one first."""
        people: list[bytes] = []
        events: list[Logged] = []
        for one in self.replicas:
            some, told = one.search(text, limit)
            people += some
            events += told
        return people[:limit], events[:limit]


def score_history(
    replicas: Sequence[Replica],
    to: bytes,
    start: bytes | None,
    by: "By",
    *,
    now_ms: int,
    moment: "Moment",
) -> "History":
    """What moved the score of somebody in these networks, the private one being the first: by what
    was true, what was written or what came, as far as could be told at a moment.
    """
    from kithbook.audit.history import history
    from kithbook.audit.scope import JoinedScope

    with uncollected():
        scopes = [one.pasts.scope().at(moment) for one in replicas]
        scope = scopes[0] if len(scopes) == 1 else JoinedScope(scopes)
        me = replicas[0].me
        return history(scope, start or me, to, by, me=me, now=now_ms * 1000, moment=moment)


def _once(replica: Replica, shelf: "Shelf", now_ms: int, past: "Past | None" = None) -> "Shelf":
    """What a network holds beside what it was told of the private one."""
    from kithbook_client.copies import copies_in

    copies = [] if replica.private else copies_in(replica)
    if past is not None:
        copies = [copy for copy in copies if past.counts(copy.log, copy.seq)]
    if not copies:
        return shelf
    from kithbook.readings.moment import NOW
    from kithbook.readings.once import without_copies

    upto = (NOW if past is None else past.moment).horizon(now_ms * 1000)
    return without_copies(shelf, copies, replica.me, upto)


class PastBook:
    """The past of one network or several, asked as one; `supposed` is what is in each of them."""

    def __init__(
        self,
        replicas: Sequence[Replica],
        now_ms: int,
        moment: "Moment",
        supposed: "Sequence[Supposition | None] | None" = None,
    ) -> None:
        self.now_ms = now_ms
        self.replicas = replicas
        self.parts = [
            (one.name, one.pasts.at(now_ms, moment, what))
            for one, what in zip(replicas, supposed or [None] * len(replicas), strict=True)
        ]

    def reader(self, me: bytes) -> "Reader":
        """What `me` could ask of these networks then."""
        (name, first), *others = self.parts
        if not others:
            return first.reader(me, name)
        from kithbook.readings.joined import JoinedReader, Part

        parts = [
            Part(name, _once(one, past.facts, self.now_ms, past), past.members)
            for one, (name, past) in zip(self.replicas, self.parts, strict=True)
        ]
        return JoinedReader(parts, me, first.now)

    def newest(self, person: bytes | None, limit: int | None) -> "list[Logged]":
        """The events written last of which they tell; the newest last."""
        return _newest((past.newest(person, limit) for _, past in self.parts), limit)


def _newest(parts: "Iterable[list[Logged]]", limit: int | None) -> "list[Logged]":
    found = [logged for events in parts for logged in events]
    found.sort(key=lambda logged: (logged.hlc, logged.log, logged.seq))
    return found[-limit:] if limit else found


def find_event(replicas: Iterable[Replica], text: str) -> "tuple[Replica, Logged]":
    """The event LOG:SEQ, and the first of these networks that has it. Raises NotFound."""
    missing: NotFound | None = None
    for one in replicas:
        try:
            return one, one.find_event(text)
        except NotFound as error:
            missing = error
    raise missing or NotFound(f"There is no event {text} here.")

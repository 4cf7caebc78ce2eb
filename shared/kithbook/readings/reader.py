"""The reader: everything one person can ask of the facts at one moment, put together."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from itertools import islice

from kithbook.facts.rows import Tie
from kithbook.facts.tables import PairKey
from kithbook.readings.cards import Card, cards
from kithbook.readings.contacts import Contact, cadence_of, contacts, ties_with
from kithbook.readings.ledger import Account, ledger
from kithbook.readings.merges import classes, ids_of
from kithbook.readings.names import Names
from kithbook.readings.referrals import Outcome, outcomes, referred
from kithbook.readings.rules import Rules, rules_of
from kithbook.readings.shelf import Shelf
from kithbook.readings.trust.chains import passed
from kithbook.readings.trust.fetched import Fetched
from kithbook.readings.trust.levels import MOST, Level, Word
from kithbook.readings.trust.opinion import Opinion, opinion
from kithbook.readings.trust.raising import Raise, raising
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search
from kithbook.when import DAY_US

FEW = 500
"""Up to so many people are quicker asked one by one."""


class Reader:
    """Reads for `me`. `members` are the people who have devices; `now` is in µs since 1970.

    `network` is what the network is called where answers are to say so.
    """

    def __init__(
        self, shelf: Shelf, members: Collection[bytes], me: bytes, now: int, network: str = ""
    ) -> None:
        self.shelf = shelf
        self.network = network
        self.members = members
        self.me = me
        self.today = now // DAY_US

    @cached_property
    def one(self) -> dict[bytes, bytes]:
        """Merged id → the id of its class."""
        return classes(self.shelf.merges())

    @cached_property
    def rules(self) -> Rules:
        return rules_of(self.shelf.rules())

    @cached_property
    def word(self) -> Word:
        return Word(self.members, self.me, self.one)

    @cached_property
    def names(self) -> Names:
        return Names(self.shelf, self.one, self.network)

    @cached_property
    def _fetched(self) -> Fetched:
        return Fetched(self.shelf, self.one, self.word, self.rules)

    def is_me(self, person: bytes) -> bool:
        """Whether an id is one of the reader's own."""
        return person in self._mine

    @cached_property
    def _mine(self) -> set[bytes]:
        return self.ids(self.me)

    def ids(self, person: bytes) -> set[bytes]:
        """All ids of one human."""
        return ids_of(self.one, {person})

    def card(self, person: bytes) -> Card:
        """Everything known of one person."""
        rows = self.shelf.card_of(self.ids(person))
        return cards(rows, self.one).get(self.one.get(person, person), {})

    def contacts(self, viewpoint: bytes | None = None) -> list[Contact]:
        """Everybody named, by the viewpoint's contact with them, in no order."""
        ids = self.ids(viewpoint or self.me)
        return self._contacts(ids, self.names.all, self.shelf.ties_of(ids), self._paced)

    def latest(self, count: int, viewpoint: bytes | None = None) -> list[Contact]:
        """At least so many of those last in touch with the viewpoint, as far as there are any."""
        ids = self.ids(viewpoint or self.me)
        people: set[bytes] = set()
        at = 0
        for (_, a, b), tie in self.shelf.ties_of(ids):
            if len(people) >= count and tie.last and tie.last.at < at:
                break
            people |= {self._root(person) for person in (a, b) if person not in ids}
            at = tie.last.at if tie.last else at
        return self.contacts_with(people, viewpoint)

    def contacts_with(
        self, people: Collection[bytes], viewpoint: bytes | None = None
    ) -> list[Contact]:
        """Only these people, by the viewpoint's contact with them."""
        ids, theirs = self.ids(viewpoint or self.me), ids_of(self.one, people)
        few = len(theirs) < FEW
        ties = self.shelf.ties_of(theirs if few else ids)
        known = cards(self.shelf.card_of(theirs), self.one) if few else self._paced
        found = self._contacts(ids, people, ties, known)
        asked = {self._root(person) for person in people}
        return [contact for contact in found if contact.person in asked]

    def paced(self, viewpoint: bytes | None = None) -> list[Contact]:
        """Those who have a cadence, by the viewpoint's contact with them."""
        people = {person for person, card in self._paced.items() if cadence_of(card, self.rules)}
        found = self.contacts_with(people, viewpoint)
        return [one for one in found if one.last or one.person in self.names.all]

    @cached_property
    def _paced(self) -> dict[bytes, Card]:
        """The cards that say how often to be in touch."""
        fields = () if self.rules.cadence else ("cadence",)
        return cards(self.shelf.cards(fields), self.one)

    def _contacts(
        self,
        ids: Collection[bytes],
        people: Iterable[bytes],
        ties: Iterable[tuple[PairKey, Tie]],
        known: Mapping[bytes, Card],
    ) -> list[Contact]:
        return contacts(ids, people, ties, self.one, known, self.rules, self.today)

    def ties(self, person: bytes) -> dict[bytes, Tie]:
        """Whom a person was in touch with."""
        ids = self.ids(person)
        return ties_with(ids, self.shelf.ties_of(ids), self.one)

    def ledger(self, viewpoint: bytes | None = None) -> dict[bytes, Account]:
        """Person → account with the viewpoint."""
        ids, shelf = self.ids(viewpoint or self.me), self.shelf
        return ledger(
            ids, shelf.links_from(ids), shelf.links_to(ids), shelf.helps_of(ids), self.one
        )

    def accounts(self, people: Collection[bytes], viewpoint: bytes | None = None) -> list[Account]:
        """Those that these people have with the viewpoint."""
        ids, shelf = self.ids(viewpoint or self.me), self.shelf
        theirs = ids_of(self.one, people) - ids
        given, received = shelf.links_between(theirs, ids), shelf.links_between(ids, theirs)
        return list(ledger(ids, received, given, shelf.helps_of(theirs), self.one).values())

    def account(self, person: bytes, viewpoint: bytes | None = None) -> Account:
        """What is between two people, read from the side of the person, who has fewer accounts."""
        person, start = self._root(person), self._root(viewpoint or self.me)
        theirs = self.ledger(person).get(start) or Account(start)
        return Account(
            person,
            given=theirs.received,
            received=theirs.given,
            thanks_owed=theirs.thanks_due,
            thanks_due=theirs.thanks_owed,
        )

    def referrals(self, viewpoint: bytes | None = None) -> list[Outcome]:
        """The referrals in which the viewpoint took part, and what came of them."""
        rows = list(self.shelf.referrals_of(self.ids(viewpoint or self.me)))
        who = ids_of(self.one, referred(rows))
        links = dict([*self.shelf.links_from(who), *self.shelf.links_to(who)])
        return outcomes(rows, self.shelf.ties_of(who), links.items(), self.one)

    def score(self, to: bytes, start: bytes | None = None, *, others: bool = False) -> Score:
        """How far trust carries to one person."""
        start, to = self._root(start or self.me), self._root(to)
        return self._search(start, to).one(to, others=others)

    def levels_of(self, person: bytes) -> dict[bytes, Level]:
        """The level that each has about a person, by whoever's word counts for this reader."""
        return self._fetched.vouchers(self._root(person))

    def raising(self, score: Score) -> Raise | None:
        """The one statement that would raise a score the most, other than one's own about them."""
        return raising(self._search(score.start), score)

    def opinion(self, score: Score) -> Opinion | None:
        """What those whom the score's viewpoint trusts say of the person."""
        return opinion(self._search(score.start), score.to)

    def scores(self, start: bytes | None = None) -> list[Score]:
        """Everybody whom trust or a warning reaches, best first."""
        start = self._root(start or self.me)
        self._fetched.load(self.names.all)
        found = list(self._search(start).all())
        order = {"stated": 0, "inferred": 0, "chain": 0, "contested": 1, "warned": 2, "none": 3}
        found.sort(key=lambda s: (order[s.basis], -(s.score or 0.0), len(s.chain), s.to))
        return found

    def best(self, count: int, start: bytes | None = None) -> list[Score]:
        """The first so many of `scores`."""
        start = self._root(start or self.me)
        if len(found := self._highest(count, start)) == count:
            return found
        found = list(islice(self._search(start).best(), count))
        return found if len(found) == count else self.scores(start)[:count]

    def _highest(self, count: int, start: bytes) -> list[Score]:
        """The first `count`, as far as all are stated and higher than any chain or unread link
        could give.
        """
        if self.one:
            return []  # levels of several ids add up
        found, most = self._fetched.highest(start, count)
        most = max(most, self.rules.weak, passed(MOST, MOST, self.rules))
        high = [(-level.level, to, level) for to, level in found.items() if level.level > most]
        best = sorted(one for one in high if one[2].stated is not None)
        return [Score.stated(start, to, level) for _, to, level in best[:count]]

    def _search(self, start: bytes, to: bytes | None = None) -> Search:
        # Most people have a level about the reader, so only those that may matter are fetched;
        # merged ids add up, and then all are.
        is_quicker = to == self._root(self.me) and not self.one
        fetched = self._fetched
        stating = fetched.stating if is_quicker else None
        return Search(start, fetched.neighbours, fetched.vouchers, self.rules, stating)

    def _root(self, person: bytes) -> bytes:
        return self.one.get(person, person)

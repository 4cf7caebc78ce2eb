"""The reader: everything one person can ask of the facts at one moment, put together."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from itertools import islice

from kithbook.facts.rows import Link, Tie
from kithbook.facts.tables import PairKey
from kithbook.readings.cards import Card, cards
from kithbook.readings.contacts import Contact, cadence_of, contacts, ties_with
from kithbook.readings.ledger import Account, ledger
from kithbook.readings.merges import classes, members
from kithbook.readings.referrals import Outcome, outcomes, referred
from kithbook.readings.rules import Rules, rules_of
from kithbook.readings.shelf import Shelf
from kithbook.readings.trust.chains import passed
from kithbook.readings.trust.levels import MOST, Level, Word, graph, in_order, levels
from kithbook.readings.trust.opinion import Opinion, opinion
from kithbook.readings.trust.raising import Raise, raising
from kithbook.readings.trust.score import Score
from kithbook.readings.trust.search import Search
from kithbook.when import DAY_US

NOTHING: dict[bytes, Level] = {}
FEW = 500
"""So many people are asked about one by one sooner than everybody at once."""


class Reader:
    """Reads for `me`. `speakers` are the people who have devices; `now` is in µs since 1970.

    `network` is what the network is called where answers are to say so.
    """

    def __init__(
        self, shelf: Shelf, speakers: Collection[bytes], me: bytes, now: int, network: str = ""
    ) -> None:
        self.shelf = shelf
        self.network = network
        self.speakers = speakers
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
        return Word(self.speakers, self.me, self.one)

    @cached_property
    def names(self) -> "Names":
        return Names(self.shelf, self.one, self.network)

    def is_me(self, person: bytes) -> bool:
        """Whether an id is one of the reader's own."""
        return person in self._mine

    @cached_property
    def _mine(self) -> set[bytes]:
        return self.ids(self.me)

    def ids(self, person: bytes) -> set[bytes]:
        """All ids of one human."""
        return members(self.one, {person})

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
        ids, theirs = self.ids(viewpoint or self.me), members(self.one, people)
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
        theirs = members(self.one, people) - ids
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
        who = members(self.one, referred(rows))
        links = dict([*self.shelf.links_from(who), *self.shelf.links_to(who)])
        return outcomes(rows, self.shelf.ties_of(who), links.items(), self.one)

    def score(self, to: bytes, start: bytes | None = None, *, others: bool = False) -> Score:
        """How far trust carries to one person."""
        start, to = self._root(start or self.me), self._root(to)
        return self._search(start, to).one(to, others=others)

    def levels_of(self, person: bytes) -> dict[bytes, Level]:
        """The level that each has about a person, by whoever's word counts for this reader."""
        return self._vouchers(self._root(person))

    def raising(self, score: Score) -> Raise | None:
        """The one statement that would raise a score the most, other than one's own about them."""
        return raising(self._search(score.start), score)

    def opinion(self, score: Score) -> Opinion | None:
        """What those whom the score's viewpoint trusts say of the person."""
        return opinion(self._search(score.start), score.to)

    def scores(self, start: bytes | None = None) -> list[Score]:
        """Everybody whom trust or a warning reaches, best first."""
        start = self._root(start or self.me)
        self._load_neighbours()
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
        """The same where all of them are stated: at what nobody reaches of whom nothing is, and
        nobody whose link was not looked at.
        """
        if self.one:
            return []  # levels of several ids add up
        links, most = self.shelf.highest_from((start,), count)
        most = max(most, self.rules.weak, passed(MOST, MOST, self.rules))
        found = [(-level.level, to, level) for (_, to), level in self._levels(links).items()]
        best = sorted(one for one in found if -one[0] > most and one[2].stated is not None)
        return [Score.stated(start, to, level) for _, to, level in best[:count]]

    def _search(self, start: bytes, to: bytes | None = None) -> Search:
        # The reader is of whom most have a level. Levels of several ids add up.
        is_quicker = to == self._root(self.me) and not self.one
        stating = self._stating if is_quicker else None
        return Search(start, self._neighbours, self._vouchers, self.rules, stating)

    @cached_property
    def _loaded(self) -> dict[bytes, dict[bytes, Level]]:
        return {}

    @cached_property
    def _loaded_of(self) -> dict[bytes, dict[bytes, Level]]:
        return {}

    def _neighbours(self, person: bytes) -> dict[bytes, Level]:
        known = self._loaded.get(person)
        if known is None:
            links = self.shelf.trust_from(self.ids(person) if self.one else (person,))
            known = graph(self._levels(links)).get(person, NOTHING)
            self._loaded[person] = known
        return known

    def _vouchers(self, person: bytes) -> dict[bytes, Level]:
        known = self._loaded_of.get(person)
        if known is None:
            known = self._of(person, self.shelf.trust_to(self.ids(person)))
            self._loaded_of[person] = known
        return known

    def _stating(self, person: bytes, least: float) -> dict[bytes, Level]:
        return self._of(person, self.shelf.stated_to((person,), least))

    def _of(self, person: bytes, links: Iterable[tuple[PairKey, Link]]) -> dict[bytes, Level]:
        """The levels about somebody, the highest first."""
        found = self._levels(links)
        return in_order({by: level for (by, whom), level in found.items() if whom == person})

    def _load_neighbours(self) -> None:
        """Fetch everybody's links with one question, before everybody's are asked for."""
        people = self.names.all
        found = graph(self._levels(self.shelf.trust_from(members(self.one, people.keys()))))
        self._loaded.update((person, found.get(person, NOTHING)) for person in people)

    def _levels(self, links: Iterable[tuple[PairKey, Link]]) -> dict[tuple[bytes, bytes], Level]:
        return levels(links, self.one, self.word, self.rules)

    def _root(self, person: bytes) -> bytes:
        return self.one.get(person, person)


class Names:
    """Names for people to read; a person nobody named is shown by the start of their id."""

    def __init__(self, shelf: Shelf, one: Mapping[bytes, bytes], network: str = "") -> None:
        self._networks = [network] if network else []
        self.shelf = shelf
        self.one = one
        self.otherwise: Callable[[bytes], str] = short
        """How to call who has no name on this shelf."""
        self._some: dict[bytes, str] = {}

    @cached_property
    def all(self) -> dict[bytes, str]:
        """Everybody named → name, merged people under the one id they share."""
        found = {p: name for p, name in self.shelf.names() if p not in self.one}
        merged = cards(self.shelf.card_of(self.one), self.one) if self.one else {}
        found |= {person: card.get("name", short(person)) for person, card in merged.items()}
        self._some = found
        return found

    def networks(self, person: bytes) -> list[str]:  # noqa: ARG002 - one of several asks it
        """What the networks are called in which somebody is known, where answers say so."""
        return self._networks

    def load(self) -> None:
        """Know everybody, before many are asked for."""
        self._some = self.all

    def __getitem__(self, person: bytes) -> str:
        person = self.one.get(person, person)
        name = self._some.get(person)
        if name is None:
            ids = members(self.one, {person})
            card = cards(self.shelf.card_of(ids), self.one).get(person, {})
            name = self._some[person] = card["name"] if "name" in card else self.otherwise(person)
        return name


def short(person: bytes) -> str:
    """The start of an id, for who has no name."""
    return person.hex()[:8]

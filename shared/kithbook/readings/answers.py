"""The answers that programs read, the same in `kith … --json` and over HTTP.

Fields may be added, never renamed. An event is named `<log>:<seq>`; times are ISO 8601.
"""

import msgspec

from kithbook.readings.contacts import State
from kithbook.readings.trust.levels import Hand
from kithbook.readings.trust.score import Basis


class ContactAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`events` counts the contacts between the viewpoint and this person; `cadence` is in days.

    `networks` are those of a home in which the person is known; a server leaves it away.
    """

    id: str
    name: str
    state: State | None
    first_contact: str | None
    last_contact: str | None
    events: int
    cadence: float | None
    lateness: float | None
    networks: list[str] = []


class Contacts(msgspec.Struct, frozen=True):
    contacts: list[ContactAnswer]


class Tally(msgspec.Struct, frozen=True):
    """Counts of helps by kind."""

    information: int
    money: int
    fun: int


class Sizes(msgspec.Struct, frozen=True):
    """The same by size: of each kind the small, the medium and the large ones."""

    information: list[int]
    money: list[int]
    fun: list[int]


class AccountAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`thanks_owed`: helps got, not thanked for yet; `thanks_due`: helps given, without thanks."""

    id: str
    name: str
    given: Tally
    received: Tally
    given_sizes: Sizes
    received_sizes: Sizes
    thanks_owed: list[str]
    thanks_due: list[str]
    networks: list[str] = []


class ReferralAnswer(msgspec.Struct, frozen=True):
    """`contact` is when the two were last in touch since, `helps` how often one helped another."""

    event: str
    by: str
    who: str
    to: str
    at: str
    contact: str | None
    helps: int


class Ledger(msgspec.Struct, frozen=True):
    ledger: list[AccountAnswer]
    referrals: list[ReferralAnswer] = []


class Link(msgspec.Struct, frozen=True):
    """One link of a chain: `level` is the one used, `stated` the one stated, by `event`."""

    by: str
    to: str
    level: float
    stated: float | None
    event: str | None


class TrustAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`shown` is the score half up, null below 0.5; `warning` is what was taken off support."""

    from_: str = msgspec.field(name="from")
    to: str
    id: str
    score: float | None
    shown: int | None
    basis: Basis
    support: float | None
    warning: float | None
    chain: list[Link]
    networks: list[str] = []


class Trust(msgspec.Struct, frozen=True):
    trust: list[TrustAnswer]


class EventAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event of the log; `counts` is false with the reason in `void` when it counts for nothing.

    `fields` are the event's own, people by name. `network` is the one in which it stands; a server
    leaves it away.
    """

    event: str
    type: str
    at: str | None
    recorded: str
    received: str
    author: str | None
    device: str | None
    people: list[str]
    counts: bool
    void: str | None
    note: str | None
    fields: dict[str, object]
    network: str = ""


class EvidenceAnswer(msgspec.Struct, frozen=True):
    """A dealing that counts as evidence, with what its kind weighs by the rules."""

    kind: str
    weight: float
    event: EventAnswer | None


class GroundAnswer(msgspec.Struct, frozen=True):
    """What one link rests on: the statement in force and the evidence since, or evidence alone.

    `hand` is `first-hand` where who trusts wrote it themselves, `hearsay` where somebody else did.
    """

    by: str
    to: str
    level: float
    hand: Hand
    worked: str
    statement: EventAnswer | None
    evidence: list[EvidenceAnswer]


class WarningAnswer(msgspec.Struct, frozen=True):
    """The strongest warning and the chain to its author; the last of `grounds` is its own."""

    by: str
    weight: float
    event: str | None
    chain: list[Link]
    worked: str
    grounds: list[GroundAnswer]


class Vouching(msgspec.Struct, frozen=True):
    """The best chain through another last voucher."""

    by: str
    support: float
    chain: list[Link]
    worked: str
    grounds: list[GroundAnswer]


class RaiseAnswer(msgspec.Struct, frozen=True):
    """`by` stating `level` about `to`, or taking the warning back where it is null, would make the
    score this; `before` is what `by` has now.
    """

    by: str
    to: str
    level: float | None
    before: float | None
    score: float


class OpinionAnswer(msgspec.Struct, frozen=True):
    """What so many `people` whom one trusts have stated of somebody; it is never in the score.

    `mean` is weighed by how far each of them is trusted, and `newest` is when the last one spoke;
    `sentence` says the same in words.
    """

    people: int
    mean: float
    newest: str
    sentence: str


class Why(TrustAnswer, frozen=True, kw_only=True):
    """A score with everything it was worked out from; `worked` is the arithmetic in one line.

    `grounds` tells of each link of the chain what it rests on. `others` are the best chains through
    other last vouchers. `raised_by` is the one statement that would raise the score most, besides
    one's own word; `raising` says the same in words. `opinion` is what those whom one trusts say.
    """

    sentence: str
    worked: str
    grounds: list[GroundAnswer]
    warned_by: WarningAnswer | None
    others: list[Vouching]
    raised_by: RaiseAnswer | None
    raising: str
    opinion: OpinionAnswer | None


class KnowerAnswer(msgspec.Struct, frozen=True):
    """Somebody who knows a person: by a `level` about them, by contact, or both.

    `member` when they are or were one here; `hand` is what the level rests on.
    """

    id: str
    name: str
    member: bool
    level: float | None
    stated: float | None
    event: str | None
    hand: Hand | None
    last_contact: str | None
    contacts: int


class WayAnswer(msgspec.Struct, frozen=True):
    """A way to an introduction: `ask` whoever stands first on the chain.

    `thanks_owed` are the helps by them that still wait for thanks.
    """

    ask: str
    id: str
    support: float
    chain: list[Link]
    thanks_owed: list[str]


class Introductions(msgspec.Struct, frozen=True):
    """Who knows `to`, best acquainted first, and the ways to an introduction, strongest first.

    `score` and `basis` are as in trust; there is no way where one has a word on them already.
    """

    from_: str = msgspec.field(name="from")
    to: str
    id: str
    score: float | None
    basis: Basis
    known_by: list[KnowerAnswer]
    ways: list[WayAnswer]


class Events(msgspec.Struct, frozen=True):
    """`more` is how many older events were left out."""

    events: list[EventAnswer]
    more: int = 0


class WholeEvent(EventAnswer, frozen=True, kw_only=True):
    """One event with all that the log knows of it.

    It is number `seq` of the `of` in its log, whose hashes go from `previous` to `hash`; `recorded`
    and `counter` together are its clock, and `position` is the order in which it came here.
    `sealed` is the seq of the seal that covers it, null while there is none; `void_by` is the event
    that makes it count for nothing, `void_why` the reason of an inert one. `referred_by` are the
    events that name it (thanks, replacements, retractions, erasures), `copies` those that say the
    same fact.
    """

    seq: int
    of: int
    counter: int
    hash: str
    previous: str
    position: int
    sealed: int | None
    void_by: str | None
    void_why: str | None
    batch: str | None
    referred_by: list[EventAnswer]
    copies: list[EventAnswer]


class Whole(msgspec.Struct, frozen=True):
    """The same shape as `log`, with one event."""

    events: list[WholeEvent]
    more: int = 0

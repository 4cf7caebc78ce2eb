"""Answers put together: readings with names and event ids instead of bytes."""

from collections.abc import Iterable
from heapq import nsmallest
from typing import Any

from kithbook.facts.rows import Moment, Order
from kithbook.ids import event_id
from kithbook.readings import answers
from kithbook.readings.contacts import Contact
from kithbook.readings.introductions import Introductions, Knower, Way
from kithbook.readings.ledger import Account, by_kind, by_kind_and_size
from kithbook.readings.names import Names
from kithbook.readings.reader import Reader
from kithbook.readings.referrals import Outcome
from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.levels import Level
from kithbook.readings.trust.score import Score
from kithbook.when import format_at

AMONG = 4
"""So many times as many people as are asked for are looked at before everybody is."""


def format_moment(moment: Moment) -> str:
    """A moment as it was said, in ISO 8601."""
    return format_at(moment.at, moment.zone if moment.has_zone else None)


def moment_text(moment: Moment | None) -> str | None:
    return None if moment is None else format_moment(moment)


def contacts_answer(reader: Reader, viewpoint: bytes | None = None) -> answers.Contacts:
    """Who is in touch, the latest first, then those never met by name."""
    names = reader.names
    return answers.Contacts(
        [contact_answer(c, names) for c in contacts_in_order(reader, viewpoint)]
    )


def contacts_in_order(
    reader: Reader, viewpoint: bytes | None = None, count: int | None = None
) -> list[Contact]:
    """All of them, or the first so many."""
    if count is not None and len(found := reader.latest(count, viewpoint)) >= count:
        return in_order(found, reader.names)[:count]
    return in_order(reader.contacts(viewpoint), reader.names)[:count]


def in_order(found: Iterable[Contact], names: Names) -> list[Contact]:
    """Who was in touch last comes first, who never was last."""
    return sorted(
        found,
        key=lambda c: (-c.last.at if c.last else 2**63, names[c.person].casefold(), c.person),
    )


def contact_answer(contact: Contact, names: Names) -> answers.ContactAnswer:
    return answers.ContactAnswer(
        id=contact.person.hex(),
        name=names[contact.person],
        state=contact.state,
        first_contact=moment_text(contact.first),
        last_contact=moment_text(contact.last),
        events=contact.events,
        cadence=contact.cadence,
        lateness=contact.lateness,
        networks=names.networks(contact.person),
    )


def ledger_answer(reader: Reader, viewpoint: bytes | None = None) -> answers.Ledger:
    """Every account, by name, and the referrals."""
    names = reader.names
    return answers.Ledger(
        [account_answer(account, names) for account in accounts_in_order(reader, viewpoint)],
        [referral_answer(outcome, names) for outcome in reader.referrals(viewpoint)],
    )


def accounts_in_order(
    reader: Reader, viewpoint: bytes | None = None, count: int | None = None
) -> list[Account]:
    """All of them, or the first so many, by name; who has none comes last."""
    names = reader.names
    names.load()

    def by_name(person: bytes) -> tuple[bool, str, bytes]:
        name = names.all.get(person)
        return name is None, (name or names[person]).casefold(), person

    if count is not None:
        # Most people have an account, so that the first ones are among the first of all.
        people = nsmallest(count * AMONG, names.all, key=by_name)
        found = sorted(reader.accounts(people, viewpoint), key=lambda a: by_name(a.person))
        if len(found) >= count:
            return found[:count]
    accounts = reader.ledger(viewpoint).values()
    return sorted(accounts, key=lambda a: by_name(a.person))[:count]


def referral_answer(outcome: Outcome, names: Names) -> answers.ReferralAnswer:
    return answers.ReferralAnswer(
        event=event_id(outcome.log, outcome.seq),
        by=names[outcome.by],
        who=names[outcome.who],
        to=names[outcome.to],
        at=format_moment(outcome.moment),
        contact=moment_text(outcome.contact),
        helps=outcome.helps,
    )


def account_answer(account: Account, names: Names) -> answers.AccountAnswer:
    return answers.AccountAnswer(
        id=account.person.hex(),
        name=names[account.person],
        given=answers.Tally(**by_kind(account.given)),
        received=answers.Tally(**by_kind(account.received)),
        given_sizes=answers.Sizes(**by_kind_and_size(account.given)),
        received_sizes=answers.Sizes(**by_kind_and_size(account.received)),
        thanks_owed=[event_id(o.log, o.seq) for o in account.thanks_owed],
        thanks_due=[event_id(o.log, o.seq) for o in account.thanks_due],
        networks=names.networks(account.person),
    )


def chain_answer(chain: list[Step], names: Names) -> list[answers.Link]:
    return [
        answers.Link(
            names[step.by],
            names[step.to],
            step.level.level,
            step.level.stated,
            stated_by(step.level),
        )
        for step in chain
    ]


def introductions_answer(found: Introductions, names: Names) -> answers.Introductions:
    score = found.score
    return answers.Introductions(
        from_=names[score.start],
        to=names[score.to],
        id=score.to.hex(),
        score=score.score,
        basis=score.basis,
        known_by=[knower_answer(knower, names) for knower in found.knowers],
        ways=[way_answer(way, names) for way in found.ways],
    )


def knower_answer(knower: Knower, names: Names) -> answers.KnowerAnswer:
    level = knower.level
    return answers.KnowerAnswer(
        id=knower.person.hex(),
        name=names[knower.person],
        member=knower.is_member,
        level=level.level if level else None,
        stated=level.stated if level else None,
        event=stated_by(level) if level else None,
        hand=knower.hand,
        last_contact=moment_text(knower.tie.last),
        contacts=knower.tie.count,
    )


def way_answer(way: Way, names: Names) -> answers.WayAnswer:
    return answers.WayAnswer(
        ask=names[way.first],
        id=way.first.hex(),
        support=way.support,
        chain=chain_answer(way.chain, names),
        thanks_owed=[event_id(one.log, one.seq) for one in way.owed],
    )


def trust_answer(score: Score, names: Names) -> answers.TrustAnswer:
    return answers.TrustAnswer(**trust_fields(score, names))


def scores_answer(
    reader: Reader, viewpoint: bytes | None = None, count: int | None = None
) -> answers.Trust:
    """Everybody whom trust or a warning reaches, or the first so many, best first."""
    names = reader.names
    if count is None:
        names.load()
        found = reader.scores(viewpoint)
    else:
        found = reader.best(count, viewpoint)
    return answers.Trust([trust_answer(score, names) for score in found])


def trust_fields(score: Score, names: Names) -> dict[str, Any]:
    """The fields of a score, for the answers that have more."""
    return {
        "from_": names[score.start],
        "to": names[score.to],
        "id": score.to.hex(),
        "score": score.score,
        "shown": score.shown,
        "basis": score.basis,
        "support": score.support,
        "warning": score.warning.weight if score.warning else None,
        "chain": chain_answer(score.chain, names),
        "networks": names.networks(score.to),
    }


def stated_by(level: Level) -> str | None:
    """The event that states a level, where it is stated."""
    return None if level.order is None else event_id(Order(*level.order).log, level.order[3])

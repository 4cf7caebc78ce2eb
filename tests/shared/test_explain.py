import re
from math import prod

import msgspec
import pytest
from hypothesis import given

from kithbook.events import Merged, Ruled, Thanked, Trusted
from kithbook.readings.answering import (
    contacts_answer,
    ledger_answer,
    scores_answer,
    trust_answer,
)
from kithbook.readings.answers import GroundAnswer, Why
from kithbook.readings.derivation import why_answer
from kithbook.readings.explain import number
from kithbook.readings.listing import Find, Logged
from kithbook.readings.reader import Reader
from tests.oracle import Log, Written
from tests.shared.memory import reader, stored
from tests.shared.story import DAY_0, Story, who
from tests.strategies import ABOUT_TRUST, LOGS, NAMES, PEOPLE, History, histories, private


def named(story: Story) -> Story:
    for name in NAMES:
        story.described(name, name=name)
    return story


def why(story: Story, to: str) -> Why:
    return answer(story.read(), who(to), finder(story.written, story.logs))


def answer(read: Reader, to: bytes, find: Find = lambda log, seq: None) -> Why:
    return why_answer(read, read.score(to, others=True), find)


def finder(written: list[Written], logs: list[Log]) -> Find:
    """The events of a story, each written on a device that is called like its log."""
    found = {w.place: w for w in written}
    authors = {log.id: log.person for log in logs}

    def find(log: bytes, seq: int) -> Logged:
        w = found[log, seq]
        return Logged(log, seq, w.hlc, 0, authors[log], log.hex()[:2], w.event)

    return find


def chained() -> Story:
    story = named(Story())
    story.trusted("Ada", "Bob", 10)
    story.trusted("Bob", "Carol", 9)
    return story


def test_a_chain_is_told_link_by_link_with_its_arithmetic() -> None:
    found = why(chained(), "Carol")
    assert found.sentence == "Ada trusts Bob 10 and Bob trusts Carol 9, so Ada trusts Carol 5."
    assert found.worked == "10 × 9/18 = 5.0"
    assert (found.warned_by, found.others) == (None, [])


def test_a_longer_chain_multiplies_on() -> None:
    story = chained()
    story.trusted("Carol", "Dan", 6.5)
    found = why(story, "Dan")
    assert found.worked == "10 × 9/18 × 6.5/18 = 1.806"
    assert found.sentence == (
        "Ada trusts Bob 10, Bob trusts Carol 9 and Carol trusts Dan 6.5, so Ada trusts Dan 1.806."
    )


def test_ones_own_word_is_told_as_final() -> None:
    story = chained()
    assert why(story, "Bob").sentence == "Ada trusts Bob 10; own word is final."
    assert why(story, "Bob").worked == "10 = 10.0"


def test_dealings_since_a_statement_are_told_apart_from_it() -> None:
    story = named(Story())
    story.trusted("Ada", "Bob", 7, day=-5)
    story.helped("Bob", "Ada")
    found = why(story, "Bob")
    assert found.sentence == (
        "Ada trusts Bob 7, and own dealings since add 0.25; own word is final."
    )
    assert found.worked == "(7 + 0.25) = 7.25"
    story.trusted("Bob", "Carol", 9)
    assert why(story, "Carol").worked == "(7 + 0.25) × 9/18 = 3.625"


def test_a_level_from_dealings_alone_is_told_as_such() -> None:
    story = named(Story())
    story.helped("Bob", "Ada")
    found = why(story, "Bob")
    assert found.sentence == ("Ada has said nothing about Bob, but own dealings give a weak 0.5.")
    assert found.worked == "0.5 = 0.5"
    story.trusted("Bob", "Carol", 9)
    assert why(story, "Carol").sentence == (
        "Ada is inferred to trust Bob 0.5 and Bob trusts Carol 9, so Ada trusts Carol 0.25."
    )


def test_a_warning_is_told_with_its_author_and_weight() -> None:
    story = chained()
    story.trusted("Ada", "Eve", 5.4)
    story.trusted("Eve", "Carol", 0)
    found = why(story, "Carol")
    assert found.sentence == (
        "Ada trusts Bob 10 and Bob trusts Carol 9, "
        "so Ada trusts Carol 2 after Eve warns of Carol (weight 3)."
    )
    assert found.worked == "10 × 9/18 = 5; less 3 = 2.0"
    assert found.warned_by is not None
    assert (found.warned_by.by, found.warned_by.weight) == ("Eve", 3.0)
    assert [(link.by, link.to, link.level) for link in found.warned_by.chain] == [
        ("Ada", "Eve", 5.4)
    ]


def test_a_warning_against_dealings_is_told_too() -> None:
    story = named(Story())
    for day in range(9):
        story.helped("Bob", "Ada", day=-day)
    story.trusted("Ada", "Eve", 1.8)
    story.trusted("Eve", "Bob", 0)
    found = why(story, "Bob")
    assert found.sentence == (
        "Ada has said nothing about Bob, but own dealings give a weak 1 "
        "after Eve warns of Bob (weight 1)."
    )
    assert found.worked == "2 = 2; less 1 = 1.0"


def test_a_contested_score_is_told_with_what_would_have_carried() -> None:
    story = chained()
    story.trusted("Ada", "Eve", 9)
    story.trusted("Eve", "Carol", 0)
    found = why(story, "Carol")
    assert found.sentence == (
        "Ada trusts Bob 10 and Bob trusts Carol 9, which would carry 5, "
        "but Eve warns of Carol (weight 5), so the score is 0."
    )
    assert found.worked == "10 × 9/18 = 5; less 5 = 0.0"


def test_a_warning_alone_is_told_without_a_number() -> None:
    story = named(Story())
    story.trusted("Ada", "Eve", 9)
    story.trusted("Eve", "Carol", 0)
    found = why(story, "Carol")
    assert found.sentence == (
        "Nobody Ada trusts vouches for Carol, and Eve warns of Carol (weight 5)."
    )
    assert (found.worked, found.score, found.warning) == ("", None, 5.0)


def test_knowing_nothing_is_told_as_such() -> None:
    found = why(named(Story()), "Carol")
    assert found.sentence == "Nothing that Ada knows of says how far to trust Carol."
    assert (found.basis, found.score, found.shown, found.chain) == ("none", None, None, [])


def test_the_best_chain_through_each_other_voucher_is_told() -> None:
    story = chained()
    story.trusted("Ada", "Dan", 4)
    story.trusted("Dan", "Carol", 9)
    story.trusted("Ada", "Eve", 6)
    story.trusted("Eve", "Carol", 9)
    assert [(v.by, v.support) for v in why(story, "Carol").others] == [("Eve", 3.0), ("Dan", 2.0)]


@pytest.mark.parametrize(
    ("value", "text"),
    [(9.0, "9"), (9.5, "9.5"), (5 / 6, "0.833"), (0.0, "0"), (10.0, "10"), (0.0004, "0")],
)
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert number(value) == text


@given(histories(ABOUT_TRUST, min_size=6, max_size=16, whose=private))
def test_the_explanation_recomputes_the_score_always(history: History) -> None:
    """From the answer that a program gets, bit for bit; from the printed line, as printed."""
    read = reader(stored(history), history, PEOPLE[0])
    for person in PEOPLE[1:]:
        found = answer(read, person)
        divisor = read.rules.divisor
        if found.chain:
            support = found.chain[0].level
            for link in found.chain[1:]:
                support = min(support, support * link.level / divisor)
            assert support == found.support
            assert found.score == max(0.0, support - (found.warning or 0.0))
            assert [link.to for link in found.chain[:-1]] == [link.by for link in found.chain[1:]]
            check_line(found)
        else:
            assert (found.score, found.worked) == (None, "")
        if found.warned_by:
            weight = found.warned_by.chain[0].level
            for link in found.warned_by.chain[1:]:
                weight = weight * link.level / divisor
            assert found.warning == min(weight, weight * 10 / divisor)


@given(histories((*ABOUT_TRUST, Merged, Thanked, Ruled), min_size=6, max_size=16))
def test_every_number_is_recomputed_from_what_is_printed(history: History) -> None:
    read = reader(stored(history), history, PEOPLE[0])
    find = finder(history.written, history.logs)
    for person in PEOPLE[1:]:
        found = answer(read, person, find)
        grounds = [*found.grounds]
        for other in found.others:
            check_sum(other.worked, other.support)
            grounds += other.grounds
        if found.warned_by:
            check_sum(found.warned_by.worked, found.warned_by.weight)
            grounds += found.warned_by.grounds
            assert grounds[-1].level == 0
        for ground in grounds:
            check_sum(ground.worked, ground.level)
            check_ground(ground, read.rules.full)


def check_sum(line: str, value: float) -> None:
    """What stands before the last `=` gives what stands after it, and that is the value."""
    *parts, result = line.replace("×", "*").split(" = ")
    assert re.fullmatch(r"[\d.,+*/() min]*", line.replace("×", "*").replace("=", ""))
    for part in parts:
        assert eval(part) == pytest.approx(float(result), abs=0.003)
    assert float(result) == pytest.approx(value, abs=0.0006)


def check_ground(ground: GroundAnswer, full: float) -> None:
    """The level is what its statement says and what its evidence adds."""
    bonus = min(1.0, sum(one.weight for one in ground.evidence) / full)
    assert (ground.hand == "evidence") == (ground.statement is None)
    if ground.statement is not None:
        word = ground.statement.fields["level"]
        assert isinstance(word, float)
        assert ground.hand == "hearsay" or ground.statement.author == ground.by
        assert ground.level == pytest.approx(min(10.0, word + bonus) if word else 0.0)
    kinds = {(one.kind, one.event.at[:10]) for one in ground.evidence if one.event and one.event.at}
    assert len(kinds) == len(ground.evidence)


@given(histories(ABOUT_TRUST, min_size=6, max_size=16, whose=private))
def test_what_would_raise_a_score_does(history: History) -> None:
    read = reader(stored(history), history, PEOPLE[0])
    for person in PEOPLE[1:]:
        score = read.score(person, others=True)
        raised = read.raising(score)
        if raised is None:
            continue
        assert raised.score > (score.score or 0)
        last = max(w.event.at for w in history.written if not isinstance(w.event, str))
        said = Trusted(
            at=max(last, DAY_0), by=raised.by, whom=raised.to, level=raised.level and 100
        )
        written = Written(LOGS[0], len(history.written) + 1, 10**6, bytes(8), said)
        after = History(history.logs, [*history.written, written])
        again = reader(stored(after), after, PEOPLE[0]).score(person)
        if raised.level is None:
            assert again.score >= raised.score  # without the 0 there may be dealings that count
        else:
            assert again.score == raised.score


def check_line(found: Why) -> None:
    """Compute what `worked` prints from the numbers that it prints."""
    line = re.sub(r"\((\S+) \+ (\S+)\)", lambda m: repr(float(m[1]) + float(m[2])), found.worked)
    product, *rest = line.split(" = ")
    factors = [
        float(number_) / float(over) if over else float(number_)
        for number_, _, over in (part.partition("/") for part in product.split(" × "))
    ]
    less = re.search(r"less (\S+)", line)
    result = prod(factors) - (float(less[1]) if less else 0.0)
    assert float(rest[-1]) == pytest.approx(max(0.0, result), abs=0.003)


# What it rests on.


def test_a_level_opens_down_to_its_statement() -> None:
    story = named(Story())
    story.trusted("Ada", "Bob", 7, note="we shared an office")
    [ground] = why(story, "Bob").grounds
    assert (ground.hand, ground.worked, ground.level) == ("first-hand", "7", 7.0)
    assert ground.statement is not None
    assert ground.statement.note == "we shared an office"
    assert (ground.statement.author, ground.statement.device) == ("Ada", "a1")


def test_what_somebody_else_wrote_is_hearsay() -> None:
    assert [one.hand for one in why(chained(), "Carol").grounds] == ["first-hand", "hearsay"]
    story = named(Story("Ada", "Bob"))
    story.trusted("Ada", "Bob", 10)
    story.tell(Trusted(at=DAY_0, by=who("Bob"), whom=who("Carol"), level=90), by="Bob")
    assert [one.hand for one in why(story, "Carol").grounds] == ["first-hand"] * 2


def test_dealings_are_told_one_by_one_with_their_weight() -> None:
    story = named(Story())
    story.helped("Bob", "Ada", day=-9, note="before anything was said")
    story.trusted("Ada", "Bob", 7, day=-5)
    story.helped("Bob", "Ada", day=-2)
    story.helped("Bob", "Ada", day=-2)
    story.met("Ada", "Bob", day=-1)
    [ground] = why(story, "Bob").grounds
    assert ground.worked == "7 + 4/12 = 7.333"
    assert [(one.kind, one.weight) for one in ground.evidence] == [("helped", 3.0), ("met", 1.0)]
    assert ground.evidence[0].event is not None
    assert ground.evidence[0].event.event.endswith(":10")


def test_dealings_alone_are_evidence() -> None:
    story = named(Story())
    story.helped("Bob", "Ada")
    [ground] = why(story, "Bob").grounds
    assert (ground.hand, ground.worked) == ("evidence", "2 × 3/12 = 0.5")
    assert ground.statement is None


def test_dealings_past_the_most_are_told_as_such() -> None:
    story = named(Story())
    for day in range(-9, 0):
        story.helped("Bob", "Ada", day=day)
    assert why(story, "Bob").grounds[0].worked == "2 × min(1, 27/12) = 2"
    story.trusted("Ada", "Bob", 9.8, day=-7)
    assert why(story, "Bob").grounds[0].worked == "min(10, 9.8 + min(1, 18/12)) = 10"


def test_a_warning_and_another_chain_show_their_arithmetic() -> None:
    story = chained()
    story.trusted("Ada", "Dan", 4)
    story.trusted("Dan", "Carol", 9)
    story.trusted("Ada", "Eve", 5.4)
    story.trusted("Eve", "Carol", 0, note="never paid")
    found = why(story, "Carol")
    assert [other.worked for other in found.others] == ["4 × 9/18 = 2"]
    assert found.warned_by is not None
    assert found.warned_by.worked == "5.4 × 10/18 = 3"
    assert [(one.by, one.to, one.level) for one in found.warned_by.grounds] == [
        ("Ada", "Eve", 5.4),
        ("Eve", "Carol", 0.0),
    ]


RAISING = {
    "Bob trusting Carol 10 instead of 9 would make it 5.556.": [("Bob", 10), ("Carol", 9)],
    "Ada trusting Bob 10 instead of 4 would make it 5.": [("Bob", 4), ("Carol", 9)],
    "No one statement but Ada’s own word about Carol, or dealings with Carol, would raise it.": [
        ("Bob", 10),
        ("Carol", 10),
    ],
    "Bob trusting Carol 10 would make it 5.": [("Bob", 9)],
    "Ada trusting Bob 10 would make it 5.": [("Carol", 9)],
    "Only Ada’s own word about Carol, or dealings with Carol, can raise it.": [("own", 4)],
}


@pytest.mark.parametrize("sentence", RAISING)
def test_what_would_raise_it_is_one_statement(sentence: str) -> None:
    story = named(Story())
    for whom, level in RAISING[sentence]:
        by = {"Bob": "Ada", "Carol": "Bob", "own": "Ada"}[whom]
        story.trusted(by, "Carol" if whom == "own" else whom, level)
    assert why(story, "Carol").raising == sentence


def test_a_warning_may_be_what_stands_in_the_way() -> None:
    story = chained()
    story.trusted("Ada", "Eve", 5.4)
    story.trusted("Eve", "Carol", 0)
    found = why(story, "Carol")
    assert found.raising == "It would be 5 if Eve took the warning back."
    assert found.raised_by is not None
    assert (found.raised_by.by, found.raised_by.level, found.raised_by.score) == ("Eve", None, 5.0)


def test_what_those_whom_one_trusts_say_is_told_beside_the_score() -> None:
    story = chained()  # Ada trusts Bob 10, and Bob trusts Carol 9
    story.trusted("Ada", "Eve", 5, day=-3)
    story.trusted("Eve", "Carol", 0, day=3)
    story.trusted("Dan", "Carol", 1)
    story.trusted("Carol", "Carol", 10)

    found = why(story, "Carol")

    assert found.opinion is not None
    assert (found.opinion.people, found.opinion.mean) == (2, (10 * 9 + 5 * 0) / 15)
    assert found.opinion.sentence == (
        f"The 2 whom Ada trusts say 6 on average, the newest on {found.opinion.newest}."
    )


def test_where_nobody_whom_one_trusts_says_anything_there_is_no_opinion() -> None:
    story = named(Story())
    story.trusted("Ada", "Carol", 7)
    story.trusted("Dan", "Carol", 1)

    assert why(story, "Carol").opinion is None


# The answers.


def test_a_trust_answer_has_the_documented_fields() -> None:
    read = chained().read()
    found = msgspec.to_builtins(trust_answer(read.score(who("Carol")), read.names))
    event = found["chain"][0]["event"]
    assert found == {
        "from": "Ada",
        "to": "Carol",
        "id": who("Carol").hex(),
        "score": 5.0,
        "shown": 5,
        "basis": "chain",
        "support": 5.0,
        "warning": None,
        "chain": [
            {"by": "Ada", "to": "Bob", "level": 10.0, "stated": 10.0, "event": event},
            {"by": "Bob", "to": "Carol", "level": 9.0, "stated": 9.0, "event": event[:-1] + "8"},
        ],
    }
    log, _, seq = event.partition(":")
    assert (len(log), seq) == (32, "7")


def test_all_scores_are_answered_best_first() -> None:
    story = chained()
    story.trusted("Ada", "Dan", 7)
    story.trusted("Bob", "Eve", 0)
    found = scores_answer(story.read()).trust
    assert [(row.to, row.basis, row.score) for row in found] == [
        ("Bob", "stated", 10.0),
        ("Dan", "stated", 7.0),
        ("Carol", "chain", 5.0),
        ("Eve", "warned", None),
    ]
    assert [row.from_ for row in scores_answer(story.read(), who("Bob")).trust] == ["Bob", "Bob"]


def test_an_inferred_link_names_no_event() -> None:
    story = named(Story())
    story.helped("Bob", "Ada")
    [link] = why(story, "Bob").chain
    assert (link.level, link.stated, link.event) == (0.5, None, None)


def test_a_contacts_answer_is_latest_first_then_by_name() -> None:
    story = named(Story())
    story.met("Ada", "Dan", day=-9)
    story.met("Ada", "Carol", day=-2, zone=60)
    story.met("Ada", "Carol", day=-9)
    story.described("Dan", cadence="3d")
    found = contacts_answer(story.read()).contacts
    assert [c.name for c in found] == ["Carol", "Dan", "Bob", "Eve", "Fay"]
    assert msgspec.to_builtins(found[0]) == {
        "id": who("Carol").hex(),
        "name": "Carol",
        "state": None,
        "first_contact": "2024-09-25",
        "last_contact": "2024-10-02T01:00:00+01:00",
        "events": 2,
        "cadence": None,
        "lateness": None,
    }
    assert (found[1].state, found[1].cadence, found[1].lateness) == ("fading", 3.0, 2.0)
    assert (found[2].first_contact, found[2].last_contact) == (None, None)


def test_a_ledger_answer_names_people_and_events() -> None:
    story = named(Story())
    help_ = story.helped("Bob", "Ada", kind="money")
    story.helped("Ada", "Carol")
    story.referred("Ada", "Bob", "Carol")
    story.met("Bob", "Carol")
    found = msgspec.to_builtins(ledger_answer(story.read()))
    assert [row["name"] for row in found["ledger"]] == ["Bob", "Carol"]
    bob, carol = found["ledger"]
    assert bob["received"] == {"information": 0, "money": 1, "fun": 0}
    assert bob["thanks_owed"] == [f"{help_.log.hex()}:{help_.seq}"]
    assert (bob["thanks_due"], len(carol["thanks_due"])) == ([], 1)
    [referral] = found["referrals"]
    assert (referral["by"], referral["who"], referral["to"]) == ("Ada", "Bob", "Carol")
    assert (referral["at"], referral["contact"], referral["helps"]) == (
        "2024-10-04",
        "2024-10-04",
        0,
    )

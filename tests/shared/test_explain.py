import re
from math import prod

import msgspec
import pytest
from hypothesis import given

from kithbook.readings.answering import (
    contacts_answer,
    ledger_answer,
    scores_answer,
    trust_answer,
    why_answer,
)
from kithbook.readings.answers import Why
from kithbook.readings.explain import number
from kithbook.readings.reader import Reader
from tests.shared.memory import reader, stored
from tests.shared.story import Story, who
from tests.strategies import ABOUT_TRUST, NAMES, PEOPLE, History, histories, private


def named(story: Story) -> Story:
    for name in NAMES:
        story.described(name, name=name)
    return story


def why(story: Story, to: str) -> Why:
    return answer(story.read(), who(to))


def answer(read: Reader, to: bytes) -> Why:
    return why_answer(read.score(to, others=True), read.names, read.rules.divisor)


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

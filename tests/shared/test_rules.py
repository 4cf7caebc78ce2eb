from typing import Any

import pytest

from kithbook.errors import Invalid
from kithbook.readings.rules import DEFAULT, Rules, parse_rule
from tests.shared.story import Story


def rules(*said: tuple[str, str]) -> Rules:
    story = Story()
    for setting, value in said:
        story.ruled(setting, value)
    return story.read().rules


def test_without_a_rule_ten_and_nine_give_five() -> None:
    assert rules() == DEFAULT
    assert 10.0 * 9.0 / DEFAULT.divisor == 5.0


@pytest.mark.parametrize(
    ("setting", "value", "field", "parsed"),
    [
        ("transfer", "5/9", "divisor", 18.0),
        ("transfer", " 1 ", "divisor", 10.0),
        ("transfer", "0.5", "divisor", 20.0),
        ("cut", "0", "cut", 0.0),
        ("cut", "10", "cut", 10.0),
        ("full", "1000", "full", 1000.0),
        ("weak", "0.5", "weak", 0.5),
        ("weights", "1, 2.5 0,1000", "weights", (1.0, 2.5, 0.0, 1000.0)),
    ],
)
def test_each_setting_changes_what_it_names(
    setting: str, value: str, field: str, parsed: Any
) -> None:
    assert parse_rule(setting, value) == parsed
    assert getattr(rules((setting, value)), field) == parsed


def test_tags_may_have_a_cadence() -> None:
    assert rules(("cadence:java", "2w"), ("cadence:", "1d")).cadence == {"java": 14.0, "": 1.0}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *(("transfer", v) for v in ["", "0", "-1/2", "1.1", "5/0", "nan", "inf", "half"]),
        *(("transfer", v) for v in ["1e-400", "1E-999999999", "1/" + "9" * 100]),
        *(("cut", v) for v in ["-0.1", "10.1", "nan", "inf", "x"]),
        *(("full", v) for v in ["0", "-1", "1001", "nan"]),
        *(("weak", v) for v in ["-1", "11"]),
        *(("weights", v) for v in ["", "1 2 3", "1 2 3 4 5", "1 2 3 -4", "1 2 3 nan", "1 2 3 1e9"]),
        *(("cadence:java", v) for v in ["", "0", "soon"]),
    ],
)
def test_a_known_setting_with_a_value_out_of_range_is_refused_and_has_no_effect(
    setting: str, value: str
) -> None:
    with pytest.raises(Invalid, match="is no value for the rule") as caught:
        parse_rule(setting, value)
    assert "5/9" in caught.value.hint
    assert rules((setting, value)) == DEFAULT


def test_unknown_settings_are_kept_and_ignored() -> None:
    story = Story()
    story.ruled("colour", "blue")
    assert parse_rule("colour", "blue") is None
    assert story.read().rules == DEFAULT
    assert [setting for setting, _ in story.read().shelf.rules()] == ["colour"]


def test_the_newest_rule_by_when_it_was_true_is_in_force() -> None:
    story = Story()
    story.ruled("cut", "3", day=-1)
    story.ruled("cut", "2", day=-9)
    assert story.read().rules.cut == 3.0


def test_a_rule_that_cannot_be_read_leaves_the_one_before_in_force() -> None:
    assert rules(("cut", "2"), ("cut", "lots")).cut == 2.0


def test_retracting_a_rule_brings_back_the_one_before() -> None:
    story = Story()
    story.ruled("cut", "2")
    story.retracted(story.ruled("cut", "3"))
    assert story.read().rules.cut == 2.0

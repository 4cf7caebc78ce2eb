import pytest

from kithbook import errors
from kithbook.envelope import opening_message
from kithbook.errors import Ambiguous, KithbookError, Refused
from kithbook.protocol import session_message

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, KithbookError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_has_a_sentence_a_next_step_and_a_stable_code(kind: type[KithbookError]) -> None:
    error = kind("The disk is full.", "Make room.")
    assert (str(error), error.message, error.hint) == ("The disk is full.",) * 2 + ("Make room.",)
    assert error.code == kind.code
    assert kind("x").hint == ""


def test_codes_are_distinct_and_documented() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in KINDS)


def test_a_refusal_may_say_more_exactly_what_it_is() -> None:
    assert Refused("x", code="unknown_network").code == "unknown_network"
    assert Refused("x").code == "refused"


def test_an_ambiguous_name_comes_with_its_candidates() -> None:
    assert Ambiguous("x", candidates=("Bob", "Bobby")).candidates == ("Bob", "Bobby")


def test_no_signed_message_can_pass_for_another() -> None:
    messages = [
        opening_message(bytes(16), bytes(16)),
        session_message("", bytes(32)),
        session_message("a", bytes(31)),
        session_message("a\0", bytes(31)),
    ]
    assert len(set(messages)) == len(messages)

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook.errors import Invalid
from kithbook.ids import (
    NetworkId,
    event_id,
    fold_name,
    log_id,
    network_id,
    parse_event_id,
    person_id,
)
from tests.strategies import ids, keys, words

LONG = "a1:" + "9" * 5_000
HERE, THERE = NetworkId(bytes(16)), NetworkId(bytes([1]) * 16)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Ada Lovelace", "ada lovelace"),
        ("  ADA \t Lovelace\n", "ada lovelace"),
        ("Ada\u00a0Lovelace", "ada lovelace"),
        ("\uff22\uff4f\uff42", "bob"),
        ("Straße", "strasse"),
        ("Åsa", "åsa"),
        ("A\u030asa", "åsa"),
        ("ﬁnn", "finn"),
        ("", ""),
    ],
)
def test_spellings_of_one_name_fold_to_one(name: str, folded: str) -> None:
    assert fold_name(name) == folded


@given(words)
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


@given(words, st.sampled_from(["NFC", "NFD"]))
def test_how_accents_are_composed_changes_nothing(name: str, form: str) -> None:
    assert fold_name(unicodedata.normalize(form, name)) == fold_name(name)


def test_two_laptops_that_hear_of_bob_apart_mean_one_bob() -> None:
    assert person_id(HERE, "Bob  Smith") == person_id(HERE, "bob smith ")
    assert person_id(HERE, "Bob") != person_id(HERE, "Rob")


def test_a_person_id_belongs_to_one_network() -> None:
    assert person_id(HERE, "Bob") != person_id(THERE, "Bob")


@given(ids, keys, ids)
def test_ids_are_sixteen_bytes_and_stand_for_what_they_are_made_of(
    network: bytes, key: bytes, nonce: bytes
) -> None:
    here = NetworkId(network)
    assert len(network_id(key)) == len(log_id(here, key, nonce)) == len(person_id(here, "x")) == 16
    assert log_id(here, key, nonce) != log_id(here, key, nonce[::-1] + b"\0")
    assert network_id(key) != network_id(key + b"\0")


@given(ids, st.integers(1, 10**18 - 1))
def test_an_event_is_found_again_by_its_name(log: bytes, seq: int) -> None:
    assert parse_event_id(event_id(log, seq)) == (log.hex(), seq)


def test_the_first_digits_of_a_log_are_enough_in_either_case() -> None:
    assert parse_event_id(" A1f:42 ") == ("a1f", 42)


@pytest.mark.parametrize(
    "text",
    ["", ":", "a1", "a1:", ":42", "a1:x", "a1:-1", "g1:42", "a1:4²", "a1:٤", "a1:1:2", LONG],
)
def test_what_names_no_event_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(Invalid, match="does not name an event") as caught:
        parse_event_id(text)
    assert "LOG:SEQ" in caught.value.hint

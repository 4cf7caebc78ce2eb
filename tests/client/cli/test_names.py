"""Whom a name means: the exact before the loose, a guess never."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook.errors import Invalid
from kithbook.ids import fold_name
from kithbook_client.people import begins, near_misses
from kithbook_client.typed import clean
from tests.client.cli.conftest import Typed


def who(kith: Typed, name: str) -> dict[str, Any]:
    (one,) = kith.json("met", name)["people"]
    return dict(one)


def test_whole_names_come_before_first_names(kith: Typed) -> None:
    kith("met", "Bob Smith")
    assert who(kith, "Bob")["name"] == "Bob Smith"
    kith("met", "Bob", "--new")
    assert who(kith, "Bob")["name"] == "Bob"
    assert who(kith, "Bob S")["name"] == "Bob Smith"
    assert who(kith, "bob s.")["name"] == "Bob Smith"


def test_part_of_a_word_is_somebody_else(kith: Typed) -> None:
    kith("met", "a:10")
    assert who(kith, "a:1")["new"]
    assert not who(kith, "a:1")["new"]
    kith("met", "Person 10")
    assert who(kith, "Person 1")["new"]
    assert who(kith, "Pers")["new"]
    assert who(kith, "A")["new"]


def test_case_spaces_and_width_do_not_matter(kith: Typed) -> None:
    grace = who(kith, "Grace Hopper")["id"]
    for name in ("grace hopper", " GRACE  HOPPER ", "\uff27race Hopper", "Grace", "Grace H"):
        assert who(kith, name) == {"id": grace, "name": "Grace Hopper", "new": False}


def test_aliases_addresses_and_ids_name_somebody(kith: Typed) -> None:
    bob = who(kith, "Robert Smith")["id"]
    kith("describe", "Robert Smith", "--alias", "Bobby Tables", "--email", "Bob@Example.org")
    for name in ("bobby tables", "Bobby", "Bobby T", "bob@example.org", bob, bob[:6], bob.upper()):
        assert who(kith, name)["id"] == bob
    assert who(kith, bob[:5])["new"]


def test_a_renamed_person_answers_to_both_names(kith: Typed) -> None:
    bob = who(kith, "Bob")["id"]
    kith("describe", "Bob", "--name", "Robert")
    assert who(kith, "Bob") == who(kith, "Robert") == {"id": bob, "name": "Robert", "new": False}


def test_me_is_me_in_any_case_and_by_name(kith: Typed) -> None:
    for name in ("me", "ME", "ada"):
        assert kith.json("helped", name, "a lead", "--by", "Bob")["people"][1]["name"] == "Ada"


def test_several_who_fit_are_listed_and_nobody_is_guessed(kith: Typed) -> None:
    kith("met", "Bob")
    kith("met", "Bob", "--new")
    first, second = (c["id"] for c in kith.json("contacts")["contacts"])
    kith("describe", first, "--org", "Acme", "--email", "bob@acme.org")
    error = kith.refused("met", "Bob")
    assert error["code"] == "ambiguous"
    assert f"Bob · Acme · bob@acme.org · {first[:8]}" in error["candidates"]
    assert f"Bob · {second[:8]}" in error["candidates"]
    assert who(kith, first[:8])["id"] == first


def test_merged_people_are_one_to_choose_from(kith: Typed) -> None:
    kith("met", "Bob Smith")
    kith("met", "Bob Jones")
    assert kith.refused("met", "Bob")["code"] == "ambiguous"
    kith("merge", "Bob Smith", "Bob Jones")
    assert not who(kith, "Bob")["new"]
    assert kith.refused("merge", "Bob Smith", "Bob Jones")["code"] == "refused"


def test_a_misspelt_name_is_somebody_new_with_a_hint(kith: Typed) -> None:
    kith("met", "Grace Hopper")
    said = kith("met", "Grace Hoper")
    assert "Grace Hoper (new)" in said
    assert "Did you mean Grace Hopper?" in said
    assert "kith merge 'Grace Hoper' 'Grace Hopper'" in said
    kith("merge", "Grace Hoper", "Grace Hopper")
    assert len(kith.json("contacts")["contacts"]) == 1


def test_looking_makes_nobody(kith: Typed) -> None:
    kith("met", "Grace Hopper")
    for words in (("show",), ("trust",), ("why",), ("ledger",), ("log",), ("contacts", "--from")):
        error = kith.refused(*words, "Grace Hoper")
        assert error["code"] == "not_found"
        assert "Grace Hopper" in error["hint"]
    assert kith.refused("merge", "Grace Hopper", "Nobody")["code"] == "not_found"
    assert len(kith.json("contacts")["contacts"]) == 1


def test_one_line_makes_a_person_once(kith: Typed) -> None:
    answer = kith.json("met", "Bob", "bob", "--by", "Carol")
    assert [one["name"] for one in answer["people"]] == ["Carol", "Bob"]
    assert len(kith.json("contacts")["contacts"]) == 2


def test_a_terminal_is_asked(kith: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    from kithbook_client.cli import call

    kith("met", "Bob Smith")
    kith("met", "Bob Jones")
    asked = []

    def choose(question: str, candidates: list[str]) -> int:
        asked.append((question, [candidate.partition(" ·")[0] for candidate in candidates]))
        return 1

    monkeypatch.setattr(call, "is_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(call, "_ask", choose)
    said = kith("met", "Bob")
    ((question, names),) = asked
    assert question == "2 people fit “Bob”"
    assert f"Met {names[1]}." in said


names = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1, max_size=4)


@given(names, st.data())
def test_the_first_words_begin_a_name(words: list[str], data: st.DataObject) -> None:
    handle = fold_name(" ".join(words))
    given_words = handle.split()
    some = given_words[: data.draw(st.integers(1, len(given_words)))]
    assert begins(handle, some)
    assert not begins(handle, [*given_words, "x"])


@given(names, st.data())
def test_a_part_of_a_word_begins_no_name(words: list[str], data: st.DataObject) -> None:
    given_words = fold_name(" ".join(words)).split()
    some = given_words[: data.draw(st.integers(1, len(given_words)))]
    cut = some[-1][: data.draw(st.integers(0, len(some[-1]) - 1))]
    if len(cut) > 1 or (cut and not cut.isalpha()) or (cut and len(some) == 1):
        assert not begins(" ".join(given_words), [*some[:-1], cut])


@given(st.text(max_size=30), st.lists(st.text(min_size=1, max_size=20), max_size=8))
def test_near_misses_are_known_and_somebody_else(name: str, known: list[str]) -> None:
    try:
        name = clean("name", name)
        known = [clean("name", text) for text in known]
    except Invalid:
        return

    def lookup(start: str) -> list[tuple[bytes, str]]:
        return [(n.encode(), n) for n in known if start in fold_name(n)]

    near = near_misses(name, lookup)
    assert set(near) <= set(known)
    assert fold_name(name) not in map(fold_name, near)
    assert len(near) <= 3


def test_a_name_that_begins_like_a_word_of_others_comes_near(kith: Typed) -> None:
    kith("met", "Grace Hopper", "Edith Gray")
    assert kith.refused("show", "Gr")["hint"] == "Did you mean Edith Gray or Grace Hopper?"


@given(st.text())
def test_a_clean_text_is_one_visible_line_or_refused(text: str) -> None:
    try:
        cleaned = clean("what", text)
    except Invalid:
        return
    assert len(cleaned.splitlines()) == 1
    assert not any(ord(letter) < 32 for letter in cleaned)
    cleaned.encode()


def test_nobody_is_made_of_a_date_unless_it_is_meant(kith: Typed) -> None:
    for date in ("yesterday", "Last  Friday", "2026-11-20", "now"):
        error = kith.refused("met", "Jonas", date)
        assert error["hint"].startswith("Did you mean --at ")
    assert kith.json("contacts")["contacts"] == []
    assert "--at 'last friday'?" in kith.refused("met", "last friday")["hint"]
    kith("met", "Sun", "--new")
    assert kith("met", "sun").startswith("Met Sun.")

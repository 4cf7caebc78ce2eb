"""What people are called, and what is found by words."""

from kithbook.events import Described, Met, Retracted
from kithbook.ids import fold_name
from kithbook_client.founding import found
from kithbook_client.replica import Replica
from tests.client.core.world import AT, Clock, met, ref, who


def described(replica: Replica, name: str, **fields: object) -> Described:
    return Described(at=AT, zone=0, person=who(replica, name), **fields)


class TestHandles:
    def test_are_names_aliases_and_addresses_folded(self, replica: Replica) -> None:
        bob = who(replica, "Bob")
        said = {"name": "Bob  Van Dyk", "alias:Bobby": "Bobby", "email:Bob@X.org": "Bob@X.org"}
        replica.append([described(replica, "Bob", set=said)])

        for text in ("bob van dyk", "bobby", "bob@x.org"):
            assert replica.lookup(text) == [bob]
        for text in ("bob", "van dyk", "dyk", "x.org"):
            assert replica.lookup(text) == []

    def test_are_found_by_how_any_word_begins(self, replica: Replica) -> None:
        replica.append([described(replica, "Bob", set={"name": "Bob van Dyk", "alias:Rob B": "-"})])
        bob = (who(replica, "Bob"), "Bob van Dyk")

        for text in ("bo", "van", "van d", "dyk", "rob", "b"):
            assert replica.lookup_prefix(text) == [bob]
        for text in ("ob", "yk", "bob x"):
            assert replica.lookup_prefix(text) == []

    def test_follow_the_card_wherever_it_goes(self, replica: Replica) -> None:
        bob = who(replica, "Bob")
        replica.append([described(replica, "Bob", set={"name": "Bob", "alias:B": "B"})])
        [renamed] = replica.append(
            [described(replica, "Bob", set={"name": "Robert"}, unset=("alias:B",))]
        )
        assert [replica.lookup(text) for text in ("bob", "b", "robert")] == [[], [], [bob]]
        assert replica.names([bob]) == {bob: "Robert"}

        replica.append([Retracted(at=AT, event=ref(renamed))])

        assert [replica.lookup(text) for text in ("bob", "b", "robert")] == [[bob], [bob], []]
        assert replica.names([bob]) == {bob: "Bob"}

    def test_that_share_a_word_do_not_take_it_from_each_other(self, replica: Replica) -> None:
        said = {"name": "Bob Smith", "alias:Rob Smith": "Rob Smith"}
        replica.append([described(replica, "Bob", set=said)])
        replica.append([described(replica, "Bob", unset=("alias:Rob Smith",))])

        assert [name for _, name in replica.lookup_prefix("smith")] == ["Bob Smith"]

    def test_of_two_people_are_both_found(self, replica: Replica) -> None:
        replica.append([described(replica, "x", set={"name": "Bob"})])
        replica.append([described(replica, "y", set={"name": "bob"})])

        assert replica.lookup("bob") == sorted([who(replica, "x"), who(replica, "y")])

    def test_are_not_wildcards(self, replica: Replica) -> None:
        replica.append([described(replica, "x", set={"name": "100% Bob_"})])

        assert replica.lookup(fold_name("100% bob_")) == [who(replica, "x")]
        assert replica.lookup_prefix("%") == []


def test_people_are_found_by_the_start_of_their_id(replica: Replica) -> None:
    bob = who(replica, "Bob")
    replica.append([met(replica, "Bob")])

    assert bob in replica.lookup_id(bob.hex()[:6])
    assert replica.lookup_id(bob.hex()) == [bob]
    assert replica.lookup_id("0" * 31) == []


class TestSearch:
    def test_finds_words_without_their_accents_or_case(self, replica: Replica) -> None:
        [one] = replica.append([met(replica, "Bob", where="Café Zürich", note="about the sofa")])

        for text in ("cafe", "ZURICH", "sofa café", "zür"):
            assert [found.ref for found in replica.search(text, 9)[1]] == [ref(one)]
        assert replica.search("tea", 9) == ([], [])
        assert replica.search(" ", 9) == ([], [])

    def test_finds_people_by_their_cards_as_they_are(self, replica: Replica) -> None:
        bob = who(replica, "Bob")
        replica.append([described(replica, "Bob", set={"name": "Bob", "org": "Acme"})])
        assert replica.search("acme", 9)[0] == [bob]

        replica.append([described(replica, "Bob", set={"org": "Initech"})])

        assert replica.search("acme", 9)[0] == []
        assert replica.search("initech", 9)[0] == [bob]

    def test_finds_each_once_after_a_rebuild_also_beside_another_network(
        self, replica: Replica
    ) -> None:
        other = found(replica.home, "team", "Ada")
        for one in (replica, other):
            one.append([met(one, "Bob", note="about the sofa")])
            one.append([described(one, "Bob", set={"name": "Bob", "org": "Acme"})])
        both = (replica, other)
        before = [(one.search("sofa", 9), one.search("acme", 9)) for one in both]

        replica.rebuild()

        assert [(one.search("sofa", 9), one.search("acme", 9)) for one in both] == before

    def test_goes_on_where_it_was(self, replica: Replica, clock: Clock) -> None:
        for n in range(5):
            replica.append([met(replica, "Bob", note=f"sofa {n}")])
            assert len(replica.search("sofa", 9)[1]) == n + 1
        replica.rebuild()
        assert len(replica.search("sofa", 3)[1]) == 3
        assert replica.db.execute("SELECT count(*) FROM text WHERE id >> 32").fetchone() == (5,)

    def test_takes_what_looks_like_a_query_as_words(self, replica: Replica) -> None:
        replica.append([met(replica, "Bob", note='he said "so - what" AND left*')])

        for text in ('"so', "AND left", "what*", "(left)", "note:he", "-"):
            replica.search(text, 9)
        assert len(replica.search('"so - what"', 9)[1]) == 1

    def test_leaves_nothing_behind_of_other_networks(self, replica: Replica) -> None:
        team = found(replica.home, "team", "Ada")
        team.append([Met(at=AT, by=team.me, people=(team.me,), note="sofa")])

        assert replica.search("sofa", 9) == ([], [])
        assert len(team.search("sofa", 9)[1]) == 1

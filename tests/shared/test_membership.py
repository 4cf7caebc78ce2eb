from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kithbook.codec import encode_body
from kithbook.envelope import CONTENT, make_record
from kithbook.events import DeviceRevoked, Founded, Joined, Met, Removed, RoleGiven
from kithbook.membership import (
    UNKNOWN,
    Act,
    Standing,
    act_in,
    device_names,
    keys_of,
    members,
    standing,
    why_inert,
)
from kithbook.membership.standing import REMOVED
from kithbook.membership.tree import NO_RIGHT
from kithbook_server.keys import verify
from tests.devices import NOW_MS
from tests.shared.logs import Log, Network, key
from tests.standings import roles

OWNER, MEMBER = "owner", "member"
EXPIRES = NOW_MS + 10
SALT = bytes(16)


def test_the_founder_owns_the_network() -> None:
    network = Network("Ada")
    assert network.standing(network.founded) == Standing(network.person("Ada"), OWNER)


def test_whoever_founds_another_network_is_nobody_here() -> None:
    network, other = Network("Ada"), Network("Eve")
    other.id = network.id
    found = standing(network.id, [*network.acts(), *other.acts()], verify)
    assert found[other.founded.id] == Standing(None, why="it founds another network")


def test_a_device_link_brings_another_device_of_the_same_person() -> None:
    network = Network("Ada")
    phone = network.join(network.invite(network.founded, "Ada", OWNER), "phone")
    assert network.standing(phone) == Standing(network.person("Ada"), OWNER)


def test_an_invitation_brings_a_member() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    assert network.standing(bob) == Standing(network.person("Bob"), MEMBER)


def test_a_member_links_devices_of_their_own_and_invites_nobody() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    phone = network.join(network.invite(bob, "Bob"), "Bob's phone")
    eve = network.welcome("Eve", by=bob)
    assert network.standing(phone) == Standing(network.person("Bob"), MEMBER)
    assert network.standing(eve).why == "whoever wrote its invitation may not invite"


def test_a_device_link_gives_no_more_rights_than_its_writer_has() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    phone = network.join(network.invite(bob, "Bob", OWNER), "Bob's phone")
    assert network.standing(phone) == Standing(network.person("Bob"), MEMBER)


def test_a_bad_invitation_on_the_same_ticket_spoils_no_good_one() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.invite(network.founded, "Eve", ticket="carol", expires=0)
    ticket = network.invite(network.founded, "Carol", ticket="carol")
    network.invite(bob, "Eve", ticket="carol")
    carol = network.join(ticket, "Carol")
    assert network.standing(carol) == Standing(network.person("Carol"), MEMBER)


def test_an_owner_invites_and_a_chain_of_invitations_holds() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol", by=bob)
    assert network.standing(carol) == Standing(network.person("Carol"), MEMBER)


def test_a_log_whose_invitation_has_not_arrived_is_nobodys_yet() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    assert standing(network.id, bob.acts(), verify) == {bob.id: UNKNOWN}


def test_a_link_that_had_expired_by_the_new_logs_clock_opens_nothing() -> None:
    network = Network("Ada")
    late = network.join(network.invite(network.founded, "Bob", expires=EXPIRES), "Bob", ms=11)
    early = network.join(network.invite(network.founded, "Eve", expires=EXPIRES), "Eve", ms=10)
    assert network.standing(late).why == "its link expired before it was used"
    assert network.standing(early).person == network.person("Eve")


def test_two_logs_on_one_ticket_are_both_inert() -> None:
    network = Network("Ada")
    ticket = network.invite(network.founded, "Bob")
    twice = [network.join(ticket, "Bob"), network.join(ticket, "Eve")]
    assert {network.standing(log).why for log in twice} == {"its link was used twice"}


def test_a_forged_signature_opens_nothing_and_uses_up_nothing() -> None:
    network = Network("Ada")
    ticket = network.invite(network.founded, "Bob")
    forged = network.join(ticket, "Eve", signer=key("Eve"))
    bob = network.join(ticket, "Bob")
    assert network.standing(forged).why == "its link's signature does not fit"
    assert network.standing(bob).person == network.person("Bob")


def test_a_signature_for_one_log_opens_no_other() -> None:
    network = Network("Ada")
    bob = network.join(network.invite(network.founded, "Bob"), "Bob")
    [opening] = bob.acts()
    assert isinstance(opening.event, Joined)
    eve = key("Eve")
    stolen = msgspec.structs.replace(opening.event, key=eve.public, nonce=bytes(16))
    copied = network.open(eve, stolen)
    assert network.standing(copied).why == "its link's signature does not fit"


def test_a_device_goes_on_in_another_log_of_its_own() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    further = network.add(bob)
    assert network.standing(further) == network.standing(bob)


def test_a_further_log_needs_the_signature_of_the_log_that_vouches_for_it() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    forged = network.add(bob, device=key("Eve"), signer=key("Eve"))
    assert network.standing(forged).why == "the device that vouches for it did not sign it"


def test_a_further_log_waits_for_the_log_that_vouches_for_it() -> None:
    network = Network("Ada")
    further = network.add(network.welcome("Bob"))
    acts = [*network.founded.acts(), *further.acts()]
    assert standing(network.id, acts, verify)[further.id] == UNKNOWN


def test_what_counts_for_nothing_can_vouch_for_nothing() -> None:
    network = Network("Ada")
    ticket = network.invite(network.founded, "Bob")
    inert = network.join(ticket, "Eve", signer=key("Eve"))
    further = network.add(inert)
    assert network.standing(further) == UNKNOWN


def test_a_revoked_device_counts_up_to_the_seq_that_was_named() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.cut_off(network.founded, bob.device, {bob: 7})
    found = network.standing(bob)
    assert (found.until, found.last, found.counts(7), found.counts(8)) == (7, 7, True, False)


def test_a_revocation_that_names_no_seq_lets_nothing_count() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.cut_off(network.founded, bob.device)
    assert not network.standing(bob).counts(1)


def test_one_may_revoke_a_device_of_ones_own() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    phone = network.join(network.invite(bob, "Bob"), "Bob's phone")
    network.cut_off(phone, bob.device, {bob: 2})
    assert network.standing(bob).until == 2
    assert network.standing(phone).until is None


def test_nobody_revokes_a_device_of_somebody_above_or_beside_them() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol")
    network.cut_off(bob, network.founded.device)
    network.cut_off(bob, carol.device)
    network.cut_off(carol, bob.device)
    assert all(found.until is None for found in network.standings().values())


def test_whoever_is_above_revokes_and_so_does_whoever_is_above_them() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol, dan = network.welcome("Carol", by=bob), network.welcome("Dan", by=bob)
    network.cut_off(bob, carol.device, {carol: 1})
    network.cut_off(network.founded, dan.device, {dan: 1})
    assert (network.standing(carol).until, network.standing(dan).until) == (1, 1)


def test_the_lowest_seq_wins_where_a_device_is_revoked_twice() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    for last in (9, 4, 6):
        network.cut_off(network.founded, bob.device, {bob: last})
    assert network.standing(bob).until == 4


def test_two_devices_of_one_person_that_revoke_one_another_are_both_cut() -> None:
    network = Network("Ada")
    phone = network.join(network.invite(network.founded, "Ada", OWNER), "phone")
    network.cut_off(network.founded, phone.device, {phone: 1})
    network.cut_off(phone, network.founded.device, {network.founded: 2})
    assert network.standing(phone).until == 1
    assert network.standing(network.founded).until == 2


def test_what_a_revoked_device_writes_later_brings_nobody_in() -> None:
    """A stolen laptop cannot go on inviting, not even its thief as an owner."""
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    early = network.welcome("Carol", by=bob)
    network.cut_off(network.founded, bob.device, {bob: bob.seq})
    thief = network.welcome("Eve", by=bob, role=OWNER)
    assert network.standing(early).person == network.person("Carol")
    assert network.standing(thief) == Standing(
        None, why="whoever wrote its invitation had been revoked"
    )


def test_what_a_revoked_device_writes_later_revokes_nobody() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol", by=bob)
    network.cut_off(network.founded, bob.device, {bob: bob.seq})
    network.cut_off(bob, carol.device)
    assert network.standing(carol).until is None


def test_a_revoked_device_cannot_vouch_for_another_key() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.cut_off(network.founded, bob.device, {bob: 1})
    further = network.add(bob, device=key("Bob's other key"))
    again = network.add(further, device=key("Bob's third key"))
    assert not network.standing(further).counts(1)
    assert not network.standing(again).counts(1)


def test_what_a_removed_member_wrote_before_stays_and_later_events_are_inert() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob").write(3)
    network.remove(network.founded, "Bob")
    bob.write(2)
    found = network.standing(bob)
    assert [found.counts(seq) for seq in range(1, 7)] == [True] * 4 + [False] * 2
    assert (found.role, found.until, found.why) == ("member", 4, REMOVED)


def test_a_log_that_the_removal_does_not_name_counts_for_nothing() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.remove(network.founded, "Bob")
    late = network.join(network.invite(bob, "Bob"), "Bob's phone")
    further = network.add(bob)
    assert network.standing(late).why == "whoever wrote its invitation had been removed"
    assert network.standing(further).last == 0


def test_members_leave_by_removing_themselves() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.remove(bob, "Bob", {bob: 2})
    bob.write(1)
    assert network.standing(bob).last == 2


def test_nobody_removes_somebody_beside_or_above_them() -> None:
    network = Network("Ada")
    bob, carol = network.welcome("Bob", role=OWNER), network.welcome("Carol", role=OWNER)
    network.remove(bob, "Carol")
    network.remove(carol, "Bob")
    network.remove(bob, "Ada")
    standings = network.standings()
    assert all(found.until is None for found in standings.values())
    assert [seq for seq, _ in standings[bob.id].powerless] == [2, 3]
    assert why_inert(standings[carol.id], 2, None) == NO_RIGHT


def test_of_two_owners_that_remove_each_other_the_one_above_stays() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol", by=bob, role=OWNER)
    network.remove(carol, "Bob")
    network.remove(bob, "Carol")
    assert network.standing(bob).until is None
    assert network.standing(carol).until == 2


def test_a_member_removes_nobody_else_not_even_whom_they_let_in_as_an_owner() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol", by=bob)
    network.give(network.founded, "Bob", MEMBER)
    network.remove(bob, "Carol")
    assert network.standing(carol).until is None


def test_a_role_holds_from_after_the_seqs_that_it_names() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob").write(2)
    network.give(network.founded, "Bob", "reader")
    bob.write(2)
    network.give(network.founded, "Bob", OWNER)
    found = network.standing(bob)
    assert [found.role_at(seq) for seq in (1, 3, 4, 5, 6)] == [
        *[MEMBER] * 2,
        *["reader"] * 2,
        OWNER,
    ]


def test_a_role_holds_for_devices_that_come_later() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.give(network.founded, "Bob", OWNER)
    phone = network.join(network.invite(bob, "Bob"), "Bob's phone")
    assert network.standing(phone) == Standing(network.person("Bob"), OWNER)


def test_nobody_raises_themselves() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    network.give(bob, "Bob", OWNER)
    found = network.standing(bob)
    assert (found.role, found.earlier) == (MEMBER, ())
    assert found.powerless == ((2, NO_RIGHT),)


def test_one_may_step_down_and_only_somebody_above_raises_one_again() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    network.give(bob, "Bob", "reader")
    network.give(bob, "Bob", MEMBER)
    assert network.standing(bob).role == "reader"
    network.founded.hlc = bob.hlc
    network.give(network.founded, "Bob", OWNER)
    assert network.standing(bob).role == OWNER


def test_whoever_is_nearer_to_the_founder_has_the_last_word_on_a_role() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol", by=bob)
    network.founded.hlc = bob.hlc
    network.give(network.founded, "Carol", MEMBER)
    bob.hlc += 2**50  # a clock far ahead
    network.give(bob, "Carol", OWNER)
    assert network.standing(carol).role == MEMBER
    network.remove(bob, "Carol")
    assert network.standing(carol).until == carol.seq


def test_somebody_removed_is_let_in_again_by_a_role() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob").write(1)
    network.remove(network.founded, "Bob")
    bob.write(1)
    network.give(network.founded, "Bob", MEMBER, {bob: 3})
    found = network.standing(bob)
    assert [found.counts(seq) for seq in (2, 3, 4)] == [True, False, True]
    assert why_inert(found, 3, None) == REMOVED


def test_an_invitation_is_taken_back_by_removing_whom_it_names() -> None:
    network = Network("Ada")
    ticket = network.invite(network.founded, "Bob")
    network.remove(network.founded, "Bob")
    bob = network.join(ticket, "Bob")
    assert network.standing(bob).last == 0
    assert network.person("Bob") not in members(network.standings().values())
    again = network.join(network.invite(network.founded, "Bob"), "Bob again")
    assert network.standing(again) == Standing(network.person("Bob"), MEMBER)


def test_nobody_is_let_in_as_somebody_who_is_here() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol", by=bob, role=OWNER)
    for by, who in ((network.founded, "Bob"), (bob, "Ada"), (carol, "Bob"), (carol, "Ada")):
        eve = network.join(network.invite(by, who), f"Eve as {who} by {by.id.hex()}")
        assert network.standing(eve).why == "its invitation names somebody who is here already"
    assert network.standing(bob) == Standing(network.person("Bob"), OWNER)


def test_whom_two_owners_let_in_speaks_for_nobody_until_one_of_the_two_is_revoked() -> None:
    network = Network("Ada")
    bob, carol = network.welcome("Bob", role=OWNER), network.welcome("Carol", role=OWNER)
    dan = network.join(network.invite(bob, "Dan"), "Dan")
    eve = network.join(network.invite(carol, "Dan"), "Eve")
    whys = {network.standing(log).why for log in (dan, eve)}
    assert whys == {"two owners let in somebody as the same person"}
    network.cut_off(network.founded, eve.device)
    assert network.standing(dan).role == MEMBER
    assert network.standing(eve).last == 0


def test_a_link_that_was_used_twice_is_settled_by_revoking_one_of_the_two() -> None:
    network = Network("Ada")
    ticket = network.invite(network.founded, "Bob")
    bob, eve = network.join(ticket, "Bob"), network.join(ticket, "Eve")
    network.cut_off(bob, eve.device)
    assert network.standing(bob).person is None
    network.cut_off(network.founded, eve.device)
    assert network.standing(bob) == Standing(network.person("Bob"), MEMBER)
    assert network.standing(eve).last == 0


def test_a_device_link_that_was_used_twice_is_settled_by_its_writer() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    ticket = network.invite(bob, "Bob")
    phone, eve = network.join(ticket, "phone"), network.join(ticket, "Eve")
    assert network.standing(phone).why == "its link was used twice"
    network.cut_off(bob, eve.device)
    assert network.standing(phone) == network.standing(bob)


def test_a_copy_of_a_device_goes_on_when_the_revocation_of_the_other_names_it() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    copied = network.add(bob, device=key("Bob's new laptop")).write(1)
    network.cut_off(copied, bob.device, {bob: 1, copied: copied.seq})
    assert network.standing(bob).until == 1
    assert network.standing(copied) == Standing(network.person("Bob"), MEMBER)
    again = network.add(copied)
    assert network.standing(again).until is None


def test_the_founder_steps_down_and_never_comes_back() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    network.give(network.founded, "Ada", MEMBER)
    network.give(network.founded, "Ada", OWNER)
    network.give(bob, "Ada", "reader")
    assert network.standing(network.founded).role == MEMBER


def test_the_keys_that_may_speak_are_those_of_no_revoked_or_inert_log() -> None:
    network = Network("Ada")
    bob, carol = network.welcome("Bob"), network.welcome("Carol")
    network.join(network.invite(network.founded, "Eve"), "Eve", signer=key("forger"))
    network.cut_off(network.founded, carol.device, {carol: 1})
    keys = keys_of(network.acts(), network.standings())
    assert {key: log for key, (log, _) in keys.items()} == {
        network.founded.device.public: network.founded.id,
        bob.device.public: bob.id,
    }


def test_an_opening_counts_only_as_the_first_event_of_its_log() -> None:
    network = Network("Ada")
    bob = network.welcome("Bob")
    [opening] = bob.acts()
    late = [msgspec.structs.replace(opening, seq=2)]
    assert bob.id not in standing(network.id, [*network.founded.acts(), *late], verify)
    assert bob.device.public not in keys_of(late, network.standings())


def test_only_readable_membership_records_are_acts() -> None:
    network = Network("Ada")
    log, [record] = network.founded.id, network.founded.records
    met = Met(at=0, by=network.person("Ada"), people=(network.person("Bob"),))
    [act] = network.founded.acts()
    assert isinstance(act.event, Founded)
    assert act_in(log, 1, make_record(CONTENT, 1, record[10:])) is None
    assert act_in(log, 1, make_record(1, 1, encode_body(met, SALT))) is None
    assert act_in(log, 1, make_record(1, 1, b"\x91\xa5later" + SALT)) is None


@dataclass
class Party:
    """A network as a few people make it, some of them with bad intent."""

    network: Network
    names: tuple[str, ...] = ("Ada", "Bob", "Carol")

    def act(self, data: st.DataObject) -> None:
        network = self.network
        by: Log = data.draw(st.sampled_from(network.logs))
        name = data.draw(st.sampled_from(self.names))
        role: Any = data.draw(st.sampled_from(["owner", "member", "reader"]))
        match data.draw(
            st.sampled_from([*["join"] * 3, "forge", "add", *["revoke", "remove", "give"] * 2])
        ):
            case "join":
                ticket = network.invite(by, name, role)
                for _ in range(data.draw(st.sampled_from([1, 1, 1, 2]))):
                    network.join(ticket, f"device {len(network.logs)}")
            case "forge":
                ticket = network.invite(by, name, role)
                network.join(ticket, f"device {len(network.logs)}", signer=key("forger"))
            case "add":
                device = data.draw(st.sampled_from([None, key(f"device {len(network.logs)}")]))
                network.add(by, device=device)
            case "remove":
                network.remove(by, name)
            case "give":
                network.give(by, name, role)
            case _:
                other: Log = data.draw(st.sampled_from(network.logs))
                network.cut_off(by, other.device, {other: data.draw(st.integers(0, 4))})


@given(st.data())
def test_standing_is_the_same_in_whatever_order_events_arrive(data: st.DataObject) -> None:
    party = Party(Network("Ada"))
    for _ in range(data.draw(st.integers(0, 6))):
        party.act(data)
    network = party.network
    shuffled = data.draw(st.permutations(network.acts()))
    assert standing(network.id, shuffled, verify) == network.standings()


@given(st.data())
def test_standing_is_what_an_independent_reading_says(data: st.DataObject) -> None:
    party = Party(Network("Ada"))
    for _ in range(data.draw(st.integers(0, 8))):
        party.act(data)
    network = party.network
    naive = roles(network.id, network.acts(), verify)
    for log, found in network.standings().items():
        person, role = naive.get(log, (None, lambda _: None))
        assert found.person == person
        assert [found.role_at(seq) for seq in range(1, 16)] == [role(n) for n in range(1, 16)]


@given(st.data())
def test_nobody_but_the_founder_ends_the_founders_ownership(data: st.DataObject) -> None:
    party = Party(Network("Ada"), names=("Bob", "Carol"))
    network = party.network
    for _ in range(data.draw(st.integers(0, 6))):
        party.act(data)
    changes = (DeviceRevoked, Removed, RoleGiven)
    unchanged = [act for act in network.acts() if not isinstance(act.event, changes)]
    ada = network.person("Ada")
    ours = {log for log, s in standing(network.id, unchanged, verify).items() if s.person == ada}
    alone = standing(network.id, [act for act in network.acts() if act.log in ours], verify)
    assert {log: found for log, found in network.standings().items() if log in ours} == alone


@pytest.mark.parametrize("missing", ["founder", "inviter"])
def test_standing_grows_when_what_was_missing_arrives(missing: str) -> None:
    network = Network("Ada")
    bob = network.welcome("Bob", role=OWNER)
    carol = network.welcome("Carol", by=bob)
    gone = network.founded if missing == "founder" else bob
    rest = [act for act in network.acts() if act.log != gone.id]
    assert standing(network.id, rest, verify)[carol.id] == UNKNOWN
    assert network.standing(carol).person == network.person("Carol")


def test_a_device_is_called_what_its_opening_calls_it() -> None:
    log, key_ = bytes([1]) * 16, bytes(32)
    founded = Founded(at=0, key=key_, nonce=bytes(16), name="x", me="Ada", device="laptop")
    revoked = DeviceRevoked(at=0, key=key_, last={})

    assert device_names([Act(log, 1, 1, founded, b""), Act(log, 2, 2, revoked, b"")]) == {
        log: "laptop"
    }
    assert device_names([Act(log, 1, 1, revoked, b"")]) == {}

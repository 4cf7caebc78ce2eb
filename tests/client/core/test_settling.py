"""Revoking: the other of two devices that used one link, and the one that says so itself."""

from pathlib import Path

from kithbook.envelope import opening_message
from kithbook.events import Invited, Joined
from kithbook.ids import ID_BYTES, log_id
from kithbook.membership.standing import REVOKED
from kithbook_client import keys
from kithbook_client.home import Home
from kithbook_client.members import revoke
from kithbook_client.replica import Replica
from kithbook_client.verify import verify
from tests.client.core.world import AT, Clock, another, everything, give, met, who


def use(seed: bytes, folder: Path, by: Replica, clock: Clock) -> Replica:
    """Open a log with a ticket, whoever else does so too."""
    home = Home.prepare(folder, clock)
    with home.writing():
        own, nonce = home.new_device(folder.name), home.random(ID_BYTES)
        replica = home.add(by.network, "")
        log = log_id(by.network, own.key, nonce)
        signature = keys.sign(seed, opening_message(by.network, log))
        ticket = keys.public_of(seed)
        joined = Joined(
            at=AT, key=own.key, nonce=nonce, ticket=ticket, signature=signature, device=own.name
        )
        replica.open_log(log, joined, home.random(16), clock())
    return replica


def test_revoking_one_of_two_devices_with_one_link_lets_the_other_speak(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    seed, ticket = keys.generate(replica.home.random)
    bob = who(replica, "Bob")
    replica.append([Invited(at=AT, ticket=ticket, person=bob, role="member")])
    phone, thief = (use(seed, tmp_path / name, replica, clock) for name in ("phone", "thief"))
    for one in (phone, thief):
        give(replica, one)
    met_by_bob = met(replica, "Carol", note="by Bob")
    for one in (phone, thief):
        one.append([met_by_bob])
        give(one, replica)
    assert {one.standing.is_unsettled for one in replica.logs.held()} == {True, False}
    assert replica.members == {replica.me}
    assert [one.void for one in replica.events() if one.event == met_by_bob] == ["inert"] * 2

    revoke(replica, thief.own()[0].key or b"")

    assert replica.members == {replica.me, bob}
    assert [one.void for one in replica.events() if one.event == met_by_bob].count(None) == 1
    for one in (phone, thief):
        give(replica, one)
        one.receive(everything(phone))
        assert one.digest() == replica.digest()
    assert (phone.me, phone.role) == (bob, "member")
    assert verify(replica, views=True).ok


def test_a_device_that_revokes_itself_says_it_last_and_every_replica_hears_it_so(
    replica: Replica, tmp_path: Path, clock: Clock
) -> None:
    phone = another(tmp_path / "phone", replica, clock)
    give(replica, phone)
    revoke(phone, phone.own()[0].key or b"")
    give(phone, replica)
    assert phone.own()[0].standing.why == REVOKED
    for one in (phone, replica):
        assert {logged.void for logged in one.events()} == {None}
    assert phone.digest() == replica.digest()

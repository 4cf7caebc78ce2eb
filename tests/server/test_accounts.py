"""What the server decides: setup links, tickets, sessions."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kithbook.errors import Refused
from kithbook.ids import NetworkId
from kithbook_server.accounts import Accounts
from kithbook_server.settings import Settings
from kithbook_server.stores import open_accounts
from tests.server.behind import Behind

HOUR = 3_600_000
NETWORK, OTHER = NetworkId(b"n" * 16), NetworkId(b"o" * 16)
ADA, BOB = b"a" * 32, b"b" * 32


class Clock:
    now = 1_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(store: dict[str, Any], clock: Clock) -> Iterator[Accounts]:
    accounts = opened(store, clock)
    yield accounts
    accounts.close()


def opened(store: dict[str, Any], clock: Clock) -> Accounts:
    return open_accounts(Settings(**store), lambda: clock.now)


def refused(code: str) -> "pytest.RaisesExc[Refused]":
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


def test_a_link_hosts_one_network_for_one_device(accounts: Accounts) -> None:
    secret = accounts.make_link(1)
    accounts.redeem(secret, NETWORK, ADA)
    assert accounts.hosts(NETWORK, ADA)
    assert not accounts.hosts(OTHER, ADA)
    assert not accounts.hosts(NETWORK, BOB)
    assert accounts.networks_of(ADA) == {NETWORK}
    for network, key in ((NETWORK, BOB), (OTHER, ADA)):
        with refused("link_used"):
            accounts.redeem(secret, network, key)


def test_a_link_redeemed_again_for_the_same_changes_nothing(
    accounts: Accounts, clock: Clock
) -> None:
    secret = accounts.make_link(1)
    accounts.redeem(secret, NETWORK, ADA)
    before = accounts.recorder.max_notification_id()
    clock.now += 2 * HOUR
    accounts.redeem(secret, NETWORK, ADA)
    assert accounts.recorder.max_notification_id() == before


def test_a_second_link_adds_a_device(accounts: Accounts) -> None:
    for key in (ADA, BOB):
        accounts.redeem(accounts.make_link(1), NETWORK, key)
    assert accounts.hosts(NETWORK, ADA)
    assert accounts.hosts(NETWORK, BOB)


def test_a_link_expires(accounts: Accounts, clock: Clock) -> None:
    secret = accounts.make_link(1)
    clock.now += HOUR + 1
    with refused("link_expired"):
        accounts.redeem(secret, NETWORK, ADA)


def test_a_link_that_was_not_made_here_is_unknown(accounts: Accounts) -> None:
    for secret in ("", "x", "¿" * 1_000):
        with refused("link_unknown"):
            accounts.redeem(secret, NETWORK, ADA)


def test_two_threads_cannot_use_one_link(accounts: Accounts) -> None:
    secret = accounts.make_link(1)
    outcomes: list[str] = []

    def redeem(key: bytes) -> None:
        try:
            accounts.redeem(secret, NETWORK, key)
            outcomes.append("done")
        except Refused as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=redeem, args=[bytes([n]) * 32]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "link_used", "link_used", "link_used"]


def test_it_has_been_set_up_while_a_link_waits_and_once_a_network_is_hosted(
    accounts: Accounts, clock: Clock
) -> None:
    assert not accounts.has_been_set_up()
    secret = accounts.make_link(1)
    assert accounts.has_been_set_up()
    clock.now += HOUR + 1
    assert not accounts.has_been_set_up()
    clock.now -= 2
    accounts.redeem(secret, NETWORK, ADA)
    clock.now += 9 * HOUR
    assert accounts.has_been_set_up()


def test_another_process_is_heard(accounts: Accounts, store: dict[str, Any], clock: Clock) -> None:
    other = opened(store, clock)
    secret = other.make_link(1)
    accounts.redeem(secret, NETWORK, ADA)
    assert other.hosts(NETWORK, ADA)
    token, _ = accounts.open_session(ADA, 1)
    assert other.key_of(token) == ADA
    other.close()


def test_a_ticket_opens_one_log(accounts: Accounts, store: dict[str, Any], clock: Clock) -> None:
    ticket, one, two = b"t" * 32, b"1" * 16, b"2" * 16
    other = opened(store, clock)
    assert accounts.log_of(ticket) is None
    accounts.use_ticket(ticket, one)
    accounts.use_ticket(ticket, one)
    for either in (accounts, other):
        with refused("link_used"):
            either.use_ticket(ticket, two)
        assert either.log_of(ticket) == one
    other.close()


def test_a_session_ends_by_itself(accounts: Accounts, clock: Clock) -> None:
    token, expires = accounts.open_session(ADA, 24)
    assert expires == clock.now + 24 * HOUR
    clock.now = expires
    assert accounts.key_of(token) == ADA
    clock.now += 1
    assert accounts.key_of(token) is None


def test_a_session_can_be_ended(accounts: Accounts) -> None:
    token, _ = accounts.open_session(ADA, 24)
    other, _ = accounts.open_session(ADA, 24)
    accounts.end_session(token)
    accounts.end_session(token)
    accounts.end_session("never was")
    assert accounts.key_of(token) is None
    assert accounts.key_of(other) == ADA


def test_all_is_remembered_when_it_is_opened_again(
    accounts: Accounts, store: dict[str, Any], clock: Clock
) -> None:
    secret, spent = accounts.make_link(1), accounts.make_link(1)
    accounts.redeem(spent, NETWORK, ADA)
    accounts.use_ticket(b"t" * 32, b"1" * 16)
    kept, ended = accounts.open_session(ADA, 1)[0], accounts.open_session(ADA, 1)[0]
    accounts.end_session(ended)
    again = opened(store, clock)
    assert again.hosts(NETWORK, ADA)
    assert again.log_of(b"t" * 32) == b"1" * 16
    assert again.key_of(kept) == ADA
    assert again.key_of(ended) is None
    again.redeem(secret, OTHER, BOB)
    with refused("link_used"):
        again.redeem(spent, OTHER, BOB)
    again.close()


def test_secrets_are_kept_hashed_and_types_by_names_of_their_own(
    accounts: Accounts, behind: Behind
) -> None:
    secret = accounts.make_link(1)
    accounts.redeem(secret, NETWORK, ADA)
    token, _ = accounts.open_session(ADA, 1)
    accounts.end_session(token)
    accounts.use_ticket(b"t" * 32, b"1" * 16)
    table = "accounts_events ORDER BY notification_id" if behind.url else "stored_events"
    rows = behind(f"SELECT topic, state FROM {table}", file="accounts")
    assert [topic for topic, _ in rows] == [
        "setup link made",
        "setup link redeemed",
        "session opened",
        "session ended",
        "ticket used",
    ]
    stored = b"".join(state for _, state in rows)
    assert secret.encode() not in stored
    assert token.encode() not in stored
    assert b"kithbook_server" not in stored


def test_nothing_is_taken_from_the_environment(
    store: dict[str, Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "no.such.module")
    monkeypatch.setenv("IS_SNAPSHOTTING_ENABLED", "y")
    monkeypatch.setenv("COMPRESSOR_TOPIC", "no.such:module")
    accounts = opened(store, clock)
    accounts.redeem(accounts.make_link(1), NETWORK, ADA)
    assert accounts.snapshots is None
    accounts.close()

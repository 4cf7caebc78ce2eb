"""The ways in: links, tickets, sessions, and who may sync a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kithbook.envelope import MEMBERSHIP_KIND, opening_message
from kithbook.events import DeviceAdded, Removed
from kithbook.ids import ID_BYTES, log_id, person_id
from kithbook.protocol import (
    Challenge,
    JoinReply,
    JoinRequest,
    Session,
    SessionRequest,
    SyncReply,
    SyncRequest,
)
from tests.devices import AT, NOW_MS, Key, Log
from tests.server.served import ORIGIN, Device, Served, problem, read

HOUR = 3_600_000


@pytest.fixture
def ada() -> Log:
    return Log.found().write(2)


def test_a_setup_link_makes_the_server_host_a_network(served: Served, ada: Log) -> None:
    device = Device(served, ada)
    secret = served.server.accounts.make_link(1)
    assert read(device.redeem(secret), JoinReply) == JoinReply(ada.network)
    assert read(device.redeem(secret), JoinReply) == JoinReply(ada.network)
    device.open_session()
    assert device.push(ada) == SyncReply([ada.head()])
    other = Device(served, Log.found("Eve"))
    assert problem(other.redeem(secret)) == (403, "link_used")
    assert problem(other.redeem("no such secret")) == (403, "link_unknown")


def test_a_setup_link_expires(served: Served, ada: Log) -> None:
    secret = served.server.accounts.make_link(1)
    served.now += HOUR + 1
    assert problem(Device(served, ada).redeem(secret)) == (403, "link_expired")


def test_a_network_that_is_hosted_already_can_be_set_up_again(served: Served, ada: Log) -> None:
    """An owner whose server lost its accounts comes back with a new link."""
    first = served.host(ada)
    first.push(ada)
    bob = ada.invite().join()
    second = Device(served, bob)
    assert second.redeem(served.server.accounts.make_link(1)).status_code == 200
    second.open_session()
    assert second.sync(SyncRequest([])).heads == [ada.head(3)]


def test_a_ticket_lets_a_device_in(served: Served, ada: Log) -> None:
    bob = ada.invite().join()
    served.host(ada).push(ada)
    device = Device(served, bob)
    assert read(device.join(), JoinReply) == JoinReply(ada.network)
    assert read(device.join(), JoinReply) == JoinReply(ada.network)
    device.open_session()
    reply = device.sync(SyncRequest([bob.head()]))
    assert reply.heads == [ada.head(), bob.head()]
    assert [page.log for page in reply.pages] == [ada.id]


def test_a_ticket_is_used_once(served: Served, ada: Log) -> None:
    ticket = ada.invite()
    served.host(ada).push(ada)
    assert Device(served, ticket.join()).join().status_code == 200
    assert problem(Device(served, ticket.join()).join()) == (403, "link_used")


def test_a_ticket_used_elsewhere_is_used_here_too(served: Served, ada: Log) -> None:
    """The log that it opened came with a round of sync, not by joining here."""
    ticket = ada.invite()
    bob, eve = ticket.join(), ticket.join()
    served.host(ada).push(ada, bob)
    assert problem(Device(served, eve).join()) == (403, "link_used")
    assert Device(served, bob).join().status_code == 200


def test_a_ticket_expires_by_the_servers_clock(served: Served, ada: Log) -> None:
    bob = ada.invite(expires=NOW_MS + HOUR).join()
    eve = ada.invite(expires=NOW_MS + HOUR).join()
    served.host(ada).push(ada)
    assert Device(served, bob).join().status_code == 200
    served.now += HOUR + 1
    assert problem(Device(served, eve).join()) == (403, "link_expired")
    assert Device(served, bob).join().status_code == 200, "it is in already"


def test_a_ticket_that_nobody_with_standing_wrote_is_unknown(served: Served, ada: Log) -> None:
    bob = ada.invite(role="reader").join()
    by_a_reader = bob.invite("Eve").join()
    elsewhere = Log.found("Eve").invite().join()
    served.host(ada).push(ada, bob)
    for log in (by_a_reader, elsewhere):
        assert problem(Device(served, log).join()) == (403, "link_unknown")
    served.server.service.sync(ada.network, SyncRequest([], by_a_reader.pages()))


def test_a_ticket_that_was_taken_back_lets_nobody_in(served: Served, ada: Log) -> None:
    bob = ada.invite().join()
    ada.append(Removed(at=AT, person=person_id(ada.network, "Bob"), last={}))
    again = ada.invite().join()
    served.host(ada).push(ada)
    assert problem(Device(served, bob).join()) == (403, "link_unknown")
    assert Device(served, again).join().status_code == 200


def test_a_link_signed_by_another_key_opens_nothing(served: Served, ada: Log) -> None:
    ticket = ada.invite()
    served.host(ada).push(ada)
    honest = ticket.key
    ticket.key = Key()
    ticket.key.public = honest.public
    assert problem(Device(served, ticket.join()).join()) == (403, "link_unknown")
    ticket.key = honest
    assert Device(served, ticket.join()).join().status_code == 200


def test_a_page_that_does_not_fit_does_not_spend_the_ticket(served: Served, ada: Log) -> None:
    bob = ada.invite().join()
    served.host(ada).push(ada)
    device = Device(served, bob)
    [page] = bob.pages()
    forged = Log.found("Eve").pages()[0].seals
    for pages in (
        [],
        [bob.write(2).page(2, 3)],
        [type(page)(page.log, 1, page.previous, page.records, forged)],
        [type(page)(page.log, 1, page.previous, page.records, [])],
        [type(page)(page.log, 1, page.previous, [b"x"], page.seals)],
        [type(page)(b"x" * 16, 1, page.previous, page.records, page.seals)],
        ada.pages(),
    ):
        assert device.join(pages).status_code in {400, 403}
    assert device.join([page]).status_code == 200


def test_the_key_of_a_request_is_the_key_of_the_log(served: Served, ada: Log) -> None:
    bob = ada.invite().join()
    served.host(ada).push(ada)
    request = JoinRequest(ada.network, Key().public, pages=bob.pages())
    assert problem(served.post("/v1/join", request)) == (400, "invalid")


def test_a_further_log_of_a_device_needs_no_link(served: Served, ada: Log) -> None:
    device = served.host(ada)
    device.push(ada)
    nonce = ada.device.random.randbytes(ID_BYTES)
    log = log_id(ada.network, ada.device.public, nonce)
    added = DeviceAdded(
        at=AT,
        key=ada.device.public,
        nonce=nonce,
        sponsor=ada.id,
        signature=ada.device.sign(opening_message(ada.network, log)),
    )
    second = Log(ada.device, ada.network, added).append(added)
    assert second.records[0][1] == MEMBERSHIP_KIND
    assert not device.push(second).refused
    assert not served.member(second).push(second.write()).refused


def test_a_revoked_device_is_not_let_in_any_more(served: Served, ada: Log) -> None:
    owner = served.host(ada)
    bob = ada.invite().join()
    owner.push(ada, bob)
    device = served.member(bob)
    assert device.ask(SyncRequest([])).status_code == 200
    owner.push(ada.revoke(bob, bob.seq))
    assert problem(device.ask(SyncRequest([]))) == (404, "unknown_network")
    assert problem(device.ask_session()) == (401, "no_session")


def test_a_revoked_device_cannot_come_in_by_the_link_it_once_redeemed(
    served: Served, ada: Log
) -> None:
    bob = ada.invite().join()
    device = served.host(bob)
    device.push(ada, bob)
    device.push(ada.revoke(bob, bob.seq))
    assert problem(device.ask(SyncRequest([]))) == (404, "unknown_network")
    assert problem(device.ask_session()) == (401, "no_session")


def test_a_removed_member_gets_no_session_and_what_they_wrote_travels_on(
    served: Served, ada: Log
) -> None:
    owner = served.host(ada)
    bob = ada.invite().join().write(2)
    owner.push(ada, bob)
    device = served.member(bob)
    person = person_id(ada.network, "Bob")
    owner.push(ada.append(Removed(at=AT, person=person, last={bob.id: bob.seq})))
    assert problem(device.ask(SyncRequest([]))) == (404, "unknown_network")
    assert problem(device.ask_session()) == (401, "no_session")
    assert not owner.push(bob.write(1)).refused


def test_a_stranger_sees_no_network(served: Served, ada: Log) -> None:
    served.host(ada).push(ada)
    eve = served.host(Log.found("Eve"))
    there = served.post(Device(served, ada).path, SyncRequest([]), eve.headers)
    nowhere = served.post(f"/v1/networks/{'0' * 32}/sync", SyncRequest([]), eve.headers)
    assert problem(there) == problem(nowhere) == (404, "unknown_network")


def test_what_cannot_be_a_network_is_unknown(served: Served, ada: Log) -> None:
    device = served.host(ada)
    for network in ("x", "00", "zz" * 16, "0" * 33, "é" * 16, "%20", "0" * 64):
        answer = served.post(f"/v1/networks/{network}/sync", SyncRequest([]), device.headers)
        assert problem(answer) == (404, "unknown_network")


def test_without_a_session_there_is_nothing(served: Served, ada: Log) -> None:
    device = served.host(ada)
    for header in (None, "", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer " + "x" * 5_000):
        headers = {} if header is None else {"authorization": header}
        answer = served.post(device.path, SyncRequest([]), headers)
        assert problem(answer) == (401, "no_session")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_lasts_a_day(served: Served, ada: Log) -> None:
    device = served.host(ada)
    expires = read(device.ask_session(), Session).expires
    assert expires == NOW_MS + 24 * HOUR
    served.now = expires + 1
    assert problem(device.ask(SyncRequest([]))) == (401, "no_session")
    device.open_session()
    assert device.ask(SyncRequest([])).status_code == 200


def test_a_session_can_be_ended(served: Served, ada: Log) -> None:
    device = served.host(ada)
    assert served.client.delete("/v1/session", headers=device.headers).status_code == 204
    assert problem(device.ask(SyncRequest([]))) == (401, "no_session")
    assert problem(served.client.delete("/v1/session")) == (401, "no_session")


def open_with(
    served: Served, log: Log, nonce: bytes, signature: bytes, key: bytes | None = None
) -> httpx.Response:
    request = SessionRequest(key or log.device.public, nonce, signature)
    return served.post("/v1/session", request)


def test_a_session_needs_a_fresh_nonce_and_the_signature_of_its_device(
    served: Served, ada: Log
) -> None:
    served.host(ada)

    def challenge(key: Key) -> bytes:
        return read(served.post("/v1/session", SessionRequest(key.public)), Challenge).nonce

    nonce, other = challenge(ada.device), Key()
    signature = ada.device.sign_session(ORIGIN, nonce)
    refusals = [
        open_with(served, ada, nonce, ada.device.sign_session("http://other.example", nonce)),
        open_with(served, ada, nonce, ada.device.sign_session(ORIGIN, b"another nonce")),
        open_with(served, ada, nonce, other.sign_session(ORIGIN, nonce)),
        open_with(served, ada, b"", ada.device.sign_session(ORIGIN, b"")),
        open_with(served, ada, nonce[:-1], ada.device.sign_session(ORIGIN, nonce[:-1])),
        open_with(served, ada, nonce + b"x", ada.device.sign_session(ORIGIN, nonce + b"x")),
        open_with(served, ada, nonce, other.sign_session(ORIGIN, nonce), other.public),
    ]
    assert {problem(answer) for answer in refusals} == {(401, "no_session")}
    served.now += 121_000
    assert problem(open_with(served, ada, nonce, signature)) == (401, "no_session")
    served.now -= 2_000
    assert open_with(served, ada, nonce, signature).status_code == 200


def test_a_device_in_no_network_gets_no_session(served: Served, ada: Log) -> None:
    assert problem(Device(served, ada).ask_session()) == (401, "no_session")


def test_the_origin_can_be_set_where_a_proxy_hides_it(tmp_path: Path, ada: Log) -> None:
    with Served(data=str(tmp_path), origin="https://kith.example.org") as served:
        device = Device(served, ada)
        device.redeem(served.server.accounts.make_link(1))
        assert problem(device.ask_session()) == (401, "no_session")
        assert device.ask_session("https://kith.example.org").status_code == 200


def test_knocking_too_often_is_refused(tmp_path: Path) -> None:
    request = SessionRequest(Key().public)
    with Served(data=str(tmp_path), rate=3) as served:
        answers = [served.post("/v1/session", request) for _ in range(8)]
        assert served.client.get("/health").status_code == 200
    assert answers[0].status_code == 200
    assert problem(answers[-1]) == (429, "too_many_requests")


def test_a_guessed_network_costs_the_same_whether_or_not_it_exists(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the work that it takes nor by what it leaves behind."""
    ada, eve = Log.found("Ada").write(3), Log.found("Eve")
    served.host(ada).push(ada)
    stranger = served.host(eve)
    stranger.push(eve)
    statements: list[str] = []
    recorder: Any = served.server.recorder
    reading = recorder.reading

    @contextmanager
    def traced() -> Iterator[Any]:
        with reading() as held:
            name = "_sql" if hasattr(held, "_sql") else "_rows"
            ask = getattr(held, name)
            setattr(held, name, lambda *words: (statements.append(words[0]), ask(*words))[1])
            yield held

    def work(network: bytes) -> list[str]:
        statements.clear()
        answer = served.client.get(f"/v1/networks/{network.hex()}/events", headers=stranger.headers)
        assert problem(answer) == (404, "unknown_network")
        return list(statements)

    monkeypatch.setattr(recorder, "reading", traced)
    guessed = [bytes([n]) * 16 for n in range(20)]
    assert work(ada.network) == work(guessed[0]) != []
    before = len(served.server.hosting._members._rolls)
    for network in guessed:
        work(network)
    assert len(served.server.hosting._members._rolls) == before

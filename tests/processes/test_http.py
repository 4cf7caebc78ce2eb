"""The addresses of section 10, asked by hand: what they answer, and to whom."""

import json
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import pytest

from kithbook.protocol import Challenge, Session, SessionRequest, SyncReply, SyncRequest
from kithbook.protocol import session_message as message_for
from kithbook_client import keys
from kithbook_client.home import Home
from tests.processes.real import Laptop, Server
from tests.processes.test_contract import CONTACTS, EVENTS, LEDGER, TRUST, fits

MSGPACK = "application/x-msgpack"


class Answer(NamedTuple):
    status: int
    media: str
    body: bytes
    headers: Message

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> tuple[int, str]:
        """The status and the code of a problem, which must be whole."""
        assert self.media == "application/problem+json", self
        told = self.json
        assert told["status"] == self.status
        assert told["title"]
        assert told["detail"].endswith(".")
        return self.status, told["code"]


class Caller:
    """Speaks HTTP, with a token or without one."""

    def __init__(self, server: Server, token: str = "") -> None:
        self.server = server
        self.token = token

    def __call__(
        self, method: str, path: str, body: bytes | None = None, media: str = "application/json"
    ) -> Answer:
        headers = {"Accept": media}
        if body is not None:
            headers["Content-Type"] = media
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        asked = Request(self.server.url + path, body, headers, method=method)
        try:
            reply = urlopen(asked, timeout=60)
        except HTTPError as error:
            reply = error
        with reply:
            media = reply.headers.get("content-type", "").partition(";")[0]
            return Answer(reply.status, media, reply.read(), reply.headers)

    def get(self, path: str) -> Answer:
        return self("GET", path)


def session(laptop: Laptop, server: Server) -> str:
    """What kith does to be let in, with the key of this home, in JSON."""
    home = Home.open(laptop.folder)
    device = home.device()
    home.close()
    call = Caller(server)
    asked = call("POST", "/v1/session", msgspec.json.encode(SessionRequest(device.key)))
    nonce = msgspec.json.decode(asked.body, type=Challenge).nonce
    signature = keys.sign(device.secret, message_for(server.url, nonce))
    signed = msgspec.json.encode(SessionRequest(device.key, nonce, signature))
    answer = call("POST", "/v1/session", signed)
    assert answer.status == 200, answer
    return msgspec.json.decode(answer.body, type=Session).token


@pytest.fixture
def member(laptop: Laptop, hosted: Server) -> Caller:
    laptop.run("trusted", "Bob", "10")
    laptop.run("trusted", "Carol", "9", "--by", "Bob")
    laptop.run("helped", "me", "a lead", "--by", "Bob")
    laptop.sync()
    return Caller(hosted, session(laptop, hosted))


def alone(answer: Any, *more: str) -> Any:
    """An answer without the networks of a home, of which a server says nothing, and more fields."""
    if isinstance(answer, dict):
        apart = {"network", "networks", *more}
        return {k: alone(v, *more) for k, v in answer.items() if k not in apart}
    return [alone(one, *more) for one in answer] if isinstance(answer, list) else answer


def test_every_view_answers_a_member_with_what_kith_says(
    laptop: Laptop, hosted: Server, member: Caller
) -> None:
    network = laptop.network
    at = f"/v1/networks/{network['id']}"

    held = member.get(at).json
    assert (held["events"], held["digest"]) == (network["events"], network["digest"])
    assert held["logs"] == network["logs"]
    for path, shape in {
        "contacts": CONTACTS,
        "ledger": LEDGER,
        "trust": {"trust": [TRUST]},
        "trust?to=Carol": TRUST,
        "trust?to=Carol&from=Bob": TRUST,
        "why?to=Carol": TRUST,
        "events": EVENTS,
    }.items():
        answer = member.get(f"{at}/{path}")
        assert answer.status == 200, (path, answer)
        assert answer.media == "application/json"
        fits(answer.json, shape)
    assert member.get(f"{at}/trust?to=Carol").json == alone(laptop.ask("trust", "Carol"))
    introductions = member.get(f"{at}/introductions?to=Carol").json
    assert introductions == laptop.ask("intro", "Carol")
    # When something was received differs from place to place.
    why = alone(member.get(f"{at}/why?to=Carol").json, "received")
    assert why == alone(laptop.ask("why", "Carol"), "received")
    assert member.get(f"{at}/contacts").json == alone(laptop.ask("contacts"))
    assert member.get(f"{at}/ledger").json == alone(laptop.ask("ledger"))
    assert member.get(f"{at}/trust?to=Zoe").problem == (404, "not_found")
    assert member.get(f"{at}/why").problem[0] == 400
    assert member.get(f"{at}/events?limit=x").problem[0] == 400
    assert member.get(f"{at}/nothing").problem == (404, "not_found")

    packed = member("GET", f"{at}/trust?to=Carol", media=MSGPACK)
    assert packed.media == MSGPACK
    assert msgspec.msgpack.decode(packed.body) == alone(laptop.ask("trust", "Carol"))


def test_every_view_tells_of_a_past_moment_what_kith_tells(laptop: Laptop, member: Caller) -> None:
    at = f"/v1/networks/{laptop.network['id']}"
    for clocks in ({"as_of": "2026-01-01"}, {"as_of": "2999-01-01"}, {"known_at": "2999-01-01"}):
        asked = "&".join(f"{name}={value}" for name, value in clocks.items())
        told = [text for n, v in clocks.items() for text in (f"--{n.replace('_', '-')}", v)]
        assert member.get(f"{at}/trust?{asked}").json == alone(laptop.ask("trust", *told))
        assert member.get(f"{at}/ledger?{asked}").json == alone(laptop.ask("ledger", *told))
        events = laptop.ask("log", "--all", *told)["events"]
        assert {e["event"] for e in member.get(f"{at}/events?{asked}").json["events"]} == {
            e["event"] for e in events
        }
        contacts = member.get(f"{at}/contacts?{asked}").json["contacts"]
        assert [c["id"] for c in contacts] == [
            c["id"] for c in laptop.ask("contacts", *told)["contacts"]
        ]
    for order in ("at", "recorded"):
        told = alone(laptop.ask("why", "Carol", "--changes", "--order", order), "received")
        said = member.get(f"{at}/why?to=Carol&changes=true&order={order}").json
        assert told["changes"]
        assert alone(said, "received") == told
    none = member.get(f"{at}/why?to=Carol&changes=true&until=2026-01-01").json
    assert (none["score"], none["changes"]) == (5.0, [])
    for clock, value in (("as_of", "2999-01-01"), ("known_at", "2999-01-01")):
        words = ("--changes", f"--{clock.replace('_', '-')}", value)
        said = member.get(f"{at}/why?to=Carol&changes=true&{clock}={value}").json
        assert alone(said, "received") == alone(laptop.ask("why", "Carol", *words), "received")
    for bad in ("order=mood", "changes=perhaps", "since=soon", "until=then", "as_of=soon"):
        assert member.get(f"{at}/why?to=Carol&changes=true&{bad}").problem[0] == 400
    known = member.get(f"{at}/events?known_at=2026-01-01").json
    assert known == {"events": [], "more": 0}
    for view in ("contacts", "ledger", "trust", "events"):
        for clock in ("as_of", "known_at"):
            for bad in ("soon", "2026-13-01", "2026-01-01T10:00", ""):
                assert member.get(f"{at}/{view}?{clock}={bad}").problem == (400, "invalid")


def test_a_round_of_sync_is_json_or_message_pack(
    laptop: Laptop, hosted: Server, member: Caller
) -> None:
    path = f"/v1/networks/{laptop.network['id']}/sync"
    for media, codec in (("application/json", msgspec.json), (MSGPACK, msgspec.msgpack)):
        answer = member("POST", path, codec.encode(SyncRequest([])), media)
        assert (answer.status, answer.media) == (200, media)
        reply = codec.decode(answer.body, type=SyncReply)
        assert sum(len(page.records) for page in reply.pages) == laptop.network["events"]
        assert not reply.refused
    for body in (b"", b"{", b"[]", b'{"heads": 7}', b"\xff" * 100):
        assert member("POST", path, body).problem == (400, "malformed"), body
    assert member("POST", path, b"x", "text/plain").problem == (415, "unsupported_media")
    assert member("PUT", path, b"{}").problem == (405, "method_not_allowed")


def test_who_is_in_no_network_here_learns_of_none(
    laptop: Laptop, hosted: Server, member: Caller, tmp_path: Path
) -> None:
    at = f"/v1/networks/{laptop.network['id']}"
    nobody, liar = Caller(hosted), Caller(hosted, "made-up")
    eve = Laptop(tmp_path / "eve")
    eve.run("init", "--me", "Eve")
    eve.run("join", hosted.link())
    stranger = Caller(hosted, session(eve, hosted))
    for path in ("", "/contacts", "/ledger", "/trust", "/why?to=Bob", "/events"):
        assert nobody.get(at + path).problem == (401, "no_session")
        assert liar.get(at + path).problem == (401, "no_session")
        mine, none = stranger.get(at + path), stranger.get(f"/v1/networks/{'0' * 32}{path}")
        assert mine.problem == none.problem == (404, "unknown_network")
    body = msgspec.json.encode(SyncRequest([]))
    assert stranger("POST", f"{at}/sync", body).problem == (404, "unknown_network")
    assert nobody("POST", f"{at}/sync", body).problem == (401, "no_session")
    assert stranger.get("/v1/networks/what/contacts").problem == (404, "unknown_network")
    assert stranger.get(f"/v1/networks/{eve.network['id']}/contacts").status == 200


def test_a_session_that_was_ended_opens_nothing(
    laptop: Laptop, hosted: Server, member: Caller
) -> None:
    at = f"/v1/networks/{laptop.network['id']}"
    assert member("DELETE", "/v1/session").status in {200, 204}

    assert member.get(f"{at}/contacts").problem == (401, "no_session")
    assert laptop.sync()["pushed"] == 0


def test_the_doors_are_open_to_the_right_words_only(hosted: Server) -> None:
    call = Caller(hosted)
    for path in ("/v1/session", "/v1/join"):
        for body in (b"", b"{}", b"[]", b"null", b'{"key": "AAAA"}'):
            assert call("POST", path, body).problem == (400, "malformed"), (path, body)
    assert call.get("/v1/session").problem == (405, "method_not_allowed")
    assert call.get("/nothing").problem == (404, "not_found")
    assert call.get("/health").json == {"status": "ok"}
    assert call.get("/health/ready").status == 200
    page = call.get("/schema")
    assert (page.status, page.media) == (200, "text/html")
    assert b"<script" not in page.body
    assert b"https://" not in page.body
    assert call.get("/schema/openapi.json").json["openapi"].startswith("3.1")

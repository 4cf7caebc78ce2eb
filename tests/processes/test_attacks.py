"""Attacks on a real kithd by who has a device, a link or a session, and none of which gets far."""

import gzip
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

from kithbook.envelope import Seal, seal_message
from kithbook.events import (
    Described,
    DeviceRevoked,
    Joined,
    Met,
    Removed,
    Retracted,
    RoleGiven,
    Ruled,
    Trusted,
)
from kithbook.ids import Ref, person_id
from kithbook.protocol import (
    Challenge,
    JoinRequest,
    Session,
    SessionRequest,
    SyncReply,
    SyncRequest,
)
from kithbook.replication import Page
from tests.devices import AT, Key, Log
from tests.processes.real import Server
from tests.server.served import read
from tests.server.test_process import Kithd, running

TWO_MIB = 2**21
BOMB = 500_000_000


class Team:
    """Ada's network on a server, with Bob in it as a member, and Eve with a network of her own."""

    def __init__(self, kithd: Kithd) -> None:
        self.kithd = kithd
        self.ada = Log.found("Ada")
        self.me, self.carol = self.person("Ada"), self.person("Carol")
        self.bob = self.ada.invite("Bob").join()
        for name in ("Ada", "Bob", "Carol"):
            self.name(self.ada, name)
        self.ada.append(Trusted(at=AT, by=self.me, whom=self.person("Bob"), level=50))
        kithd.join(self.ada, kithd.secret)
        assert self.push(self.ada, self.ada).heads == [self.ada.head()]
        joined = self.join(self.bob)
        assert joined.status_code == 200, joined.text

    def person(self, name: str) -> bytes:
        return person_id(self.ada.network, name)

    def name(self, by: Log, name: str, *over: Ref, called: str = "") -> None:
        """Have somebody write on a person's card how to call them."""
        by.append(
            Described(at=AT, person=self.person(name), set={"name": called or name}, over=over)
        )

    def join(self, log: Log) -> httpx.Response:
        request = JoinRequest(log.network, log.device.public, pages=log.pages())
        return self.kithd.post("/v1/join", request)

    def ask_session(self, log: Log, key: Key | None = None) -> httpx.Response:
        """A session of this log's device, signed by it or by another key."""
        public = log.device.public
        nonce = read(self.kithd.post("/v1/session", SessionRequest(public)), Challenge).nonce
        signature = (key or log.device).sign_session(self.kithd.address, nonce)
        return self.kithd.post("/v1/session", SessionRequest(public, nonce, signature))

    def token(self, log: Log) -> dict[str, str]:
        token = read(self.ask_session(log), Session).token
        return {"authorization": f"Bearer {token}"}

    def push(self, by: Log, *logs: Log, network: bytes = b"") -> SyncReply:
        pages = [page for log in logs for page in log.pages()]
        return self.sync(by, SyncRequest([], pages), network)

    def sync(self, by: Log, request: SyncRequest, network: bytes = b"") -> SyncReply:
        path = f"/v1/networks/{(network or self.ada.network).hex()}/sync"
        return read(self.kithd.post(path, request, self.token(by)), SyncReply)

    def view(self, by: Log, view: str) -> Any:
        address = f"{self.kithd.address}/v1/networks/{self.ada.network.hex()}/{view}"
        answer = httpx.get(address, headers=self.token(by))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def trust(self, by: Log, to: bytes) -> Any:
        return self.view(by, f"trust?to={to.hex()}")

    def void(self, by: Log, log: Log) -> list[str | None]:
        """Of each event of a log, why it does not count."""
        events = self.view(by, "events?limit=1000")["events"]
        told = {event["event"]: event["void"] for event in events}
        return [told[f"{log.id.hex()}:{seq}"] for seq in range(1, log.seq + 1)]


@pytest.fixture
def kithd(tmp_path: Path) -> Iterator[Kithd]:
    with running(tmp_path) as kithd:
        yield kithd
        code, errors = kithd.end()
        assert (code, errors) == (0, ""), "no attack is an error of the server"


@pytest.fixture
def team(kithd: Kithd) -> Team:
    return Team(kithd)


@pytest.fixture
def eve(team: Team, kithd: Kithd) -> Log:
    """Somebody with a session who is not in the team."""
    eve = Log.found("Eve").write(3)
    secret = Server(Path(kithd.folder)).link().partition("#")[2]
    kithd.join(eve, secret)
    team.push(eve, eve, network=eve.network)
    return eve


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def test_a_forged_author_is_heard_by_nobody(team: Team) -> None:
    """Bob says in his own log what Ada trusts; her word is hers alone."""
    team.bob.append(Trusted(at=AT + 1, by=team.me, whom=team.carol, level=100))
    team.push(team.bob, team.bob)
    for reader in (team.ada, team.bob):
        start = f"trust?to={team.carol.hex()}&from={team.me.hex()}"
        assert team.view(reader, start)["basis"] == "none"


def test_a_forged_log_is_not_stored(team: Team) -> None:
    """Bob goes on in Ada's log, and seals it himself, as there is no other way."""
    forged = team.ada.fork(team.ada.seq)
    forged.append(Trusted(at=AT + 1, by=team.me, whom=team.carol, level=100))
    message = seal_message(forged.network, forged.id, forged.seq, forged.hash_at(forged.seq))
    seal = Seal(forged.seq, team.bob.device.sign(message))
    page = Page(forged.id, forged.seq, forged.hash_at(forged.seq - 1), forged.records[-1:], [seal])
    reply = team.sync(team.bob, SyncRequest([], [page]))
    assert [(refused.log, refused.code) for refused in reply.refused] == [(forged.id, "unfit")]
    assert team.ada.head() in reply.heads


def test_a_log_that_nobody_invited_counts_for_nothing_and_opens_no_session(team: Team) -> None:
    invited = team.ada.invite("Carol")
    team.push(team.ada, team.ada)
    forged = invited.join()
    key = forged.device.public
    joined = Joined(at=AT, key=key, nonce=bytes(16), ticket=invited.key.public, signature=bytes(64))
    forged = Log(forged.device, team.ada.network, joined).append(joined)
    forged.append(Trusted(at=AT, by=team.carol, whom=team.me, level=0))
    assert code(team.join(forged)) == (403, "link_unknown")
    # A member may relay anything that is sealed: it lies there, and counts for nothing.
    assert not team.push(team.bob, forged).refused
    assert team.void(team.ada, forged) == ["inert", "inert"]
    assert code(team.ask_session(forged)) == (401, "no_session")


def test_a_session_is_for_who_holds_the_key(team: Team) -> None:
    assert code(team.ask_session(team.ada, team.bob.device)) == (401, "no_session")
    nonce = read(
        team.kithd.post("/v1/session", SessionRequest(team.ada.device.public)), Challenge
    ).nonce
    elsewhere = team.ada.device.sign_session("https://elsewhere.example", nonce)
    asked = SessionRequest(team.ada.device.public, nonce, elsewhere)
    assert code(team.kithd.post("/v1/session", asked)) == (401, "no_session")


def test_a_session_signed_for_another_server_opens_nothing_here(team: Team) -> None:
    """It has Ada sign its own origin and a nonce of ours, and brings that under its own name."""
    public, away = team.ada.device.public, "kith.elsewhere.example"
    nonce = read(team.kithd.post("/v1/session", SessionRequest(public)), Challenge).nonce
    signature = team.ada.device.sign_session(f"https://{away}", nonce)

    asked = SessionRequest(public, nonce, signature)
    answer = team.kithd.post("/v1/session", asked, {"host": away})

    assert code(answer) == (401, "no_session")
    assert f"Start it with --origin https://{away}" in answer.json()["hint"]


def test_a_link_is_good_once(team: Team) -> None:
    assert team.join(team.bob).status_code == 200, "the same again changes nothing"
    ticket = team.ada.invite("Carol")
    team.push(team.ada, team.ada)
    carol, thief = ticket.join(), ticket.join()
    assert team.join(carol).status_code == 200
    assert code(team.join(thief)) == (403, "link_used")
    eve = Log.found("Eve")
    secret = team.kithd.secret.encode()
    asked = JoinRequest(eve.network, eve.device.public, secret)
    assert code(team.kithd.post("/v1/join", asked)) == (403, "link_used")


def test_a_link_that_has_expired_opens_nothing(team: Team) -> None:
    late = team.ada.invite("Carol", expires=AT // 1000 + 1).join()
    team.push(team.ada, team.ada)
    assert code(team.join(late)) == (403, "link_expired")


def test_a_network_that_one_is_not_in_looks_like_none(team: Team, eve: Log) -> None:
    views = ("", "/contacts", "/ledger", "/trust", "/why?to=Bob", "/events", "/changes")
    headers = team.token(eve)
    for view in views:
        real, none = (
            httpx.get(f"{team.kithd.address}/v1/networks/{network}{view}", headers=headers)
            for network in (team.ada.network.hex(), "ab" * 16)
        )
        assert code(real) == code(none) == (404, "unknown_network")
        assert without_its_own(real, team.ada.network.hex()) == without_its_own(none, "ab" * 16)


def without_its_own(answer: httpx.Response, network: str) -> tuple[dict[str, str], str]:
    """All that an answer says, but for when and to which request."""
    own = {"x-request-id", "date"}
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    text = answer.text.replace(network, "").replace(answer.headers["x-request-id"], "")
    return headers, text


def test_what_is_in_one_network_is_not_read_through_another(team: Team, eve: Log) -> None:
    heads = [team.ada.head(0), team.bob.head(0)]
    reply = team.sync(eve, SyncRequest(heads), eve.network)
    assert {page.log for page in reply.pages} == {eve.id}
    # Nor does a log of one fit into another: its hashes say where it belongs.
    reply = team.push(eve, team.ada, network=eve.network)
    assert [refused.code for refused in reply.refused] == ["unfit"]
    reply = team.push(team.bob, eve)
    assert [refused.code for refused in reply.refused] == ["unfit"]


def test_a_member_gives_himself_no_rights(team: Team) -> None:
    before = team.trust(team.ada, team.person("Bob"))
    assert before["score"] == 5
    stated = Ref(team.ada.id, team.ada.seq, team.ada.hash_at(team.ada.seq)[:8])
    accomplice = team.bob.invite("Mallory", role="owner").join()
    team.bob.append(
        Ruled(at=AT, setting="transfer", value="1"),
        Retracted(at=AT, event=stated),
        DeviceRevoked(at=AT, key=team.ada.device.public, last={team.ada.id: 1}),
        Removed(at=AT, person=team.me, last={team.ada.id: 1}),
        RoleGiven(at=AT, person=team.person("Bob"), role="owner", last={team.bob.id: 1}),
        Ruled(at=AT, setting="transfer", value="1"),
    )
    team.push(team.bob, team.bob)
    assert code(team.join(accomplice)) == (403, "link_unknown")
    assert team.trust(team.ada, team.person("Bob")) == before
    assert team.void(team.ada, team.ada) == [None] * team.ada.seq
    assert team.ask_session(team.ada).status_code == 200, "nobody revoked her"
    joined, invited, ruled, retracted, *changes = team.void(team.ada, team.bob)
    assert (joined, retracted) == (None, None), "what it names is not his, so it reaches nothing"
    assert {invited, ruled, *changes} == {"inert"}


def nested(levels: int) -> dict[str, bytes]:
    return {
        "application/json": b'{"heads":' + b"[" * levels,
        "application/x-msgpack": b"\x81\xa5heads" + b"\x91" * levels,
    }


@pytest.mark.parametrize("door", ["/v1/session", "/v1/join", "sync"])
def test_bodies_too_deep_too_large_or_about_to_burst_are_refused(team: Team, door: str) -> None:
    path = door if door != "sync" else f"/v1/networks/{team.ada.network.hex()}/sync"
    most = TWO_MIB // 2 if door != "sync" else 2**25
    token = team.token(team.ada)

    def send(body: bytes, media: str = "application/json", **headers: str) -> tuple[int, str]:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return code(
            httpx.post(
                team.kithd.address + path,
                content=body,
                headers={**token, "content-type": media, **told},
                timeout=60,
            )
        )

    for media, body in nested(100_000).items():
        assert send(body, media) == (400, "malformed")
    assert send(bytes(most + 1)) == (413, "too_large")
    zstd = zstandard.ZstdCompressor().compress(bytes(BOMB))
    blind = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(BOMB))
    for encoding, bomb in (("zstd", zstd), ("zstd", blind), ("gzip", gzip.compress(bytes(BOMB)))):
        assert len(bomb) < most
        assert send(bomb, content_encoding=encoding) == (413, "too_large")
    if sys.platform == "linux":
        assert most_memory_of(team.kithd) < BOMB // 2


def most_memory_of(kithd: Kithd) -> int:
    """In bytes."""
    told = Path(f"/proc/{kithd.process.pid}/status").read_text()
    peak = next(line for line in told.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024


NASTY = (
    "'; DROP TABLE record; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    "{{7*7}} ${7*7} %s %n",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "\u202egnp.exe\u0000",
    "../../etc/passwd",
)


@pytest.mark.parametrize("store", ["files", "postgres"])
def test_words_of_any_kind_are_words_and_nothing_else(
    tmp_path: Path, request: pytest.FixtureRequest, store: str
) -> None:
    with ExitStack() as kept:
        url = ""
        if store == "postgres":
            url = kept.enter_context(request.getfixturevalue("postgres").empty())
        kithd = kept.enter_context(running(tmp_path, database=url))
        try_every_word(Team(kithd))
        assert kithd.end() == (0, "")


def try_every_word(team: Team) -> None:
    people = []
    for text in NASTY:
        who = team.person(text)
        people.append(who)
        team.name(team.bob, text)
        team.bob.append(
            Met(at=AT, by=team.person("Bob"), people=(who,), where=text, note=text),
            Trusted(at=AT, by=team.person("Bob"), whom=who, level=90, context=text),
        )
    assert not team.push(team.bob, team.bob).refused
    events = team.view(team.ada, "events?limit=1000")["events"]
    assert {event["note"] for event in events} >= set(NASTY)
    for view in ("contacts", "ledger", "trust", *(f"trust?to={who.hex()}" for who in people)):
        team.view(team.ada, view)
    named = {row["name"] for row in team.view(team.ada, "contacts")["contacts"]}
    assert named >= set(NASTY)
    token = team.token(team.ada)
    at = f"{team.kithd.address}/v1/networks/{team.ada.network.hex()}"
    for text in NASTY:
        for view in ("trust", "why", "contacts", "events"):
            answer = httpx.get(
                f"{at}/{view}", params={"to": text, "from": text, "limit": text}, headers=token
            )
            assert answer.status_code in {200, 400, 404}
            assert "json" in answer.headers["content-type"]
            assert json.loads(answer.content)
    assert team.push(team.bob, team.bob).heads


def test_a_clock_ten_years_ahead_does_not_have_the_last_word(team: Team) -> None:
    """Bob's device writes in 2036: what it dates so far ahead is kept, and in effect then; what it
    wrote over somebody's words holds until they say them again, and not for ten years.
    """
    ahead = AT + 10 * 365 * 86_400_000_000
    bob, carol = team.person("Bob"), team.carol
    team.bob.append(Trusted(at=AT, by=bob, whom=carol, level=90))
    team.push(team.bob, team.bob)
    before = team.trust(team.ada, carol)
    assert before["score"] == 2.5

    team.bob.hlc = (ahead // 1000) << 16
    team.bob.append(Trusted(at=ahead, by=bob, whom=carol, level=0))
    team.name(team.bob, "Carol", called="Mallory")
    renamed = Ref(team.bob.id, team.bob.seq, team.bob.hash_at(team.bob.seq)[:8])
    assert not team.push(team.bob, team.bob).refused
    assert team.void(team.ada, team.bob) == [None] * team.bob.seq
    assert team.trust(team.ada, carol) == before | {
        "to": "Mallory",
        "chain": [before["chain"][0], before["chain"][1] | {"to": "Mallory"}],
    }

    assert team.ada.hlc < team.bob.hlc
    team.name(team.ada, "Carol", renamed)
    team.push(team.ada, team.ada)
    assert team.trust(team.ada, carol) == before


def test_a_rule_or_a_word_of_a_clock_ahead_gives_way_to_a_later_one(team: Team) -> None:
    """Ada's second device is set to 2036: what it says of today is the last word only of today."""
    bob = team.person("Bob")
    other = team.ada.invite("Ada", role="owner").join()
    team.push(team.ada, team.ada)
    assert team.join(other).status_code == 200
    other.hlc = (AT // 1000 + 10 * 365 * 86_400_000) << 16
    other.append(
        Trusted(at=AT + 1, by=team.me, whom=bob, level=100),
        Ruled(at=AT + 1, setting="transfer", value="1"),
    )
    team.bob.append(Trusted(at=AT, by=bob, whom=team.carol, level=90))
    team.push(team.ada, other, team.bob)
    assert team.trust(team.ada, team.carol)["score"] == 9

    assert team.ada.hlc < other.hlc
    team.ada.append(
        Trusted(at=AT + 2, by=team.me, whom=bob, level=50),
        Ruled(at=AT + 2, setting="transfer", value="5/9"),
    )
    team.push(team.ada, team.ada)
    assert team.trust(team.ada, team.carol)["score"] == 2.5

"""Links and HTTP, against a real kithd, and a false one for the answers that no kithd gives."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from kithbook.errors import (
    Damaged,
    Invalid,
    KithbookError,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from kithbook.ids import NetworkId
from kithbook.protocol import Challenge, Session, SyncReply, SyncRequest
from kithbook_client.founding import create_home
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.status import status
from kithbook_client.sync.http import MSGPACK, HttpServer
from kithbook_client.sync.inviting import add_device, invite
from kithbook_client.sync.joining import join
from kithbook_client.sync.links import Link, parse_link
from kithbook_client.sync.problems import PROBLEM
from kithbook_client.sync.rounds import SyncReport, synchronise
from kithbook_client.verify import verify
from tests.bench.kithd import Running, kithd
from tests.client.core.world import met, who


@pytest.fixture(scope="module", name="running")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with kithd(tmp_path_factory.mktemp("kithd")) as running:
        yield running


@pytest.fixture(scope="module", name="ada")
def _ada(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Ada's laptop, whose network the server hosts."""
    folder = tmp_path_factory.mktemp("laptop") / "ada"
    create_home(folder, "Ada", "desk").close()
    home, replica, report = join(folder, running.link)
    assert report == SyncReport(2, 0, True, [])
    yield replica
    home.close()


def sync(replica: Replica, now_ms: int | None = None) -> SyncReport:
    assert replica.server is not None
    peer = replica.peer(replica.server)
    now = replica.home.now_ms() if now_ms is None else now_ms
    return synchronise(replica, HttpServer(replica.server, replica.voices, peer, now), peer)


class TestJoining:
    def test_a_device_link_brings_a_second_laptop(self, ada: Replica, tmp_path: Path) -> None:
        ada.append([met(ada, "Bob")])

        home, train, report = join(tmp_path / "train", add_device(ada), device="train")

        assert (train.me, train.name, train.device) == (ada.me, "private", "train")
        assert train.names([train.me]) == {train.me: "Ada"}
        assert report.pulled == ada.count()
        train.append([met(train, "Carol")])
        sync(train)
        sync(ada)
        assert ada.digest() == train.digest()
        assert status(train).pending == 0
        assert verify(train, views=True).ok
        home.close()

    def test_a_link_used_again_by_whoever_used_it_only_syncs(
        self, ada: Replica, tmp_path: Path
    ) -> None:
        link = add_device(ada)
        join(tmp_path / "train", link)[0].close()

        home, train, report = join(tmp_path / "train", link)

        assert report.up_to_date
        assert {head.log for head in train.heads()} >= {head.log for head in ada.heads()}
        home.close()

    def test_a_link_used_by_somebody_else_opens_nothing(self, ada: Replica, tmp_path: Path) -> None:
        link = add_device(ada)
        join(tmp_path / "train", link)[0].close()

        with pytest.raises(Refused, match="used") as error:
            join(tmp_path / "thief", link)

        assert error.value.code == "link_used"
        with pytest.raises(NotFound):
            Home.open(tmp_path / "thief")

    def test_an_answer_that_never_came_is_asked_for_again(
        self, ada: Replica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The server took the opening; a second one on the same ticket would spoil both."""
        link = add_device(ada)
        real = HttpServer.join

        def lose(self: HttpServer, request: Any) -> Any:
            real(self, request)
            raise Unavailable("The connection broke.")

        monkeypatch.setattr(HttpServer, "join", lose)
        with pytest.raises(Unavailable):
            join(tmp_path / "train", link)
        monkeypatch.undo()

        home, train, report = join(tmp_path / "train", link)

        assert report.up_to_date
        assert train.me == ada.me
        assert {one.void for one in train.events()} == {None}
        home.close()

    def test_a_device_link_brings_its_network_beside_those_that_are_there(
        self, ada: Replica, home: Home
    ) -> None:
        home.private.append([met(home.private, "Zoe")])

        _, beside, _ = join(home.folder, add_device(ada))

        assert beside.network == ada.network
        assert [one.name for one in home.networks()] == ["private", "private 2"]
        assert home.private.network != ada.network

    def test_an_invitation_brings_somebody_else(self, ada: Replica, tmp_path: Path) -> None:
        link = invite(ada, who(ada, "Bob"), "member")
        with pytest.raises(Invalid, match="name"):
            join(tmp_path / "bob", link)

        home, shared, _ = join(tmp_path / "bob", link, me="Bob")

        assert [network.name for network in home.networks()] == ["private", "private 2"]
        assert shared.me == who(ada, "Bob")
        assert shared.role == "member"
        assert home.replica().network != shared.network
        sync(ada)
        assert ada.members == shared.members == {ada.me, who(ada, "Bob")}
        home.close()

    def test_a_setup_link_needs_a_home_and_works_once(
        self, ada: Replica, running: Running, home: Home, tmp_path: Path
    ) -> None:
        with pytest.raises(NotFound):
            join(tmp_path / "none", running.link)

        with pytest.raises(Refused, match="used"):
            join(home.folder, running.link)

    def test_without_a_server_there_is_no_link(self, replica: Replica) -> None:
        with pytest.raises(Refused, match="no server") as error:
            add_device(replica)

        assert error.value.code == "no_server"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "is no link"),
        ("ftp://host/setup#x", "is no link"),
        ("http://host/other#x", "is no link"),
        ("http://host/setup", "its secret"),
        ("http://host/device#c2hvcnQ", "too short"),
        ("http://host/device#%%%", "too short"),
    ],
)
def test_what_is_no_link(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as error:
        join(tmp_path / "home", text)

    assert error.value.hint
    assert not (tmp_path / "home").exists()


def test_a_link_is_read_as_it_is_written() -> None:
    at = "https://kith.example.org:8443/behind"
    link = Link.of_ticket("device", at, NetworkId(bytes(16)), bytes(32))

    assert parse_link(f" {link}\n") == link


class TestASession:
    def test_is_kept_and_used_again(self, ada: Replica) -> None:
        sync(ada)
        first = ada.peer(ada.server or "").session
        sync(ada)

        assert first is not None
        assert ada.peer(ada.server or "").session == first

    def test_is_renewed_when_the_server_does_not_know_it(self, ada: Replica) -> None:
        peer = ada.peer(ada.server or "")
        sync(ada)
        peer.session = Session("stale", 2**53)

        assert sync(ada).up_to_date
        assert peer.session is not None
        assert peer.session.token != "stale"

    def test_is_renewed_before_it_ends(self, ada: Replica) -> None:
        sync(ada)
        first = ada.peer(ada.server or "").session
        assert first is not None

        sync(ada, now_ms=first.expires - 1)

        assert ada.peer(ada.server or "").session != first

    def test_is_opened_with_an_older_key_where_the_new_one_is_not_known(self, ada: Replica) -> None:
        ada.home.new_device("copy")
        ada.append([met(ada, "Bob")])
        ada.peer(ada.server or "").session = None

        assert sync(ada).up_to_date
        ada.peer(ada.server or "").session = None
        assert sync(ada).up_to_date
        assert len(ada.voices) >= 2

    def test_is_refused_to_who_is_in_no_network(self, ada: Replica, replica: Replica) -> None:
        replica.connect(ada.server or "")

        with pytest.raises(Refused) as error:
            sync(replica)

        assert error.value.hint


class Answer(BaseHTTPRequestHandler):
    """Answers every request with the next of `answers`: status, media type, body."""

    answers: ClassVar[list[tuple[int, str, bytes]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status, media, body = type(self).answers.pop(0)
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("content-length", str(len(body)))
        if status == 301:
            self.send_header("location", "https://elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module", name="false")
def _false() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def problem(status: int, code: str) -> tuple[int, str, bytes]:
    body = {"code": code, "title": "No", "status": status, "detail": "It is so.", "hint": "Go on."}
    return status, PROBLEM, json.dumps(body).encode()


def packed(message: msgspec.Struct) -> tuple[int, str, bytes]:
    return 200, MSGPACK, msgspec.msgpack.encode(message)


SESSION = [packed(Challenge(b"nonce")), packed(Session("token", 2**53))]


def ask(false: str, replica: Replica, *answers: tuple[int, str, bytes]) -> SyncReply:
    Answer.answers = [*SESSION, *answers]
    server = HttpServer(false, replica.voices, None, 0)
    try:
        return server.sync(replica.network, SyncRequest(replica.heads()))
    finally:
        server.pool.close()


class TestAnAnswer:
    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (400, "malformed", Invalid),
            (404, "not_found", NotFound),
            (413, "too_large", TooLarge),
            (500, "error", Unavailable),
            (500, "damaged", Damaged),
            (429, "too_many_requests", Unavailable),
            (418, "of a later release", Unavailable),
        ],
    )
    def test_that_is_a_problem_becomes_an_error_with_its_sentence(
        self, false: str, replica: Replica, status: int, code: str, kind: type[KithbookError]
    ) -> None:
        with pytest.raises(kind) as error:
            ask(false, replica, problem(status, code))

        assert (error.value.message, error.value.hint, error.value.code) == (
            "It is so.",
            "Go on.",
            code,
        )

    @pytest.mark.parametrize(
        "answer",
        [
            (200, "text/html", b"<h1>Welcome to nginx"),
            (404, "text/html", b"not found"),
            (200, MSGPACK, b"\xc1"),
            (500, PROBLEM, b"{}"),
            (301, "text/html", b""),
        ],
    )
    def test_that_no_kithd_gives_is_told_so(
        self, false: str, replica: Replica, answer: tuple[int, str, bytes]
    ) -> None:
        with pytest.raises(Unavailable, match="not as a kithd does") as error:
            ask(false, replica, answer)

        assert error.value.code == "not_kithd"
        assert answer[0] != 301 or "https://elsewhere" in error.value.hint

    def test_that_is_busy_is_waited_for(self, false: str, replica: Replica) -> None:
        reply = SyncReply(replica.heads())

        assert ask(false, replica, problem(503, "unavailable"), packed(reply)) == reply

    def test_that_says_the_session_ended_every_time_is_told(
        self, false: str, replica: Replica
    ) -> None:
        with pytest.raises(Refused):
            ask(false, replica, problem(401, "no_session"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1", "nothing answers there"),
        ("http://no-such-host.invalid", "its name is not known"),
    ],
)
def test_a_server_that_is_not_there(replica: Replica, url: str, why: str) -> None:
    server = HttpServer(url, replica.voices, None, 0)

    with pytest.raises(Unavailable, match=why) as error:
        server.sync(replica.network, SyncRequest([]))

    assert error.value.code == "unreachable"


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://", "file:///etc/passwd"])
def test_what_is_no_address(replica: Replica, url: str) -> None:
    with pytest.raises(Invalid, match="no address"):
        HttpServer(url, replica.voices, None, 0)


def test_no_link_is_made_and_nothing_written_when_the_server_does_not_answer(
    replica: Replica,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        replica.connect(f"http://127.0.0.1:{unused.getsockname()[1]}")
        before = replica.heads()

        with pytest.raises(Unavailable):
            add_device(replica)

    assert replica.heads() == before

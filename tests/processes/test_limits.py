"""What is too much for a real kithd, and how it says so."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.processes.real import PATIENCE, Laptop, Server
from tests.processes.test_changes import listening
from tests.processes.test_http import Caller, session

WHOLE = b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"


def answer_to(server: Server, *sent: bytes) -> tuple[int, dict[str, str], Any]:
    """What comes back for these raw bytes, when the connection ends."""
    with socket.create_connection(("127.0.0.1", int(server.port)), timeout=PATIENCE) as line:
        for part in sent:
            line.sendall(part)
        received = b""
        while part := line.recv(65_536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, json.loads(body)


def request(path: str, size: int, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: here", f"Content-Length: {size}", *headers]
    return "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode()


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with Server(tmp_path, body_seconds=1) as server:
        for sent in (b"", b'{"key":'):
            status, headers, told = answer_to(server, request("/v1/session", 100), sent)
            assert (status, told["code"]) == (408, "too_slow")
            assert headers["connection"] == "close"
            assert f"only {len(sent)} bytes have come in 1 seconds" in told["detail"]
        assert Caller(server).get("/health").status == 200


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: h", WHOLE, WHOLE + b"G"])
def test_a_connection_that_asks_nothing_is_closed(tmp_path: Path, sent: bytes) -> None:
    with (
        Server(tmp_path, body_seconds=1) as server,
        socket.create_connection(("127.0.0.1", int(server.port)), timeout=PATIENCE) as line,
    ):
        line.sendall(sent)
        received = b""
        while part := line.recv(65_536):
            received += part
    assert received.count(b"HTTP/1.1 200") == sent.count(WHOLE)


def test_a_stream_of_changes_is_not_cut_off_for_being_silent(
    laptop: Laptop, tmp_path: Path
) -> None:
    with Server(tmp_path / "server", body_seconds=1) as server:
        laptop.run("join", server.greeting)
        with listening(server, laptop.network["id"], session(laptop, server)) as stream:
            stream.change()
            assert next(stream.lines()) == ""
            assert next(stream.lines()) == ":", "the heartbeat, long after"


def test_a_body_past_the_limit_is_told_both_sizes(laptop: Laptop, tmp_path: Path) -> None:
    with Server(tmp_path / "server", request_bytes=50_000) as server:
        laptop.run("join", server.greeting)
        path = f"/v1/networks/{laptop.network['id']}/sync"
        call = Caller(server, session(laptop, server))
        answer = call("POST", path, b" " * 50_001)
        assert answer.problem == (413, "too_large")
        assert "at most 50,000 bytes" in answer.json["detail"]
        assert "this one 50,001" in answer.json["detail"]
        status, _, told = answer_to(server, request("/v1/join", 2**40))
        assert (status, told["code"]) == (413, "too_large")
        assert "1,099,511,627,776" in told["detail"]


def test_a_device_that_asks_too_often_is_told_when_to_come_back(
    laptop: Laptop, tmp_path: Path
) -> None:
    other = Laptop(tmp_path / "other")
    other.run("init", "--me", "Eve")
    with Server(tmp_path / "server", device_rate=20) as server:
        laptop.run("join", server.greeting)
        other.run("join", server.link())
        path = f"/v1/networks/{laptop.network['id']}/events"
        call = Caller(server, session(laptop, server))
        answers = [call.get(path) for _ in range(60)]  # a minute may end in between
        refused = [answer for answer in answers if answer.status != 200]
        assert refused
        for answer in refused:
            assert answer.problem == (429, "too_many_requests")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert "may 20 times" in answer.json["detail"]
            assert f"{answer.headers['retry-after']} seconds" in answer.json["hint"]
        assert other.sync()["up_to_date"], "each device is counted apart"
        ran = laptop.try_("sync")
        assert (ran.code, "This device has asked" in ran.err) in {(0, False), (1, True)}

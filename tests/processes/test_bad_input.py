"""What cannot be: one clear sentence and the next step, and nothing written."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.processes.real import Laptop, Server

BROKEN = (
    "this is no JSON",
    '{"type": "met", "people": ["Dan"',
    '{"type": "sang", "people": ["Dan"]}',
    '{"type": "trusted", "whom": "Dan", "level": 11}',
    '{"type": "trusted", "whom": "Dan", "level": 7.55}',
    '{"type": "trusted", "whom": "Dan", "level": "8"}',
    '{"type": "met", "people": []}',
    '{"type": "met", "people": ["Dan"], "at": "2026-02-30"}',
    '{"type": "met", "people": ["Dan"], "colour": "red"}',
    '{"type": "thanked", "to": "Bob", "for": ["00000000:7"]}',
    "[1, 2]",
    "\x00\x01\x02",
    '{"type": "met", "people": ["Dan"], "note": "' + "x" * 100_000 + '"}',
)


def test_a_broken_line_is_reported_by_its_number_and_the_rest_goes_in(
    laptop: Laptop, tmp_path: Path
) -> None:
    good = [json.dumps({"type": "met", "people": [f"Good {n}"]}) for n in range(len(BROKEN))]
    pairs = zip(good, BROKEN, strict=True)
    file = tmp_path / "mixed.jsonl"
    file.write_text("".join(f"{one}\n{other}\n" for one, other in pairs))
    before = laptop.network["events"]

    answer = laptop.ask("import", str(file), code=1)

    assert answer["added"] == len(good)
    assert [problem["line"] for problem in answer["problems"]] == [
        2 * n for n in range(1, len(BROKEN) + 1)
    ]
    assert all(problem["why"].endswith(".") for problem in answer["problems"])
    assert laptop.names == {"Bob", "Carol", *(f"Good {n}" for n in range(len(good)))}
    assert laptop.network["events"] == before + 2 * len(good)
    with laptop.intact():
        again = laptop.ask("import", str(file), code=1)
    assert (again["added"], again["skipped"]) == (0, len(good))
    said = laptop.run("import", str(file), code=1)
    assert "Line 2: " in said
    assert f"Line {2 * len(BROKEN)}: " in said


REFUSED = {
    "usage": (
        ("met",),
        ("met", "Bob", "--colour", "red"),
        ("mett", "Bob"),
        ("helped", "Bob", "a lead", "--kind", "love"),
        ("helped", "Bob", "a lead", "--size", "4"),
    ),
    "invalid": (
        ("trusted", "Bob", "11"),
        ("trusted", "Bob", "-1"),
        ("trusted", "Bob", "7.55"),
        ("trusted", "Bob", "ten"),
        ("met", "Bob", "--at", "the day after"),
        ("met", "Bob", "--at", "2026-02-30"),
        ("met", ""),
        ("met", "Bob", "--note", "x" * 100_000),
        ("retract", "what"),
        ("retract", ":2"),
        ("rule", "transfer", "2"),
        ("sync", "ftp://127.0.0.1"),
    ),
    "refused": (("helped", "me", "myself"),),
    "not_found": (
        ("retract", "0123456789abcdef0123456789abcdef:1"),
        ("retract", "00000000:1"),
        ("show", "Zoe"),
        ("show", "ffffffffffff"),
        ("contacts", "--in", "nowhere"),
        ("sync", "/nowhere/at/all"),
        ("import", "/nowhere/at/all"),
        ("export", "/nowhere/at/all"),
    ),
    "unavailable": (("import", "/"),),
    "no_server": (("device", "add"),),
    "home_exists": (("init", "--me", "Eve"),),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_is_refused_and_writes_nothing(laptop: Laptop, code: str) -> None:
    with laptop.intact():
        for words in REFUSED[code]:
            error = laptop.refused(*words, code=2 if code == "usage" else 1)

            assert error["code"] == code, (words, error)
            assert len(error["message"]) < 400


def test_a_note_of_ten_megabytes_is_refused_and_writes_nothing(
    laptop: Laptop, tmp_path: Path
) -> None:
    file = tmp_path / "long.jsonl"
    file.write_text(json.dumps({"type": "met", "people": ["Dan"], "note": "x" * 10_000_000}))

    with laptop.intact():
        answer = laptop.ask("import", str(file), code=1)

    (problem,) = answer["problems"]
    assert problem["line"] == 1
    assert "65,536" in problem["why"]
    assert "Dan" not in laptop.names


def test_a_name_that_fits_several_is_refused_with_all_of_them(laptop: Laptop) -> None:
    people = laptop.ask("met", "Bob Marley", "Bob Martin")["people"]
    with laptop.intact():
        error = laptop.refused("met", "Bob M")

    assert error["code"] == "ambiguous"
    assert len(error["candidates"]) == 2
    assert laptop.ask("met", "Bob")["people"][0]["name"] == "Bob"
    assert laptop.ask("met", people[1]["id"][:8])["people"] == [{**people[1], "new": False}]


def test_a_command_without_a_home_says_what_to_type(tmp_path: Path) -> None:
    nowhere = Laptop(tmp_path / "nowhere")
    for words in (("met", "Bob"), ("contacts",), ("status",), ("sync",), ("verify",)):
        error = nowhere.refused(*words)

        assert error["code"] == "no_home"
        assert "kith init --me" in error["hint"]
        assert not nowhere.folder.exists()


# Links


def test_a_link_that_is_not_whole_opens_nothing(
    laptop: Laptop, hosted: Server, tmp_path: Path
) -> None:
    link = laptop.run("device", "add").splitlines()[-1]
    desk = Laptop(tmp_path / "desk")
    for broken in (
        "",
        link[:-1],
        link[:-20],
        link + "A",
        link[:-4] + "AAAA",
        link.partition("#")[0],
        link.replace("#", "#/"),
        link.replace("/device#", "/nonsense#"),
        link.replace("http://", ""),
    ):
        assert desk.refused("join", broken)["code"] in {"link", "invalid", "link_unknown"}, broken

    desk.run("join", link)
    assert desk.names == laptop.names


def test_a_link_is_used_once(laptop: Laptop, hosted: Server, tmp_path: Path) -> None:
    link = laptop.run("device", "add").splitlines()[-1]
    Laptop(tmp_path / "one").run("join", link)
    other = Laptop(tmp_path / "other")

    assert other.refused("join", link)["code"] == "link_used"
    assert other.refused("met", "Bob")["code"] == "no_home"

    stranger = Laptop(tmp_path / "stranger")
    stranger.run("init", "--me", "Eve")
    with stranger.intact():
        assert stranger.refused("join", link)["code"] == "link_used"
        assert stranger.refused("join", hosted.greeting)["code"] == "link_used"
        assert stranger.refused("join", f"{hosted.url}/setup#nonsense")["code"] == "link_unknown"
    assert stranger.ask("sync")["networks"] == []


# Servers that are none


@contextmanager
def answering(answer: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), answer) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


class Website(Quiet):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", "13")
        self.end_headers()
        self.wfile.write(b"<h1>Hi!</h1>\n")


class HangsUp(Quiet):
    def do_POST(self) -> None:
        self.close_connection = True


class Nonsense(Quiet):
    """Claims to be one of ours."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-msgpack")
        self.send_header("content-length", "4")
        self.end_headers()
        self.wfile.write(b"\xc1\xc1\xc1\xc1")


class Broken(Quiet):
    def do_POST(self) -> None:
        self.send_response(502)
        self.send_header("content-length", "0")
        self.end_headers()


class MovedOn(Quiet):
    def do_POST(self) -> None:
        self.send_response(301)
        self.send_header("location", "https://elsewhere.example/")
        self.send_header("content-length", "0")
        self.end_headers()


def test_a_server_that_is_no_kithd_is_said_to_be_none(laptop: Laptop) -> None:
    with laptop.intact():
        for answer, code in (
            (Website, "not_kithd"),
            (Nonsense, "not_kithd"),
            (Broken, "not_kithd"),
            (MovedOn, "not_kithd"),
            (HangsUp, "unreachable"),
        ):
            with answering(answer) as url:
                assert laptop.refused("sync", url)["code"] == code, answer
                assert laptop.refused("join", f"{url}/setup#secret")["code"] == code, answer


def test_a_server_that_nobody_can_reach_keeps_everything_here(
    laptop: Laptop, hosted: Server
) -> None:
    hosted.stop()
    laptop.run("met", "Dan")
    with laptop.intact():
        error = laptop.refused("sync")
        assert error["code"] == "unreachable"
        assert hosted.url in error["message"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with laptop.intact():
            assert laptop.refused("sync", url)["code"] == "unreachable"
    hosted.start()

    assert laptop.sync()["pushed"] == 2

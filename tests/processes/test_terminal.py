"""What somebody else wrote, on the terminal of whoever reads it: shown, and never obeyed."""

import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from kithbook.events import Described, Helped, Met, Referred, Ruled, Trusted
from kithbook.ids import person_id
from kithbook_client.home import Home
from tests.processes.real import ENV, Laptop

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\x85\u2028\u202e"
NAME = f"Mallory {HOSTILE}"
COMMANDS = (
    "contacts",
    "next",
    "show",
    "ledger",
    "trust",
    "why",
    "log",
    "search",
    "status",
    "export",
    "export --format vcard",
    "export --format csv",
    "export --format ics",
)


def on_a_terminal(laptop: Laptop, *words: str) -> str:
    """What a terminal gets to see of a command."""
    ours, theirs = pty.openpty()
    kith = [sys.executable, "-m", "kithbook_client", "--home", str(laptop.folder), *words]
    process = subprocess.Popen(
        kith, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=ENV | {"TERM": "dumb"}
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # Linux says so where others end
            break
        if not part:
            break
        seen += part
    os.close(ours)
    process.wait()
    return seen.decode()


@pytest.fixture
def written(laptop: Laptop) -> Laptop:
    """A home in which every text of every event is hostile, as another program may have sent it."""
    home = Home.open(laptop.folder)
    replica = home.replica()
    me, bob = replica.me, person_id(replica.network, "Bob")
    who, at = person_id(replica.network, NAME), home.now_ms() * 1000
    said: dict[str, Any] = {"at": at, "zone": 0, "note": HOSTILE}
    card = dict.fromkeys(("title", "tags", "emails", "org", "phones", HOSTILE), HOSTILE)
    card |= {"email:" + HOSTILE: HOSTILE, "link:" + HOSTILE: HOSTILE, "birthday": "--12-10"}
    replica.append(
        [
            Described(person=who, set={"name": NAME, **card}, **said),
            Met(by=me, people=(who,), where=HOSTILE, **said),
            Helped(by=me, to=who, what=HOSTILE, **said),
            Helped(by=who, to=me, what=HOSTILE, **said),
            Trusted(by=me, whom=who, level=90, context=HOSTILE, **said),
            Referred(by=me, who=who, to=bob, what=HOSTILE, **said),
            Ruled(setting=HOSTILE, value=HOSTILE, **said),
        ]
    )
    home.close()
    return laptop


@pytest.mark.parametrize("command", COMMANDS)
def test_a_terminal_gets_no_control_characters(written: Laptop, command: str) -> None:
    words = [*command.split(), *(["Mallory"] if command in {"show", "why", "search"} else [])]
    for asked in (words, [*words, "--json"]):
        seen = on_a_terminal(written, *asked)
        assert "Mallory" in seen or command == "status", seen
        assert {letter for letter in seen if not letter.isprintable()} <= {"\r", "\n"}, asked

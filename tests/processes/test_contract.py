"""What programs rely on: the JSON of every command, exit codes, and where the link stands."""

import json
from pathlib import Path
from typing import Any

from tests.processes.real import Laptop, Server, write_lines

Shape = dict[str, Any]

TRUST: Shape = {
    "from": str,
    "to": str,
    "score": float | int | None,
    "shown": int | None,
    "basis": str,
    "support": float | int | None,
    "warning": float | int | None,
    "chain": [{"by": str, "to": str, "level": float, "stated": float | None, "event": str | None}],
}
TALLY: Shape = {"information": int, "money": int, "fun": int}
VERB: Shape = {
    "event": str,
    "type": str,
    "at": str,
    "people": [{"id": str, "name": str, "new": bool}],
}
CONTACTS: Shape = {
    "contacts": [
        {
            "id": str,
            "name": str,
            "state": str | None,
            "first_contact": str | None,
            "last_contact": str | None,
            "events": int,
        }
    ]
}
LEDGER: Shape = {
    "ledger": [
        {
            "id": str,
            "name": str,
            "given": TALLY,
            "received": TALLY,
            "thanks_owed": [str],
            "thanks_due": [str],
        }
    ]
}
EVENTS: Shape = {
    "events": [
        {
            "event": str,
            "type": str,
            "at": str | None,
            "recorded": str,
            "received": str,
            "author": str | None,
        }
    ]
}
STATUS: Shape = {
    "me": str,
    "device": str,
    "networks": [
        {
            "id": str,
            "name": str,
            "events": int,
            "pending": int,
            "unknown": int,
            "digest": str,
            "server": str | None,
            "last_sync": str | None,
            "logs": dict,
        }
    ],
}
SYNC: Shape = {
    "networks": [
        {
            "id": str,
            "name": str,
            "pushed": int,
            "pulled": int,
            "up_to_date": bool,
            "refused": [{"log": str, "seq": int, "why": str}],
        }
    ]
}
IMPORT: Shape = {
    "batch": str,
    "added": int,
    "skipped": int,
    "problems": [{"line": int, "why": str}],
}
VERIFY: Shape = {"ok": bool, "events": int, "problems": [{"event": str, "why": str}]}


def fits(answer: Any, shape: Any, where: str = "") -> None:
    """It has these fields, and perhaps more."""
    if isinstance(shape, dict):
        for name, inner in shape.items():
            assert name in answer, f"{where}.{name} is missing: {answer}"
            fits(answer[name], inner, f"{where}.{name}")
    elif isinstance(shape, list):
        assert isinstance(answer, list), where
        for one in answer:
            fits(one, shape[0], f"{where}[]")
    else:
        assert isinstance(answer, shape), f"{where} is {answer!r}"
        assert shape is not int or not isinstance(answer, bool), where


def test_every_verb_answers_with_the_event_and_the_people(laptop: Laptop) -> None:
    for kind, words in {
        "met": ("met", "Bob", "Dan", "--where", "JavaZone"),
        "helped": ("helped", "me", "a lead", "--by", "Bob", "--kind", "money", "--size", "3"),
        "thanked": ("thanked", "Bob"),
        "referred": ("referred", "Carol", "--to", "Bob"),
        "trusted": ("trusted", "Bob", "10"),
        "described": ("describe", "Bob", "--email", "bob@example.org"),
        "merged": ("merge", "Bob", "Dan"),
        "retracted": ("retract", "last"),
    }.items():
        answer = laptop.ask(*words)

        fits(answer, VERB)
        assert answer["type"] == kind
        log, _, seq = answer["event"].partition(":")
        assert laptop.network["logs"][log] == int(seq)


def test_every_reading_command_has_the_fields_that_others_rely_on(
    laptop: Laptop, tmp_path: Path
) -> None:
    laptop.run("helped", "me", "a lead", "--by", "Bob", "--kind", "money")
    laptop.run("helped", "Carol", "a review")
    laptop.run("trusted", "Bob", "10")
    laptop.run("trusted", "Carol", "9", "--by", "Bob")
    laptop.run("trusted", "Dan", "0")

    fits(laptop.ask("contacts"), CONTACTS)
    fits(laptop.ask("log"), EVENTS)
    fits(laptop.ask("status"), STATUS)
    fits(laptop.ask("verify"), VERIFY)
    fits(laptop.ask("sync"), SYNC)
    (tmp_path / "usb").mkdir()
    fits(laptop.ask("sync", str(tmp_path / "usb")), SYNC)
    ledger = laptop.ask("ledger")
    fits(ledger, LEDGER)
    accounts = {row["name"]: row for row in ledger["ledger"]}
    assert accounts["Bob"]["received"] == {"information": 0, "money": 1, "fun": 0}
    assert len(accounts["Bob"]["thanks_owed"]) == len(accounts["Carol"]["thanks_due"]) == 1
    assert [row["name"] for row in laptop.ask("ledger", "Bob")["ledger"]] == ["Bob"]
    one, every = laptop.ask("trust", "Carol"), laptop.ask("trust")
    fits(one, TRUST)
    fits(every, {"trust": [TRUST]})
    fits(laptop.ask("why", "Carol"), TRUST)
    assert (one["score"], one["shown"], one["basis"]) == (5, 5, "chain")
    assert [link["level"] for link in one["chain"]] == [10, 9]
    scores = [score["score"] for score in every["trust"] if score["score"] is not None]
    assert scores == sorted(scores, reverse=True)
    lines = [{"type": "met", "people": ["Eve"]}, {"type": "met"}]
    answer = laptop.ask("import", str(write_lines(tmp_path / "x.jsonl", lines)), code=1)
    fits(answer, IMPORT)
    assert (answer["added"], len(answer["problems"])) == (1, 1)


def test_an_import_on_trial_writes_nothing(laptop: Laptop, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "x.jsonl", [{"type": "met", "people": ["Eve"]}])
    with laptop.intact():
        assert laptop.ask("import", str(file), "--dry-run")["added"] == 1


def test_what_was_exported_comes_in_elsewhere(laptop: Laptop, tmp_path: Path) -> None:
    laptop.run("helped", "me", "a lead", "--by", "Bob")
    laptop.run("thanked", "Bob")
    laptop.run("export", str(tmp_path / "all.jsonl"))
    other = Laptop(tmp_path / "other")
    other.run("init", "--me", "Ada")

    answer = other.ask("import", str(tmp_path / "all.jsonl"))

    assert not answer["problems"]
    assert other.names == laptop.names
    assert other.ask("ledger")["ledger"][0]["thanks_owed"] == []


def test_options_stand_before_or_after_the_words(laptop: Laptop) -> None:
    home = str(laptop.folder)
    elsewhere = Laptop(laptop.folder.parent / "elsewhere")
    answers = [
        elsewhere.run("--home", home, "--json", "trust", "Bob"),
        elsewhere.run("trust", "Bob", "--home", home, "--json"),
        elsewhere.run("trust", "--json", "--home", home, "Bob", "--in", "private"),
        elsewhere.run("--json", "--in", "private", "trust", "--home", home, "Bob"),
    ]

    assert len(set(answers)) == 1
    fits(json.loads(answers[0]), TRUST)


def test_a_link_stands_alone_on_the_last_line(laptop: Laptop, hosted: Server) -> None:
    last = laptop.run("device", "add").splitlines()[-1]

    assert last.startswith(f"{hosted.url}/device#")
    assert " " not in last
    assert laptop.ask("device", "add")["link"].startswith(f"{hosted.url}/device#")
    assert hosted.greeting.startswith(f"{hosted.url}/setup#")
    assert hosted.link().startswith(f"{hosted.url}/setup#")


def test_help_and_version_are_done_and_nonsense_is_usage(tmp_path: Path) -> None:
    nobody = Laptop(tmp_path / "nobody")
    assert nobody.run("--version").startswith("kith ")
    assert "Record:" in nobody.run()
    for words in (("--help",), ("met", "--help"), ("device", "--help"), ("sync", "-h")):
        assert nobody.run(*words).startswith("Usage: kith")
    for words in (("nonsense",), ("met",), ("device", "nonsense"), ("init",)):
        nobody.refused(*words, code=2)
    assert not nobody.folder.exists()


def test_a_home_is_for_its_owner_only(laptop: Laptop) -> None:
    assert laptop.file.stat().st_mode & 0o077 == 0
    assert laptop.folder.stat().st_mode & 0o077 == 0

"""Beginning, files in and out, and the checks."""

import stat
from pathlib import Path

import pytest

from tests.client.cli.conftest import Typed

HISTORY = """\
{"type": "met", "people": ["Bob", "Carol"], "at": "2024-05-03", "where": "JavaZone"}
{"type": "helped", "by": "Bob", "to": "me", "what": "a lead", "kind": "money", "at": "2024-06-11"}
nonsense
{"type": "trusted", "whom": "Bob", "level": 11, "at": "2024-06-13"}
{"type": "trusted", "whom": "Bob", "level": 9, "at": "2024-06-12"}
"""


@pytest.fixture
def history(tmp_path: Path) -> str:
    path = tmp_path / "history.jsonl"
    path.write_text(HISTORY)
    return str(path)


def test_init_makes_a_home_for_its_owner_alone(empty: Typed) -> None:
    begun = empty.json("init", "--me", "Ada Lovelace", "--device", "desk")
    assert (begun["me"], begun["device"]) == ("Ada Lovelace", "desk")
    assert stat.S_IMODE(Path(begun["home"]).stat().st_mode) == 0o600
    assert empty.json("status")["me"] == "Ada Lovelace"
    assert empty.refused("init", "--me", "Ada")["code"] == "home_exists"


def test_init_needs_a_name_that_others_use(empty: Typed) -> None:
    assert empty.refused("init", code=2)["code"] == "usage"
    for name in ("me", "", "a\nb"):
        assert empty.refused("init", "--me", name)["code"] == "invalid"
    assert not empty.home.exists()


def test_the_home_is_where_the_environment_says(
    kith: Typed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kithbook_client.cli.main import run

    monkeypatch.setenv("KITH_HOME", str(kith.home))
    assert run(["met", "Bob"]) == 0
    assert capsys.readouterr().out.startswith("Met Bob (new).")


def test_import_takes_in_what_it_can_and_reports_the_rest(kith: Typed, history: str) -> None:
    ran = kith.run("import", history)
    assert ran.code == 1
    assert "Added 3 events." in ran.out
    assert "Line 3: " in ran.out
    assert "Line 4: " in ran.out
    again = kith.run("import", history, "--json")
    assert again.code == 1
    assert '"added":0,"skipped":3' in again.out
    assert '"problems":[{"line":3,"why":' in again.out
    assert [c["name"] for c in kith.json("contacts")["contacts"]] == ["Bob", "Carol"]


def test_a_dry_run_changes_nothing(kith: Typed, history: str) -> None:
    before = kith.json("status")
    ran = kith.run("import", history, "--dry-run")
    assert ran.code == 1
    assert "Would add 3 events." in ran.out
    assert kith.json("status") == before


@pytest.mark.parametrize(
    ("name", "content", "holds"),
    [
        ("ada.vcf", "BEGIN:VCARD\r\nVERSION:4.0\r\n", "vCards"),
        ("ada", "\ufeffBEGIN:VCARD\n", "vCards"),
        ("ada.CSV", "name\nBob\n", "a table"),
        ("due.ics", "BEGIN:VCALENDAR\n", "a calendar"),
    ],
)
def test_a_file_of_another_program_is_refused_as_a_whole(
    kith: Typed, tmp_path: Path, name: str, content: str, holds: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    error = kith.refused("import", str(file))
    said = f"{file} holds {holds}, and kith import reads JSONL: one event a line."
    assert (error["code"], error["message"]) == ("invalid", said)
    assert "docs/howto/import-a-history.md" in error["hint"]


@pytest.mark.parametrize("first", ['{"type": "met", "people": ["Bob"]}', "{", "not, an event", ""])
def test_a_first_line_that_may_be_an_event_is_judged_as_a_line(
    kith: Typed, tmp_path: Path, first: str
) -> None:
    file = tmp_path / "events.csv" if first.startswith("{") else tmp_path / "events.jsonl"
    file.write_text(f'{first}\n{{"type": "met", "people": ["Carol"]}}\n')
    assert '"added":' in kith.run("import", str(file), "--json").out
    assert "Carol" in kith("contacts")


def test_an_import_can_be_taken_back_as_one(kith: Typed, history: str) -> None:
    kith("met", "Dana")
    kith.run("import", history)
    said = kith("retract", "--batch", "last", "--why", "wrong file")
    assert said.startswith("Took back 5 events of the import ")
    assert [c["name"] for c in kith.json("contacts")["contacts"]] == ["Dana"]
    assert kith.refused("retract", "--batch", "ffff")["code"] == "not_found"
    assert '"added":3' in kith.run("import", history, "--json").out


def test_what_cannot_be_read_is_said_in_a_sentence(kith: Typed, tmp_path: Path) -> None:
    assert kith.refused("import", str(tmp_path / "none"))["code"] == "not_found"
    assert kith.refused("import", str(tmp_path))["code"] == "unavailable"
    kith("trusted", "Kai", "5")
    folder = tmp_path / "no"
    for words in (
        ("export", str(folder / "file")),
        ("import", str(folder / "file")),
        ("why", "Kai", "--report", str(folder / "kai.html")),
    ):
        error = kith.refused(*words)
        assert (error["code"], error["message"]) == ("not_found", f"There is no folder {folder}.")


def test_export_and_import_give_the_same_again(kith: Typed, history: str, tmp_path: Path) -> None:
    kith.run("import", history)
    kith("trusted", "Carol", "9", "--by", "Bob")
    kith("thanked", "Bob")
    file = str(tmp_path / "ada.jsonl")
    assert kith.json("export", file)["events"] == len(Path(file).read_text().splitlines())
    other = Typed(tmp_path / "other", kith.capsys)
    other("init", "--me", "Ada")
    other("import", file)
    for words in (("contacts",), ("ledger",), ("trust",)):
        assert _told(other.json(*words)) == _told(kith.json(*words))
    assert kith("export").splitlines() == Path(file).read_text().splitlines()


def _told(answer: object) -> object:
    """An answer without the ids, which differ between homes."""
    if isinstance(answer, dict):
        ids = {"id", "event", "thanks_owed", "thanks_due"}
        return {k: len(v) if k in ids else _told(v) for k, v in answer.items() if v is not None}
    return [_told(item) for item in answer] if isinstance(answer, list) else answer


def test_status(kith: Typed) -> None:
    kith("met", "Bob")
    status = kith.json("status")
    assert (status["me"], status["device"]) == ("Ada", "desk")
    (network,) = status["networks"]
    assert set(network) >= {
        "id", "name", "events", "pending", "unknown", "digest", "server", "last_sync", "logs"
    }  # fmt: skip
    assert network["name"] == "private"
    assert network["events"] == sum(network["logs"].values()) == 4
    assert (network["server"], network["last_sync"], network["unknown"]) == (None, None, 0)
    said = kith("status")
    assert "Ada on desk" in said
    assert network["digest"] in said


def test_verify_and_rebuild(kith: Typed) -> None:
    kith("met", "Bob")
    digest = kith.json("status")["networks"][0]["digest"]
    assert kith.json("verify") == {"ok": True, "events": 4, "problems": []}
    assert kith.json("rebuild")["networks"][0]["digest"] == digest
    assert digest in kith("rebuild")
    assert "4 events" in kith("verify", "--quick")


def test_verify_ends_with_1_where_a_byte_was_changed(kith: Typed) -> None:
    kith("met", "Bob", "--where", "JavaZone")
    file = kith.home / "kith.db"
    file.write_bytes(file.read_bytes().replace(b"JavaZone", b"JavaZoom"))
    ran = kith.run("verify")
    assert ran.code == 1
    assert "not those that were hashed" in ran.out
    answer = kith.run("verify", "--json")
    assert answer.code == 1
    assert '"ok":false' in answer.out
    assert kith.run("doctor").code == 1


def test_doctor(kith: Typed) -> None:
    kith("met", "Bob")
    answer = kith.json("doctor")
    assert answer["ok"]
    assert {finding["state"] for finding in answer["findings"]} == {"ok"}
    (kith.home / "kith.db").chmod(0o644)
    ran = kith.run("doctor")
    assert ran.code == 1
    assert "chmod 600" in ran.out


def test_doctor_sees_a_copied_home(kith: Typed, tmp_path: Path) -> None:
    copy = Typed(tmp_path / "copy", kith.capsys)
    copy.home.mkdir()
    (copy.home / "kith.db").write_bytes((kith.home / "kith.db").read_bytes())
    (copy.home / "kith.db").chmod(0o600)
    assert "warn  home: it was copied" in copy("doctor")


def test_one_event_is_not_called_events(kith: Typed, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"type":"ruled","setting":"cut","value":"1"}\n')
    batch = kith.json("import", str(lines))["batch"]

    assert kith("retract", "--batch", batch).startswith("Took back 1 event of the import ")


def test_status_names_the_device_of_each_log(kith: Typed) -> None:
    status = kith.json("status")
    [network] = status["networks"]

    assert network["devices"] == dict.fromkeys(network["logs"], status["device"])
    assert status["device"] in kith("status").splitlines()[-1]

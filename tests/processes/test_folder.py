"""A folder or a file in the place of the server."""

import json
from pathlib import Path

import pytest

from tests.processes.real import Laptop, Server, history


@pytest.mark.parametrize("target", ["usb", "usb/november.kith"])
def test_a_folder_or_a_file_brings_laptops_together(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path, target: str
) -> None:
    hosted.stop()
    (tmp_path / "usb").mkdir()
    place = str(tmp_path / target)
    laptop.run("met", "Dan")
    desk.run("met", "Eve")
    assert laptop.sync(place)["pushed"] >= 2
    assert desk.sync(place)["pulled"] >= 2
    laptop.sync(place)

    assert laptop.network["digest"] == desk.network["digest"]
    assert laptop.names == desk.names == {"Bob", "Carol", "Dan", "Eve"}
    again = laptop.sync(place)
    assert (again["pushed"], again["pulled"]) == (0, 0)
    for one in (laptop, desk):
        assert one.ask("verify")["ok"]


def test_a_damaged_page_is_refused_and_the_rest_goes_on(
    laptop: Laptop, desk: Laptop, hosted: Server, tmp_path: Path
) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    laptop.sync(str(usb))
    laptop.run("import", str(history(tmp_path / "history.jsonl", 1, 400)))
    laptop.sync(str(usb))
    own = max(laptop.network["logs"].items(), key=lambda item: item[1])[0]
    page = max((usb / laptop.network["id"] / own).glob("*.page"))
    whole = page.read_bytes()
    page.write_bytes(whole[:1_000] + b"\0\0\0\0" + whole[1_004:])
    desk.run("met", "Eve")

    answer = json.loads(desk.try_("sync", str(usb), "--json").out)["networks"][0]

    (refused,) = answer["refused"]
    assert refused["log"] == own
    assert refused["seq"] >= 1
    assert refused["why"]
    assert answer["pushed"] >= 2
    assert "Left out log" in desk.try_("sync", str(usb)).out
    assert "Eve" in desk.names
    assert desk.ask("verify")["ok"]

    page.unlink()
    laptop.sync(str(usb))
    assert desk.sync(str(usb))["pulled"] >= 400
    assert laptop.names == desk.names


def test_what_is_no_file_of_ours_stays_as_it_is(laptop: Laptop, tmp_path: Path) -> None:
    letter = tmp_path / "letter.kith"
    letter.write_bytes(b"Dear Bob, how are you?")

    with laptop.intact():
        assert laptop.refused("sync", str(letter))["code"] == "unavailable"
    assert letter.read_bytes() == b"Dear Bob, how are you?"


def test_a_folder_with_other_files_in_it_is_no_obstacle(laptop: Laptop, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    for name in ("photos/cat.jpg", f"{laptop.network['id']}/notes/to-do.page", "x.page"):
        (usb / name).parent.mkdir(parents=True, exist_ok=True)
        (usb / name).write_bytes(b"meow")

    answer = laptop.ask("sync", str(usb))["networks"][0]

    assert answer["up_to_date"]
    assert answer["pushed"] == laptop.network["events"]

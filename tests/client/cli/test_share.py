"""Sync with folders and files, devices, and networks; servers have tests of their own."""

import shutil
from pathlib import Path

import msgspec

from tests.client.cli.conftest import Typed


def test_without_a_server_sync_says_so_and_is_done(kith: Typed) -> None:
    assert "Skipped private: no server is set." in kith("sync")
    assert kith.json("sync") == {"networks": [], "skipped": ["private"]}


def test_sync_with_a_folder_and_with_a_file(kith: Typed, tmp_path: Path) -> None:
    kith("met", "Bob")
    other = Typed(tmp_path / "other", kith.capsys)
    shutil.copytree(kith.home, other.home)
    kith("met", "Carol")
    other("met", "Dana")
    for target in ("folder", "file.kith"):
        path = str(tmp_path / target)
        if target == "folder":
            Path(path).mkdir()
        for one in (kith, other, kith):
            (network,) = one.json("sync", path)["networks"]
            assert set(network) >= {"id", "name", "pushed", "pulled", "up_to_date", "refused"}
            assert network["up_to_date"]
            assert network["refused"] == []
    digests = {one.json("status")["networks"][0]["digest"] for one in (kith, other)}
    assert len(digests) == 1
    assert "up to date" in kith("sync", path)
    assert len(kith.json("contacts")["contacts"]) == 3


def test_sync_makes_no_folder_by_a_slip(kith: Typed, tmp_path: Path) -> None:
    for target in (str(tmp_path / "usb"), str(tmp_path / "no" / "file.kith")):
        assert kith.refused("sync", target)["code"] == "not_found"
    assert not (tmp_path / "usb").exists()


def test_a_server_that_is_not_there_is_said_in_a_sentence(kith: Typed) -> None:
    error = kith.refused("sync", "http://127.0.0.1:9")
    assert error["code"] == "unreachable"
    assert error["hint"] == "Everything stays here and goes with the next kith sync."


def test_of_several_networks_the_first_that_fails_is_the_error(kith: Typed) -> None:
    kith("network", "new", "team", "--local")
    ran = kith.run("--json", "sync", "http://127.0.0.1:9")

    answer, error = msgspec.json.decode(ran.out), msgspec.json.decode(ran.err)["error"]
    assert ran.code == 1
    assert [one["name"] for one in answer["failed"]] == ["private", "team"]
    assert {"name": "private", **error} == answer["failed"][0]


def test_links_that_are_none(kith: Typed) -> None:
    for link in ("nonsense", "http://127.0.0.1:9/setup", "http://127.0.0.1:9/other#secret"):
        assert kith.refused("join", link)["hint"]
    assert kith.refused("device", "add")["code"] == "no_server"


def test_devices_and_networks(kith: Typed) -> None:
    (device,) = kith.json("device", "list")["devices"]
    assert (device["name"], device["this"], device["seq"]) == ("desk", True, 2)
    assert "desk (this one)" in kith("device", "list")
    (network,) = kith.json("network", "list")["networks"]
    assert (network["name"], network["server"], network["events"]) == ("private", None, 2)
    shown = kith.json("network", "show", "--in", network["id"][:6])
    assert [(m["name"], m["role"], m["devices"]) for m in shown["members"]] == [("Ada", "owner", 1)]
    assert "private" in kith("network", "list")
    assert "owner" in kith("network", "show")

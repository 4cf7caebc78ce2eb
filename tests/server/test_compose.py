"""compose.yaml, as far as it can be tested where there is no Docker."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from kithbook_server.settings import read_settings
from tests.docs.pages import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "server" / "Dockerfile").read_text()
CADDYFILE = (ROOT / "server" / "Caddyfile").read_text()
KITHD = ("kithd-one", "kithd-two")


def stage(name: str) -> str:
    """What the Dockerfile says of one image."""
    of = rf"(?ms)^FROM \S+ AS {name}\n(.*?)(?=^FROM|\Z)"
    [found] = re.findall(of, DOCKERFILE)
    return str(found)


def test_it_is_what_compose_reads() -> None:
    pytest.importorskip("check_jsonschema")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*check, ROOT / "compose.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "pid", "network_mode", "devices"}
    if "build" in service:
        user = re.findall(r"^USER (\d+)", stage(service["build"]["target"]), re.MULTILINE)[-1]
    else:
        user = service["user"].partition(":")[0]
    assert int(user) > 0, "it runs as root"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_says_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    assert "healthcheck" in service or "HEALTHCHECK" in stage(service["build"]["target"])
    for other, condition in service.get("depends_on", {}).items():
        assert other in SERVICES
        assert condition == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", KITHD)
def test_every_variable_for_kithd_is_a_setting(name: str) -> None:
    environment = dict(SERVICES[name]["environment"])
    environment["KITHD_ORIGIN"] = "https://kith.example.org"
    settings = read_settings(environment, {})
    assert settings.database.startswith("postgresql://")
    in_image = dict(re.findall(r"(KITHD_\w+)=(\S+)", stage("kithd")))
    assert read_settings(in_image, {}).port == 8123


def test_only_the_proxy_can_be_reached_and_it_leads_to_every_kithd() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    port = re.findall(r"KITHD_PORT=(\d+)", stage("kithd"))[0]
    upstreams = re.findall(r"reverse_proxy (.*) \{", CADDYFILE)[0].split()
    assert upstreams == [f"{name}:{port}" for name in KITHD]
    inside = {one.partition("/")[0].partition(":")[2] for one in SERVICES["proxy"]["ports"]}
    assert inside == set(re.findall(r"https?_port (\d+)", CADDYFILE))
    assert all("outside" not in SERVICES[name]["networks"] for name in (*KITHD, "database"))
    assert COMPOSE["networks"]["front"]["internal"]
    assert COMPOSE["networks"]["back"]["internal"]


def test_passwords_come_from_files_that_git_does_not_take() -> None:
    assert "assword=" not in (ROOT / "compose.yaml").read_text()
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if "PASSWORD" in name:
                assert name.endswith("_FILE")
                secret = value.removeprefix("/run/secrets/")
                assert secret in service["secrets"]
                assert COMPOSE["secrets"][secret]["file"].startswith("./secrets/")
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_all_that_is_named_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
        named = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert named <= COMPOSE["volumes"].keys()


def test_what_the_images_are_made_of_is_there() -> None:
    for words in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for path in words.split():
            assert (ROOT / path).exists(), path

"""The references are complete: nothing that a user may meet is left out."""

import importlib
import pkgutil
import re
from typing import Any, get_args

import msgspec
import pytest

from kithbook.events import AnyEvent, Event
from kithbook_client import cli
from kithbook_server.api.problems import STATUS
from kithbook_server.settings import PREFIX, Settings
from tests.docs.generated import fields, helps
from tests.docs.pages import ROOT, text

COMMON = Event.__struct_fields__
TOLD_AS = {"helps": "for", "zone": "at"}
"""Fields that the pages call otherwise than the code."""
INNER = {"kithbook_client.cli.failures", "kithbook_client.cli.waiting"}
"""Modules whose structs are told in words, or are no answers."""

tag = pytest.mark.parametrize("kind", get_args(AnyEvent), ids=lambda k: k.__struct_config__.tag)


def section(page: str, heading: str) -> str:
    """A part of a page, from its heading to the next one of that level."""
    level = heading.partition(" ")[0]
    _, found, rest = text(page).partition(f"\n{heading}\n")
    assert found, f"{page} has no heading {heading}"
    return rest.partition(f"\n{level} ")[0]


@tag
def test_every_event_type_and_field_is_described(kind: Any) -> None:
    name = kind.__struct_config__.tag.partition("/")[0]
    page = text("docs/events.md")
    if f"\n### `{name}`\n" in page:
        told = section("docs/events.md", f"### `{name}`")
    else:
        [told] = re.findall(rf"^\| `{name}` \|.*$", page, re.MULTILINE)
    for field in kind.__struct_fields__[len(COMMON) :]:
        assert f"`{TOLD_AS.get(field, field)}`" in told, field


def test_every_common_field_is_described() -> None:
    told = section("docs/events.md", "## What every event has")
    for field in COMMON:
        assert f"`{TOLD_AS.get(field, field)}`" in told


def test_every_setting_of_the_server_is_described_with_its_default() -> None:
    told = section("docs/settings.md", "## kithd")
    for field, default in zip(
        Settings.__struct_fields__, Settings.__struct_defaults__, strict=True
    ):
        [row] = re.findall(rf"^\| `{PREFIX}{field.upper()}` \|.*$", told, re.MULTILINE)
        if default != "":
            assert f"| `{default}` |" in row


def test_every_variable_of_the_environment_is_described() -> None:
    names = set()
    for folder in ("client", "server"):
        for path in (ROOT / folder).rglob("*.py"):
            names |= set(re.findall(r"\bKITHD?_[A-Z_]+\b", path.read_text()))
    told = text("docs/settings.md")
    assert {name for name in names if f"`{name}`" not in told} == set()


def test_every_error_code_is_described_and_no_other() -> None:
    codes = {"usage", *STATUS}
    for folder in ("shared", "client", "server"):
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text()
            codes |= set(re.findall(r'\bcode ?= ?"(\w+)"', source))
            codes |= set(re.findall(r'_no_link\("(\w+)"', source))
    told = section("docs/json.md", "## Errors")
    assert set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)) - {"code"} == codes


def test_every_status_of_the_server_is_described() -> None:
    told = section("docs/protocol.md", "## HTTP")
    for code, status in STATUS.items():
        assert re.search(rf"^\| {status} \|[^|]*`{code}`", told, re.MULTILINE), code


def test_every_answer_of_a_command_is_described() -> None:
    told = text("docs/json.md")
    for module in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                is_answer = (
                    kind.__module__.startswith(cli.__name__) and kind.__module__ not in INNER
                )
                assert not is_answer or fields(kind) in told, kind


def test_every_command_is_described_with_its_options() -> None:
    told = text("docs/cli.md")
    for program in ("kith", "kithd"):
        assert helps(program) in told

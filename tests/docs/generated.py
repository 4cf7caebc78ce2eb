"""The generated parts of the pages: `make docs` writes them, `make docs-check` compares.

Each function gives Markdown; the pages call them in their cog blocks.
"""

import ast
import tomllib
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc, getfile
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
from click.testing import CliRunner
from msgspec import inspect

from kithbook.events import AnyEvent, Event
from kithbook_server.settings import PREFIX, Settings
from tests.docs.pages import ROOT

COMMON = Event.__struct_fields__
TITLES = {
    "kithbook_client.cli.exchange.NetworkAnswer": "SyncedNetwork",
    "kithbook_client.cli.status.NetworkAnswer": "HeldNetwork",
    "kithbook_client.importing.Problem": "LineProblem",
    "kithbook_server.audit.Problem": "ServerProblem",
}
"""Structs that share their name with another."""
GOLDEN = ROOT / "tests" / "golden"


def layouts() -> str:
    """What follows the common fields in the array of each type."""
    rows = ["| type | fields after `batch` |", "|---|---|"]
    for kind in get_args(AnyEvent):
        own = ", ".join(kind.__struct_fields__[len(COMMON) :])
        rows.append(f"| `{kind.__struct_config__.tag}` | {own} |")
    return "\n".join(rows) + "\n"


def layers(contract: str) -> str:
    """The layers of an import contract, the highest first, with what their modules say they are."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {one["name"]: one for one in project["tool"]["importlinter"]["contracts"]}
    [package] = contracts[contract]["containers"]
    rows = ["| module | what is in it |", "|---|---|"]
    for layer in contracts[contract]["layers"]:
        for module in layer.split(" | "):
            about = cleandoc(import_module(f"{package}.{module}").__doc__ or "")
            first = " ".join(about.partition("\n\n")[0].split())
            rows.append(f"| `{module}` | {first} |")
    return "\n".join(rows) + "\n"


def golden(name: str) -> str:
    """A file of test vectors."""
    return f"```json\n{(GOLDEN / name).read_text().rstrip()}\n```\n"


class Answers:
    """The structs of a page, each told once, where it is first used."""

    def __init__(self) -> None:
        self.seen: set[type] = set()

    def tell(self, kind: type[msgspec.Struct]) -> str:
        """One answer and, under headings of their own, the structs in it."""
        waiting = [kind]
        parts = []
        while waiting:
            one = waiting.pop(0)
            if one in self.seen:
                continue
            self.seen.add(one)
            heading = "" if one is kind else f"### {title(one)}\n\n"
            about = f"{cleandoc(one.__doc__)}\n\n" if one.__doc__ else ""
            parts.append(heading + about + fields(one))
            waiting += _structs(inspect.type_info(one))
        return "\n".join(parts)


def title(kind: type) -> str:
    """What a struct is called in the pages."""
    return TITLES.get(f"{kind.__module__}.{kind.__name__}", kind.__name__)


def fields(kind: type[msgspec.Struct]) -> str:
    struct: Any = inspect.type_info(kind)
    rows = [f"| `{field.encode_name}` | {_told(field.type)} |" for field in struct.fields]
    return "\n".join(["| field | |", "|---|---|", *rows]) + "\n"


def _structs(kind: Any) -> list[type[msgspec.Struct]]:
    """The structs that stand in the fields of one."""
    match kind:
        case inspect.StructType():
            found = []
            for field in kind.fields:
                inner = _inner(field.type)
                found += [one.cls for one in inner if isinstance(one, inspect.StructType)]
            return found
        case _:
            return []


def _inner(kind: Any) -> list[Any]:
    match kind:
        case inspect.UnionType():
            return [found for part in kind.types for found in _inner(part)]
        case inspect.ListType() | inspect.VarTupleType():
            return _inner(kind.item_type)
        case inspect.DictType():
            return _inner(kind.value_type)
        case _:
            return [kind]


WORDS: dict[Any, str] = {
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.AnyType: "anything",
    inspect.CustomType: "anything",
}


def _told(kind: Any) -> str:
    """A type in words."""
    match kind:
        case inspect.UnionType():
            parts = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
            null = " or null" if len(parts) < len(kind.types) else ""
            return " or ".join(map(_told, parts)) + null
        case inspect.LiteralType():
            return ", ".join(sorted(f"`{value}`" for value in kind.values))
        case inspect.ListType() | inspect.VarTupleType():
            return f"list of {_told(kind.item_type)}"
        case inspect.DictType():
            return f"{_told(kind.key_type)} → {_told(kind.value_type)}"
        case inspect.StructType():
            return f"[{title(kind.cls)}](#{title(kind.cls).lower()})"
        case _:
            return WORDS[type(kind)]


def helps(program: str) -> str:
    """The help of a program and of each of its commands."""
    root = _program(program)
    pages = []
    for path in _commands(root, (program,)):
        level = "#" * (len(path) + 1)
        text = CliRunner().invoke(
            root,
            [*path[1:], "--help"],
            prog_name=program,
            terminal_width=90,
            catch_exceptions=False,
        )
        pages.append(f"{level} `{' '.join(path)}`\n\n```text\n{text.output.rstrip()}\n```\n")
    return "\n".join(pages)


def _program(name: str) -> Any:
    if name == "kith":
        from kithbook_client.cli.main import kith

        return kith
    from kithbook_server.__main__ import kithd

    return kithd


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words of each command, a program first."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from _commands(command.get_command(context, name), (*path, name))


def settings() -> str:
    """The settings of kithd with their defaults, as their docstrings tell them."""
    tree = ast.parse(Path(getfile(Settings)).read_text())
    [found] = [one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == "Settings"]
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field, told in pairwise(found.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            default = getattr(Settings(), field.target.id)
            meaning = " ".join(ast.literal_eval(told.value).split())
            name, shown = field.target.id.upper(), f"`{default}`" if default != "" else "none"
            rows.append(f"| `{PREFIX}{name}` | {shown} | {meaning} |")
    return "\n".join(rows) + "\n"

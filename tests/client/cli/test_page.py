"""The page of commands: complete, grouped, with help and examples that can be typed."""

import shlex
from collections.abc import Iterator

import click
import pytest

from kithbook_client import __version__
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import EVERYWHERE, Command
from kithbook_client.cli.main import FIRST, PAGE, kith, run
from tests.client.cli.conftest import NOW, Typed

LINES = {name: line for entries in PAGE.values() for name, (_, line) in entries.items()}


def commands() -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(kith, info_name="kith")
    for name in kith.list_commands(ctx):
        found = kith.get_command(ctx, name)
        assert found is not None
        yield name, found
        if isinstance(found, click.Group):
            yield from ((f"{name} {sub}", command) for sub, command in found.commands.items())


COMMANDS = dict(commands())


def test_the_page_lists_every_command_under_its_heading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--help"]) == 0
    page = capsys.readouterr().out
    places = [page.index(f"\n{heading}:\n") for heading in PAGE]
    assert places == sorted(places)
    assert all(f"  {name} " in page and line in page for name, line in LINES.items())
    assert all(f"\n  {line}\n" in page for line in FIRST)
    assert run([]) == 0
    assert capsys.readouterr().out == page


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = COMMANDS[name]
    assert run([*name.split(), "--help"]) == 0
    page = capsys.readouterr().out
    first_line = (command.help or "").partition("\n")[0]
    assert first_line.endswith(".")
    assert first_line == LINES.get(name, first_line)
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert set(EVERYWHERE) <= set(options)
    assert all(option.help for option in options)
    if isinstance(command, Command):
        assert command.examples
        assert f"  {command.examples[0]}\n" in page


@pytest.mark.parametrize(
    "line", [line for c in COMMANDS.values() if isinstance(c, Command) for line in c.examples]
)
def test_every_example_can_be_typed(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "kith"
    words = [word for word in words if word != "--json"]
    name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
    command = COMMANDS[name]
    command.make_context(name, words[len(name.split()) :], obj=Call(NOW))


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"kith {__version__}\n"


@pytest.mark.parametrize("words", [("mett",), ("met",), ("met", "Bob", "--wher"), ("--what",)])
def test_what_cannot_be_understood_ends_with_2(kith: Typed, words: tuple[str, ...]) -> None:
    error = kith.refused(*words, code=2)
    assert error["code"] == "usage"
    ran = kith.run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: kith ")
    assert error["message"] in ran.err

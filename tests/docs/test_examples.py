"""What the pages show is what happens: console blocks, Python, and lines to import."""

import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.docs import console
from tests.docs.pages import PAGES, name, text


def with_blocks(language: str) -> list[Path]:
    return [page for page in PAGES if f"\n```{language}\n" in page.read_text()]


@pytest.mark.parametrize("page", with_blocks("console"), ids=name)
def test_commands_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    for step, printed, wrong in console.play(page.read_text(), tmp_path):
        assert wrong is None, (
            f"$ {step.command}\n{wrong}. The page says:\n{step.printed}\nIt prints:\n{printed}\n"
            f"`python -m tests.docs.console {name(page)}` writes that."
        )


@pytest.mark.parametrize("page", with_blocks("python"), ids=name)
def test_python_gives_what_the_page_says(page: Path) -> None:
    for example in Sybil([PythonCodeBlockParser()]).parse(page).examples():
        example.evaluate()


def test_the_examples_of_events_can_be_imported(tmp_path: Path) -> None:
    lines = re.findall(r"^```json\n(.*?)^```$", text("docs/events.md"), re.MULTILINE | re.DOTALL)
    shell = console.Shell(tmp_path)
    (shell.home / "examples.jsonl").write_text("".join(lines))
    printed, code = shell.run("kith init --me Ada >/dev/null; kith import examples.jsonl")
    assert f"Added {len(lines)} events." in printed
    assert code == 0


@pytest.mark.parametrize(
    ("printed", "expected", "is_same"),
    [
        ("event 0a1b2c3d:1 on 2026-01-02\n", "event ffffffff:1 on 2025-11-30\n", True),
        ("event 0a1b2c3d:1\n", "event 0a1b2c3d:2\n", False),
        ("NAME      LAST\nBob       today\n", "NAME  LAST\nBob   yesterday (2026-11-22)\n", True),
        ("a\nb\nc\nd\n", "a\n…\nd\n", True),
        ("a\nb\nc\n", "a\n…\nd\n", False),
        ("3 events\n", "4 events\n", False),
        ("last 2026-01-01\n", "last 2026-01-02\n", False),
    ],
)
def test_outputs_may_differ_in_ids_times_and_widths(
    printed: str, expected: str, is_same: bool
) -> None:
    assert console.same(printed, expected, said={"2026-01-01"}) is is_same


def test_steps_are_commands_with_what_they_print() -> None:
    page = "text\n\n```console\n$ kith met Bob \\\n>   --at yesterday\nMet Bob.\n$ kith next\n```\n"
    found = [(step.command, step.printed) for step in console.steps(page)]
    assert found == [("kith met Bob \\\n  --at yesterday", "Met Bob.\n"), ("kith next", "")]

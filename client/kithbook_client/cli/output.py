"""What people read: lines, and tables that are plain aligned text unless somebody looks at them.

Whatever comes out of a log was written by somebody, so control characters are shown and never
obeyed by the terminal.
"""

import os
import sys
from collections.abc import Collection, Sequence
from functools import cache
from itertools import chain

import click
import msgspec

from kithbook_client.typed import OBEYED


def is_terminal() -> bool:
    return sys.stdout.isatty()


def say(text: str = "") -> None:
    click.echo(text)


def print_json(answer: object) -> None:
    """One JSON object: on a single line for programs, indented for whoever looks at it."""
    encoded = msgspec.json.encode(answer)
    if is_terminal():
        Terminal().write(msgspec.json.format(encoded) + b"\n")
    else:
        click.echo(encoded.decode())


class Terminal:
    """Takes JSON or other lines in bytes, and shows them without anything that it would obey."""

    def __init__(self, *, json: bool = True) -> None:
        self.shown = _escaped() if json else _shown() | {0x0A: "\n", 0x0D: None}

    def write(self, content: bytes, /) -> int:
        click.echo(content.decode().translate(self.shown), nl=False)
        return len(content)


def _escaped() -> dict[int, str]:
    """What JSON may hold as it is."""
    return {code: f"\\u{code:04x}" for code in chain(*OBEYED) if code >= 0x7F}


@cache
def _shown() -> dict[int, str]:
    return dict.fromkeys(chain(*OBEYED), "\ufffd") | {0x0A: " ", 0x09: " "}


def plain(text: str) -> str:
    """The text on one line and without anything that a terminal would obey."""
    return text if text.isprintable() else text.translate(_shown())


def dim(text: str) -> str:
    return click.style(text, dim=True) if _coloured() else text


def strong(text: str) -> str:
    return click.style(text, bold=True) if _coloured() else text


def _coloured() -> bool:
    env = os.environ
    return is_terminal() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    faint: Collection[int] = (),
) -> None:
    """A table; the columns in `right` hold numbers, the rows in `faint` do not count any more."""
    columns = [_plain(column) for column in zip(*rows, strict=True)] if rows else []
    if is_terminal():
        from kithbook_client.cli.fitting import print_table

        print_table(headings, columns, right, faint, coloured=_coloured())
        return
    aligned = [
        _align([heading.upper(), *column], to_right=number in right)
        for number, (heading, column) in enumerate(zip(headings, columns, strict=False))
    ]
    click.echo("\n".join("  ".join(row).rstrip() for row in zip(*aligned, strict=True)))


# A column of ten thousand cells is looked at as a whole first: most are plain letters throughout.


def _plain(cells: Sequence[str]) -> Sequence[str]:
    return cells if "".join(cells).isprintable() else [plain(cell) for cell in cells]


def _align(cells: Sequence[str], *, to_right: bool) -> list[str]:
    width_of = len if "".join(cells).isascii() else _width
    width = max(map(width_of, cells))
    if to_right:
        return [" " * (width - width_of(cell)) + cell for cell in cells]
    return [cell + " " * (width - width_of(cell)) for cell in cells]


def _width(text: str) -> int:
    """How many columns of a terminal it takes."""
    from unicodedata import east_asian_width

    return len(text) + sum(east_asian_width(letter) in "WF" for letter in text)

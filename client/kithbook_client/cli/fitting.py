"""A table on a terminal, and what gives way where it is narrow.

Text wraps between words, in the widest column first. Where even the longest words do not fit
beside each other, every row is a block with a line for each of its cells.
"""

from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2
LONG = 32
"""A word of more letters than an id, such as a link, may be broken."""

Columns = Sequence[Sequence[str]]


def print_table(
    headings: Sequence[str],
    columns: Columns,
    right: Collection[int],
    faint: Collection[int],
    *,
    coloured: bool,
) -> None:
    console = Console(color_system="auto" if coloured else None)
    filled = columns or [()] * len(headings)
    whole = [[heading, *cells] for heading, cells in zip(headings, filled, strict=True)]
    widths = fitted(whole, console.width)
    if widths is None:
        console.print(_blocks(headings, columns, faint))
        return
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for number, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        made.add_column(
            heading, justify="right" if number in right else "left", width=width, overflow="fold"
        )
    for number, row in enumerate(zip(*columns, strict=True)):
        made.add_row(*map(Text, row), style=_style(number, faint))
    console.print(made)


def fitted(columns: Columns, room: int) -> list[int] | None:
    """How wide each column is to be; None where their longest words do not fit in the room."""
    room -= GAP * (len(columns) - 1)
    words = [max(map(_word, cells)) for cells in columns]
    if sum(words) > room:
        return None
    under = [max(_word(heading), *map(cell_len, cells), 0) for heading, *cells in columns]
    figures = [max(map(_figures, cells)) for cells in columns]
    widths = [min(room, max(map(cell_len, cells))) for cells in columns]
    for least in (under, figures, words):  # headings give way first, `4 → 5` last
        _narrow(widths, least, room)
    return widths


def _narrow(widths: list[int], least: Sequence[int], room: int) -> None:
    """Take from the widest column that has more than its least, until all fit or none has."""
    while sum(widths) > room:
        spare = [width if width > few else 0 for width, few in zip(widths, least, strict=True)]
        if not any(spare):
            return
        widths[spare.index(max(spare))] -= 1


def _word(text: str) -> int:
    """How wide its longest word is."""
    return min(LONG, max(map(cell_len, text.split()), default=0))


def _figures(text: str) -> int:
    return _word(text) if any(map(str.isalpha, text)) else cell_len(text)


def _blocks(headings: Sequence[str], columns: Columns, faint: Collection[int]) -> Table:
    made = Table.grid(padding=(0, GAP, 0, 0))
    made.add_column(style="bold", width=max(map(cell_len, headings)))
    made.add_column(overflow="fold")
    for number, row in enumerate(zip(*columns, strict=True)):
        if number:
            made.add_row()
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                made.add_row(heading, Text(cell), style=_style(number, faint))
    return made


def _style(number: int, faint: Collection[int]) -> str | None:
    return "dim strike" if number in faint else None

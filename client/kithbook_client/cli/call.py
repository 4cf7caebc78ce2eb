"""One call of kith: what was asked for everywhere, the moment, and the home it works on."""

import sys
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

from kithbook_client.cli.output import is_terminal, plain, say

if TYPE_CHECKING:
    from kithbook.events import Content
    from kithbook.readings.listing import Logged
    from kithbook.readings.reader import Reader
    from kithbook.readings.shelf import Shelf
    from kithbook_client.book import Book, PastBook
    from kithbook_client.home import Home
    from kithbook_client.people import Ask, Finder
    from kithbook_client.replica import Replica


class Call:
    """Made once for a command line; every command gets it first."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.json = False
        self.home_path: str | None = None
        self.network: str | None = None
        self.as_of: str | None = None
        self.known_at: str | None = None
        self.supposed: list[Content] | None = None
        """What is only supposed and not written: verbs leave their events here."""
        self.exit_code = 0

    @property
    def now_us(self) -> int:
        return round(self.now.timestamp() * 1_000_000)

    def now_ms(self) -> int:
        """The moment for everything that this call writes down."""
        return self.now_us // 1000

    @cached_property
    def home(self) -> "Home":
        from kithbook_client.home import Home

        return Home.open(self.home_path, self.now_ms)

    @cached_property
    def replica(self) -> "Replica":
        """The network that is written to: the one that was asked for, else the current one."""
        return self.home.replica(self.network)

    @cached_property
    def replicas(self) -> "list[Replica]":
        """The networks that are read: the one that was asked for, else all of this home."""
        return self.home.replicas() if self.network is None else [self.replica]

    @cached_property
    def book(self) -> "Replica | Book":
        """What is read, as one address book."""
        if len(self.replicas) == 1:
            return self.replicas[0]
        from kithbook_client.book import Book

        return Book(self.replicas)

    @cached_property
    def people(self) -> "Finder":
        """Finds people for a command that reads."""
        return self.finder(self.book)

    def finder(self, book: "Replica | Book") -> "Finder":
        from kithbook_client.people import Finder

        return Finder(book, self.now_ms(), self.ask)

    def viewpoint(self, who: str | None) -> bytes | None:
        """Whose view was asked for, None for one's own."""
        return self.people.find(who).id if who is not None else None

    @property
    def may_ask(self) -> bool:
        """Whether somebody sits at a terminal."""
        return not self.json and is_terminal() and sys.stdin.isatty()

    @property
    def ask(self) -> "Ask | None":
        """How to let somebody choose, where somebody can."""
        return _ask if self.may_ask else None

    @cached_property
    def past(self) -> "PastBook | None":
        """What is read where the line asks for a past moment."""
        if self.as_of is None and self.known_at is None:
            return None
        from kithbook_client.book import PastBook
        from kithbook_client.cli.clocks import moment

        return PastBook(self.replicas, self.now_ms(), moment(self))

    @cached_property
    def reader(self) -> "Reader":
        if self.past is None:
            return self.book.reader(self.now_ms())
        return self.reader_of(self.past)

    def reader_of(self, past: "PastBook") -> "Reader":
        """Who reads a past; whoever has no name in it is called by today's."""
        reader = past.reader(self.book.me)
        reader.names.otherwise = lambda person: self.people.named(person).name
        return reader

    @property
    def shelf(self) -> "Shelf":
        return self.reader.shelf

    def find_event(self, text: str) -> "tuple[Replica, Logged]":
        """The event LOG:SEQ in whichever network it stands; `last` is of the one written to."""
        if text.strip().lower() == "last":
            return self.replica, self.replica.find_event(text)
        from kithbook_client.book import find_event

        return find_event(self.replicas, text)

    def name(self, person: bytes) -> str:
        """How to call somebody in a sentence."""
        return "you" if self.reader.is_me(person) else self.reader.names[person]

    def network_name(self, network: bytes) -> str:
        """What one of the networks that are read is called."""
        return self._network_names[network]

    def placed(
        self, headings: Sequence[str], rows: Sequence[Sequence[str]], where: Sequence[str]
    ) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """A table with a column that says where each row is from, if several networks are read."""
        if len(self.replicas) == 1:
            return headings, rows
        return (*headings, "network"), [(*row, name) for row, name in zip(rows, where, strict=True)]

    @cached_property
    def _network_names(self) -> dict[bytes, str]:
        return {one.network: one.name for one in self.replicas}

    def close(self) -> None:
        if "home" in self.__dict__:
            self.home.close()


def set_on_call(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Keep an option that many commands share where each of them looks for it."""
    # It may stand before the command or after; what is not said there must not undo this.
    if value and (call := ctx.find_object(Call)) is not None:
        setattr(call, str(param.name), value)


def _ask(question: str, candidates: Sequence[str]) -> int:
    """Let whoever sits at the terminal choose."""
    say(f"{question}:")
    for number, candidate in enumerate(candidates, 1):
        say(f"  {number}  {plain(candidate)}")
    choice: int = click.prompt("Which one", type=click.IntRange(1, len(candidates)))
    return choice - 1

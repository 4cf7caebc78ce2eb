"""One call of kith: what was asked for everywhere, the moment, and the home it works on."""

import sys
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

from kithbook_client.cli.output import is_terminal, plain, say

if TYPE_CHECKING:
    from kithbook.readings.reader import Reader
    from kithbook.readings.shelf import Shelf
    from kithbook_client.home import Home
    from kithbook_client.people import Finder
    from kithbook_client.replica import Replica


class Call:
    """Made once for a command line; every command gets it first."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.json = False
        self.home_path: str | None = None
        self.network: str | None = None
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
        return self.home.replica(self.network)

    def replicas(self) -> "list[Replica]":
        """Every network of this home, or the one that was asked for."""
        if self.network is not None:
            return [self.replica]
        return [self.home.replica(network.id.hex()) for network in self.home.networks()]

    @cached_property
    def people(self) -> "Finder":
        from kithbook_client.people import Finder

        may_ask = not self.json and is_terminal() and sys.stdin.isatty()
        return Finder(self.replica, self.now_ms(), _ask if may_ask else None)

    @cached_property
    def shelf(self) -> "Shelf":
        return self.replica.reading(self.now_ms())

    @cached_property
    def reader(self) -> "Reader":
        from kithbook.readings.reader import Reader

        return Reader(self.shelf, self.replica.speakers, self.replica.me, self.now_us)

    def name(self, person: bytes) -> str:
        """How to call somebody in a sentence."""
        return "you" if person == self.replica.me else self.reader.names[person]

    def close(self) -> None:
        if "home" in self.__dict__:
            self.home.close()


def _ask(question: str, candidates: Sequence[str]) -> int:
    """Let whoever sits at the terminal choose."""
    say(f"{question}:")
    for number, candidate in enumerate(candidates, 1):
        say(f"  {number}  {plain(candidate)}")
    choice: int = click.prompt("Which one", type=click.IntRange(1, len(candidates)))
    return choice - 1

"""Helps that are thanked for: nothing is read of them, so their rows need not be kept.

What such a row held is made again from the log when it is to change: from the help and from the
thanks that close it. A row with any other thanks, or with several, is kept.
"""

from kithbook.facts.effects import Entry, apply
from kithbook.facts.rows import Help, Thanks
from kithbook.facts.tables import Place, Table, Tables
from kithbook.places import Beside, Numbers


class Thanked:
    """The helps that were left to the log, each with where its thanks are."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._thanks = Beside()

    def leave(self, helps: Table[Place, Help]) -> Table[Place, Help]:
        """Those of these helps in work that can be left, which are then in work no more."""
        left: Table[Place, Help] = Table("help", Help, None)
        for place, thanks in [(key, one) for key, row in helps.items() if (one := _closing(row))]:
            self._thanks.put(place, self._numbers.of((thanks.log, thanks.seq)))
            left[place] = helps.pop(place)
            if place in helps.before:
                left.before[place] = helps.before.pop(place)
        return left

    def keep(self, place: Place) -> None:
        """A help has a row again."""
        self._thanks.drop(place)

    def thanks_for(self, place: Place) -> Place | None:
        """Where the thanks are for a help that was left; None for any other."""
        number = self._thanks.get(place)
        return None if number is None else self._numbers.place(number)


def remade(help_: Entry, thanks: Entry) -> Help:
    """The row as it was when it was left."""
    tables = Tables()
    apply(tables, [help_, thanks])
    return tables.help[help_.log, help_.seq]


def _closing(row: Help) -> Thanks | None:
    """The only thanks for a help, where they close it."""
    given = row.given
    if given is None or len(row.thanks) != 1:
        return None
    [thanks] = row.thanks
    closes = (thanks.check, thanks.by, thanks.to) == (given.check, given.to, given.by)
    return thanks if closes else None

"""Helps that wait for thanks, straight from the facts: a whole ledger would take longer."""

from collections.abc import Collection

import msgspec

from kithbook.facts.rows import Moment
from kithbook.ids import Ref
from kithbook.readings.shelf import Shelf


class Waiting(msgspec.Struct, frozen=True):
    """A help that nobody was thanked for yet, and who gave it."""

    moment: Moment
    help: Ref
    giver: bytes


def waiting(
    shelf: Shelf,
    one: dict[bytes, bytes],
    takers: Collection[bytes],
    givers: Collection[bytes] | None = None,
) -> list[Waiting]:
    """What all ids of one human got, from one human or from anybody; the oldest first.

    It looks through the open helps of the givers, or else of the takers.
    """
    found = [
        Waiting(given.moment, Ref(*place, given.check), given.by)
        for place, row in shelf.helps_of(takers if givers is None else givers)
        if (given := row.given) and given.to in takers and given.by not in takers
        if (givers is None or given.by in givers) and not row.closed(one)
    ]
    return sorted(found, key=lambda w: (w.moment, w.help.log, w.help.seq))

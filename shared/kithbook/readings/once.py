"""Facts that stand in two networks, counted once where both are read."""

from collections.abc import Collection, Mapping
from operator import sub
from typing import Any

import msgspec

from kithbook.facts.effects import Entry, apply
from kithbook.facts.fold import is_in_effect
from kithbook.facts.rows import Help, Referral
from kithbook.facts.tables import PairKey, Tables
from kithbook.readings.shelf import Patched, Shelf


def without_copies(shelf: Shelf, copies: Collection[Entry], me: bytes, upto: int) -> Shelf:
    """The shelf of a network in which `me` told again, in these events, what counts elsewhere too.

    What they add up to is taken off, where they happened up to `upto` and so are in effect. What
    tells when something was, and how far somebody is trusted, is the same on both sides and stays.
    """
    told, left = Tables(), Tables()
    apply(told, (entry for entry in copies if is_in_effect(entry.event, upto)))
    others = {who for key in (*told.tie, *told.link) for who in key[1:]} - {me}
    for key, row in _among(told.tie, shelf.ties_of(others)):
        left.tie[key] = msgspec.structs.replace(row, count=row.count - told.tie[key].count)
    links = {**dict(shelf.links_from(others)), **dict(shelf.links_to(others))}
    for key, link in _among(told.link, links.items()):
        less = told.link[key]
        helps = list(map(sub, link.helps, less.helps))
        left.link[key] = msgspec.structs.replace(
            link, helps=helps, thanks=link.thanks - less.thanks
        )
    for place, help_ in told.help.items():
        if help_.given is not None:
            left.help[place] = Help()
    left.referral.update(dict.fromkeys(told.referral, Referral()))
    return Patched(shelf, left)


def _among(told: Mapping[PairKey, Any], rows: Any) -> list[tuple[PairKey, Any]]:
    return [(key, row) for key, row in rows if key in told]

"""The networks of a home, as the home lists them, and how one of them is named."""

from collections.abc import Sequence

import msgspec

from kithbook.errors import NotFound
from kithbook.ids import NetworkId


class Network(msgspec.Struct, frozen=True):
    """A network of this home; `server` is where it syncs.

    `private` is one's own, `current` the one that is written to where nothing else is said, and
    `left` when one left it, in ms since 1970.
    """

    no: int
    id: NetworkId
    name: str
    server: str | None
    private: bool = False
    current: bool = False
    left: int | None = None


def named(networks: Sequence[Network], text: str) -> Network:
    """The network with this name, or whose id starts like this. Raises NotFound."""
    fits = [one for one in networks if one.name == text] or [
        one for one in networks if one.id.hex().startswith(text.lower())
    ]
    if len(fits) > 1:
        fits = [one for one in fits if one.left is None]
    if len(fits) == 1:
        return fits[0]
    count = "More than one" if fits else "No"
    raise NotFound(
        f"{count} network here is called “{text}”.",
        f"There are: {', '.join(f'{one.name} ({one.id.hex()[:8]})' for one in networks)}.",
    )

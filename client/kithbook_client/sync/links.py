"""Links: an address whose path says what it is for and whose fragment holds the secret.

    http://HOST:PORT/setup#SECRET      makes a server host a network; printed by kithd
    http://HOST:PORT/device#SECRET     brings a further device of one's own
    http://HOST:PORT/invite#SECRET     brings somebody else

The secret of the last two is, in base64url, the network's id and the private seed of a ticket.
A fragment is never sent to a server by whatever opens the link.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from kithbook.errors import Invalid
from kithbook.ids import ID_BYTES, NetworkId

Kind = Literal["setup", "device", "invite"]
SEED_BYTES = 32


class Link(msgspec.Struct, frozen=True):
    """`secret` is what stands in the fragment."""

    kind: Kind
    origin: str
    secret: str

    def __str__(self) -> str:
        return f"{self.origin}/{self.kind}#{self.secret}"

    @classmethod
    def of_ticket(cls, kind: Kind, origin: str, network: NetworkId, seed: bytes) -> "Link":
        """The link of a ticket with this private seed."""
        return cls(kind, origin, urlsafe_b64encode(network + seed).decode().rstrip("="))

    @property
    def ticket(self) -> tuple[NetworkId, bytes]:
        """The network and the private seed of the ticket. Raises Invalid where there is none."""
        try:
            packed = urlsafe_b64decode(self.secret + "=" * (-len(self.secret) % 4))
        except ValueError:
            packed = b""
        if len(packed) != ID_BYTES + SEED_BYTES:
            raise Invalid(
                "This link is not whole: what follows the # is too short or too long.",
                "Copy all of it, and put it in quotes.",
            )
        return NetworkId(packed[:ID_BYTES]), packed[ID_BYTES:]


def parse_link(text: str) -> Link:
    """Raises Invalid for what is no link."""
    parts = urlsplit(text.strip())
    base, _, kind = parts.path.rpartition("/")
    kinds: dict[str, Kind] = {"setup": "setup", "device": "device", "invite": "invite"}
    if parts.scheme not in {"http", "https"} or not parts.netloc or kind not in kinds:
        raise Invalid(
            f"“{text}” is no link that kith can join.",
            "A link looks like https://HOST/invite#SECRET; kithd, kith invite and kith device add "
            "make them.",
        )
    if not parts.fragment:
        raise Invalid(
            "This link is not whole: its secret, which follows a #, is missing.",
            "Put the link in quotes, or the shell cuts it off.",
        )
    link = Link(kinds[kind], f"{parts.scheme}://{parts.netloc}{base}", parts.fragment)
    if link.kind != "setup":
        link.ticket  # noqa: B018 - raises where it is not whole
    return link

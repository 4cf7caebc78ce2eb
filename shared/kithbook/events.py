"""The events: what happened between people, and the bookkeeping that corrects and governs it.

An event is an immutable struct. Its type name is its wire tag and never changes; a new layout of
a type gets the tag `name/2` and the old struct stays here with an upcaster in `codec`.

Times are two fields: `at`, microseconds since 1970 UTC, and `zone`, minutes east of UTC of the
place where it was said, or None for a bare date (whose `at` is 00:00 UTC). People are 16-byte
ids. Trust levels are whole tenths, 0 to 100. The wire is an array without field names, so a field
is only ever added in a new version of a type.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Literal, get_args

import msgspec

from kithbook.ids import Ref
from kithbook.when import END_AT, FIRST_AT

Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Source = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Batch = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
At = Annotated[int, msgspec.Meta(ge=FIRST_AT, lt=END_AT)]
Zone = Annotated[int, msgspec.Meta(ge=-1439, le=1439)]
Tenths = Annotated[int, msgspec.Meta(ge=0, le=100)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, lt=2**48)]
Seq = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
People = Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=100)]

HelpKind = Literal["information", "money", "fun"]
How = Literal["in-person", "call", "message", "event"]
Role = Literal["owner", "member", "reader"]

HELP_KINDS: tuple[HelpKind, ...] = ("information", "money", "fun")
SIZES = (1, 2, 3)


class Event(
    msgspec.Struct,
    frozen=True,
    array_like=True,
    forbid_unknown_fields=True,
    gc=False,
    kw_only=True,
):
    """What every event carries. `source` says where it was copied from, `batch` with what."""

    at: At
    zone: Zone | None = None
    note: str | None = None
    source: Source | None = None
    batch: Batch | None = None


class Met(Event, tag="met", frozen=True, kw_only=True):
    """`by` and these people were in touch."""

    by: Id
    people: People
    where: str | None = None
    how: How | None = None


class Helped(Event, tag="helped", frozen=True, kw_only=True):
    """`by` helped `to`; size is 1 (small) to 3 (large)."""

    by: Id
    to: Id
    what: str
    kind: HelpKind = "information"
    size: Literal[1, 2, 3] = 1


class Thanked(Event, tag="thanked", frozen=True, kw_only=True):
    """`by` thanked `to`, for these helps or for none in particular."""

    by: Id
    to: Id
    helps: tuple[Ref, ...] = ()


class Referred(Event, tag="referred", frozen=True, kw_only=True):
    """`by` recommended `who` to `to`."""

    by: Id
    who: Id
    to: Id
    what: str | None = None


class Trusted(Event, tag="trusted", frozen=True, kw_only=True):
    """`by` states how far they trust `whom`; level None withdraws what was stated."""

    by: Id
    whom: Id
    level: Tenths | None
    context: str | None = None


class Described(Event, tag="described", frozen=True, kw_only=True):
    """Fields of a person's card set or unset; `over` names the events whose values they replace."""

    person: Id
    set: dict[Text, str] = {}
    unset: tuple[Text, ...] = ()
    over: tuple[Ref, ...] = ()


class Merged(Event, tag="merged", frozen=True, kw_only=True):
    """These ids are one human."""

    people: Annotated[tuple[Id, ...], msgspec.Meta(min_length=2, max_length=100)]


class Retracted(Event, tag="retracted", frozen=True, kw_only=True):
    """That event does not count any more; it stays in the history."""

    event: Ref
    why: str | None = None


class Ruled(Event, tag="ruled", frozen=True, kw_only=True):
    """An owner sets a rule of the network; see `readings.rules` for the settings that are known."""

    setting: Text
    value: str


class Erased(Event, tag="erased", frozen=True, kw_only=True):
    """The bodies of these events are to be destroyed everywhere; their hashes stay."""

    events: tuple[Ref, ...]


class Founded(Event, tag="founded", frozen=True, kw_only=True):
    """The first event of a network: `key` and `nonce` open the founder's log, `me` names them."""

    key: PublicKey
    nonce: Id
    name: str
    me: Text
    device: str = ""


class Invited(Event, tag="invited", frozen=True, kw_only=True):
    """A ticket: who holds its private key may open one log as `person`, until `expires` (ms)."""

    ticket: PublicKey
    person: Id
    role: Role
    expires: Milliseconds | None = None


class Joined(Event, tag="joined", frozen=True, kw_only=True):
    """The first event of a log that a ticket opens; `signature` is by the ticket's private key."""

    key: PublicKey
    nonce: Id
    ticket: PublicKey
    signature: Signature
    device: str = ""


class DeviceAdded(Event, tag="device added", frozen=True, kw_only=True):
    """The first event of a further log of a device that already has one in this network.

    `sponsor` is that other log and `signature` is by its key: so a copied home or one whose clock
    ran ahead goes on in a log of its own, and nobody has to be asked.
    """

    key: PublicKey
    nonce: Id
    sponsor: Id
    signature: Signature
    device: str = ""


class RoleGiven(Event, tag="role", frozen=True, kw_only=True):
    """A member has this role from now on; `last` is each of their logs' last seq before that."""

    person: Id
    role: Role
    last: dict[Id, Seq]


class Removed(Event, tag="removed", frozen=True, kw_only=True):
    """A member is one no more; `last` is what still counts of each of their logs."""

    person: Id
    last: dict[Id, Seq]


class DeviceRevoked(Event, tag="device revoked", frozen=True, kw_only=True):
    """The device with this key speaks no more; `last` is what still counts of each of its logs.

    Logs of other devices that it vouched for go on only when they are named as well.
    """

    key: PublicKey
    last: dict[Id, Seq]


Content = (
    Met | Helped | Thanked | Referred | Trusted | Described | Merged | Retracted | Ruled | Erased
)
Membership = Founded | Invited | Joined | RoleGiven | Removed | DeviceAdded | DeviceRevoked
Opening = Founded | Joined | DeviceAdded
AnyEvent = Content | Membership

OPENINGS = (Founded, Joined, DeviceAdded)
MEMBERSHIP = (Founded, Invited, Joined, RoleGiven, Removed, DeviceAdded, DeviceRevoked)
CLEAR = (*MEMBERSHIP, Erased)
"""Whose bodies logs and sync look into; all others they only store, verify and pass on."""


def type_name(event: AnyEvent) -> str:
    """The type as people and JSON write it, without a layout version."""
    return _name(type(event))


def _name(kind: type[Event]) -> str:
    return str(kind.__struct_config__.tag).partition("/")[0]


TYPE_NAMES = tuple(map(_name, get_args(AnyEvent)))


def people_in(event: AnyEvent) -> tuple[bytes, ...]:
    """The people an event names, each once, whoever speaks first."""
    named = naming(type(event))(event)
    if len(named) == 2:
        return named if named[0] != named[1] else named[:1]
    return tuple(dict.fromkeys(named))


def naming(kind: type) -> Callable[[Any], tuple[bytes, ...]]:
    """What tells whom an event of a type names, some perhaps twice."""
    return _NAMED.get(kind, _nobody)


def _nobody(_: AnyEvent) -> tuple[bytes, ...]:
    return ()


_NAMED: dict[type, Callable[[Any], tuple[bytes, ...]]] = {
    Met: lambda met: (met.by, *met.people),
    Helped: attrgetter("by", "to"),
    Thanked: attrgetter("by", "to"),
    Referred: attrgetter("by", "who", "to"),
    Trusted: attrgetter("by", "whom"),
    Described: lambda described: (described.person,),
    Invited: lambda invited: (invited.person,),
    RoleGiven: lambda given: (given.person,),
    Removed: lambda removed: (removed.person,),
    Merged: attrgetter("people"),
}
"""A table, because a match would ask of each type in turn, for every event."""


def refs_in(event: AnyEvent) -> tuple[Ref, ...]:
    """The events an event names: the helps it thanks for, what it replaces, retracts or erases."""
    match event:
        case Thanked():
            return event.helps
        case Described():
            return event.over
        case Retracted():
            return (event.event,)
        case Erased():
            return event.events
        case _:
            return ()

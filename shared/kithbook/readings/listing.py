"""Events as answers: each with its fields under the names of the event tables, people by name."""

from collections.abc import Callable, Collection

import msgspec

from kithbook.clock import wall_ms
from kithbook.codec import Unreadable
from kithbook.events import AnyEvent, people_in, type_name
from kithbook.ids import Ref, event_id, fold_name
from kithbook.readings.answers import EventAnswer
from kithbook.when import format_at, format_ms

Name = Callable[[bytes], str]
"""A person's id → their name."""

COMMON = {"at", "zone", "note", "source", "batch"}
PERSON = {"by", "to", "who", "whom", "person"}
SECRET = {"key", "nonce", "ticket", "signature", "last", "sponsor"}
"""Proofs of membership: `kith verify` checks them, nobody reads them."""


class Logged(msgspec.Struct, frozen=True):
    """An event of the log as this replica holds it. `void` is why it does not count, if so."""

    log: bytes
    seq: int
    hlc: int
    received: int
    author: bytes | None
    device: str | None
    event: AnyEvent | Unreadable
    void: str | None = None
    check: bytes = b""
    network: bytes = b""

    @property
    def ref(self) -> Ref:
        """The event as other events name it."""
        return Ref(self.log, self.seq, self.check)


Find = Callable[[bytes, int], Logged | None]
"""Log and seq → the event there."""


class Filter(msgspec.Struct, frozen=True):
    """Which events are asked for; what is left out asks for any. Times are µs since 1970."""

    types: Collection[str] = ()
    authors: Collection[bytes] = ()
    device: str | None = None
    since: int | None = None
    until: int | None = None
    batch: str | None = None

    def fits(self, logged: Logged) -> bool:
        return (
            (not self.types or kind_of(logged.event) in self.types)
            and (not self.authors or logged.author in self.authors)
            and (self.device is None or fold_name(logged.device or "") == fold_name(self.device))
            and (self.since is None or self.since <= happened(logged))
            and (self.until is None or happened(logged) <= self.until)
            and (self.batch is None or batch_of(logged.event).startswith(self.batch))
        )


def kind_of(event: AnyEvent | Unreadable) -> str:
    """The type, also of what cannot be read."""
    return event.type if isinstance(event, Unreadable) else type_name(event)


def batch_of(event: AnyEvent | Unreadable) -> str:
    """The name of the import that added it, empty where none did."""
    return "" if isinstance(event, Unreadable) or event.batch is None else event.batch.hex()


def happened(logged: Logged) -> int:
    """When it was, in µs since 1970; of what cannot be read, when it was recorded."""
    event = logged.event
    return wall_ms(logged.hlc) * 1000 if isinstance(event, Unreadable) else event.at


def event_answer(logged: Logged, name: Name, network: str = "") -> EventAnswer:
    """One event for a program or a person to read; `network` is what its network is called."""
    event = logged.event
    answer = EventAnswer(
        event=event_id(logged.log, logged.seq),
        type="?",
        at=None,
        recorded=format_ms(wall_ms(logged.hlc)),
        received=format_ms(logged.received),
        author=name(logged.author) if logged.author else None,
        device=logged.device,
        people=[],
        counts=logged.void is None,
        void=logged.void,
        note=None,
        fields={},
        network=network,
    )
    if isinstance(event, Unreadable):
        return msgspec.structs.replace(answer, type=event.type, fields={"why": event.why})
    return msgspec.structs.replace(
        answer,
        type=type_name(event),
        at=format_at(event.at, event.zone),
        people=[name(person) for person in people_in(event)],
        note=event.note,
        fields=fields(event, name),
    )


def fields(event: AnyEvent, name: Name) -> dict[str, object]:
    """An event's own fields as JSON has them: names for people, ids for events, levels 0 to 10."""
    told: dict[str, object] = {}
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if field in COMMON or field in SECRET:
            continue
        if field in PERSON:
            told[field] = name(value)
        elif field == "people":
            told[field] = [name(person) for person in value]
        elif field == "helps":
            told["for"] = [_id(ref) for ref in value]
        elif field in {"over", "events"}:
            told[field] = [_id(ref) for ref in value]
        elif isinstance(value, Ref):
            told[field] = _id(value)
        elif field == "level":
            told[field] = None if value is None else value / 10
        else:
            told[field] = value
    return told


def _id(ref: Ref) -> str:
    return event_id(ref.log, ref.seq)

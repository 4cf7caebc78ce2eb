"""What a report tells, before it is a page."""

import msgspec

from kithbook.audit.history import By
from kithbook.readings.answers import EventAnswer, Why


class Row(msgspec.Struct, frozen=True):
    """An event that moved the score. `at` is when, by the clock of the history, in µs since 1970;
    `said` the event as a sentence, `path` the chain that it left, in names, and `late` how long it
    took to get here, where that was long.
    """

    at: int
    before: float | None
    after: float | None
    said: str
    path: str
    late: str
    event: EventAnswer
    hash: str


class Source(msgspec.Struct, frozen=True):
    """A network of which a report tells, and the digest by which copies of it are compared."""

    name: str
    id: str
    digest: str


class Report(msgspec.Struct, frozen=True):
    """A score and its history by each clock, made at `made` (µs since 1970); `erased` is how many
    events nobody can tell of any more.
    """

    why: Why
    histories: dict[By, list[Row]]
    erased: int
    made: int
    networks: list[Source]
    version: str

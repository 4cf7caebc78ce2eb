"""Lines: one event of a JSONL file, with people by name, as `kith import` reads them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from kithbook.errors import Invalid
from kithbook.events import (
    Content,
    Described,
    Helped,
    HelpKind,
    How,
    Merged,
    Met,
    Referred,
    Ruled,
    Text,
    Thanked,
    Trusted,
)
from kithbook.ids import Ref
from kithbook.readings.rules import parse_rule
from kithbook.when import END_AT, EPOCH, FIRST_AT, parse_iso

Names = Annotated[list[str], msgspec.Meta(min_length=1, max_length=100)]
Level = Annotated[float, msgspec.Meta(ge=0, le=10)]

Who = Callable[[str], bytes]
"""A name → the person it means."""
Which = Callable[[str], Ref]
"""An event's id in the file or here → the event as others name it."""


class Line(
    msgspec.Struct, tag_field="type", forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """What every line may carry; `event` is the id it was exported with.

    A line's source is a hash of its canonical JSON. A field that a later release adds must be None
    where it is not told: None is left out, and so no source changes.
    """

    at: str | None = None
    note: str | None = None
    event: str | None = None


class MetLine(Line, kw_only=True, tag="met"):
    by: str = "me"
    people: Names
    where: str | None = None
    how: How | None = None


class HelpedLine(Line, kw_only=True, tag="helped"):
    by: str = "me"
    to: str
    what: str = ""
    kind: HelpKind = "information"
    size: Literal[1, 2, 3] = 1


class ThankedLine(Line, kw_only=True, tag="thanked", rename={"helps": "for"}):
    by: str = "me"
    to: str
    helps: list[str] = []


class ReferredLine(Line, kw_only=True, tag="referred"):
    by: str = "me"
    who: str
    to: str
    what: str | None = None


class TrustedLine(Line, kw_only=True, tag="trusted"):
    by: str = "me"
    whom: str
    level: Level | None
    context: str | None = None


class DescribedLine(Line, kw_only=True, tag="described"):
    person: str
    set: dict[Text, str] = {}
    unset: list[Text] = []


class MergedLine(Line, kw_only=True, tag="merged"):
    people: Annotated[list[str], msgspec.Meta(min_length=2, max_length=100)]


class RuledLine(Line, kw_only=True, tag="ruled"):
    setting: Text
    value: str


AnyLine = (
    MetLine
    | HelpedLine
    | ThankedLine
    | ReferredLine
    | TrustedLine
    | DescribedLine
    | MergedLine
    | RuledLine
)


def event_of(line: AnyLine, who: Who, which: Which, common: dict[str, Any]) -> Content:
    """The event that a line tells; `common` are the fields that every event has.

    Raises Invalid where what it says cannot be.
    """
    return _MAKE[type(line)](line, who, which, common)


def _met(line: MetLine, who: Who, _: Which, common: dict[str, Any]) -> Met:
    people, by = tuple([who(name) for name in line.people]), who(line.by)
    if by in people and len(set(people)) == 1:
        name = "you" if by == who("me") else line.by
        raise Invalid(f"Nobody but {name} was there.", "Name the others.")
    return Met(**common, by=by, people=people, where=line.where, how=line.how)


def _helped(line: HelpedLine, who: Who, _: Which, common: dict[str, Any]) -> Helped:
    by, to = _apart(who(line.by), who(line.to))
    if not line.what.strip():
        raise Invalid("The help is empty.", "Say what was done.")
    return Helped(**common, by=by, to=to, what=line.what, kind=line.kind, size=line.size)


def _thanked(line: ThankedLine, who: Who, which: Which, common: dict[str, Any]) -> Thanked:
    helps = tuple([which(event) for event in line.helps])
    by, to = _apart(who(line.by), who(line.to))
    return Thanked(**common, by=by, to=to, helps=helps)


def _referred(line: ReferredLine, who: Who, _: Which, common: dict[str, Any]) -> Referred:
    by, whom, to = _apart(who(line.by), who(line.who), who(line.to))
    return Referred(**common, by=by, who=whom, to=to, what=line.what)


def _trusted(line: TrustedLine, who: Who, _: Which, common: dict[str, Any]) -> Trusted:
    by, whom = _apart(who(line.by), who(line.whom))
    level = None if line.level is None else _tenths(line.level)
    return Trusted(**common, by=by, whom=whom, level=level, context=line.context)


def _described(line: DescribedLine, who: Who, _: Which, common: dict[str, Any]) -> Described:
    return Described(**common, person=who(line.person), set=line.set, unset=tuple(line.unset))


def _merged(line: MergedLine, who: Who, _: Which, common: dict[str, Any]) -> Merged:
    return Merged(**common, people=tuple([who(name) for name in line.people]))


def _ruled(line: RuledLine, _who: Who, _: Which, common: dict[str, Any]) -> Ruled:
    parse_rule(line.setting, line.value)
    return Ruled(**common, setting=line.setting, value=line.value)


_MAKE: dict[type, Callable[[Any, Who, Which, dict[str, Any]], Content]] = {
    MetLine: _met,
    HelpedLine: _helped,
    ThankedLine: _thanked,
    ReferredLine: _referred,
    TrustedLine: _trusted,
    DescribedLine: _described,
    MergedLine: _merged,
    RuledLine: _ruled,
}


def _apart(*people: bytes) -> tuple[bytes, ...]:
    """These people, who are as many humans."""
    if len(set(people)) < len(people):
        raise Invalid(
            "One person stands on two sides of this event.", "Name somebody else on one side."
        )
    return people


def when(text: str) -> tuple[int, int | None]:
    """(at, zone) of a time in a file, most often in UTC. Raises Invalid where it is none."""
    if text.endswith("Z"):
        with suppress(ValueError):
            since = datetime.fromisoformat(text) - EPOCH
            at = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
            if FIRST_AT <= at < END_AT:
                return at, 0
    return parse_iso(text)


def _tenths(level: float) -> int:
    tenths = round(level * 10)
    if abs(level * 10 - tenths) > 1e-9:
        raise Invalid(f"{level} has more than one decimal.", "A level is 0 to 10 in tenths: 8.5.")
    return tenths

"""Events in words: one sentence each, past tense, `you` for whoever reads."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from kithbook.codec import Unreadable
from kithbook.events import (
    AnyEvent,
    Described,
    DeviceAdded,
    DeviceRevoked,
    Erased,
    Founded,
    Helped,
    Invited,
    Joined,
    Merged,
    Met,
    Referred,
    Removed,
    Retracted,
    RoleGiven,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.ids import event_id
from kithbook.when import EPOCH

Name = Callable[[bytes], str]
"""A person's id → how to call them in a sentence."""

SIZES = {1: "", 2: "medium", 3: "large"}
LOG_DIGITS = 8


def told(event: AnyEvent | Unreadable, name: Name) -> str:
    """The event as one sentence without its full stop."""
    match event:
        case Met():
            how = f" ({event.how})" if event.how else ""
            people = listing([name(person) for person in event.people])
            return f"{subject(name(event.by))} met {people}{_if(' at ', event.where)}{how}"
        case Helped():
            extra = ", ".join(word for word in (event.kind, SIZES[event.size]) if word)
            return f"{subject(name(event.by))} helped {name(event.to)}: {event.what} ({extra})"
        case Thanked():
            return f"{subject(name(event.by))} thanked {name(event.to)}{_for(event)}"
        case Referred():
            who, to = name(event.who), name(event.to)
            return f"{subject(name(event.by))} referred {who} to {to}{_if(': ', event.what)}"
        case Trusted(level=None):
            return f"{subject(name(event.by))} withdrew the trust stated in {name(event.whom)}"
        case Trusted():
            level = f"{(event.level or 0) / 10:g}{_if(' in ', event.context)}"
            return f"{subject(name(event.by))} trusted {name(event.whom)} {level}"
        case Described():
            return f"Described {name(event.person)}: {_card(event)}"
        case Unreadable():
            return f"Something of the type {event.type} ({event.why})"
        case _:
            return _kept(event, name)


def _kept(event: AnyEvent, name: Name) -> str:
    """The events that correct and govern the others."""
    match event:
        case Merged():
            names = list(dict.fromkeys(map(name, event.people)))
            if len(names) == 1:
                return f"{len(event.people)} ids of {names[0]} are one human"
            return f"{subject(listing(names))} are one human"
        case Retracted():
            return f"Took back {short_id(event.event.log, event.event.seq)}{_if(': ', event.why)}"
        case Ruled():
            return f"Set the rule {event.setting} to {event.value}"
        case Erased():
            places = [short_id(ref.log, ref.seq) for ref in event.events]
            return f"Erased {listing(places)}"
        case _:
            return _membership(event, name)


def _membership(event: AnyEvent, name: Name) -> str:
    match event:
        case Founded():
            return f"{event.me} founded the network {event.name}{_if(' on ', event.device)}"
        case Invited():
            return f"Invited {name(event.person)} as {event.role}"
        case Joined() | DeviceAdded():
            return f"Joined{_if(' with ', event.device)}"
        case DeviceRevoked():
            return "Revoked a device"
        case RoleGiven():
            return (
                f"Made {name(event.person)} {'an' if event.role == 'owner' else 'a'} {event.role}"
            )
        case Removed():
            return f"Removed {name(event.person)}"
        case _:
            return "Something of a type that this release cannot tell"


def listing(names: Sequence[str]) -> str:
    """`Bob`, `Bob and Carol`, `Bob, Carol and Dave`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def counted(count: int, one: str = "event", many: str = "events") -> str:
    """`1 event`, `2,000 events`."""
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def subject(name: str) -> str:
    """A name at the start of a sentence; only `you` takes a capital, names are as they are."""
    return f"Y{name[1:]}" if name == "you" or name.startswith(("you ", "you,")) else name


def sentence(text: str) -> str:
    """With a full stop; what you did yourself goes without `You`."""
    if text.startswith("You "):
        text = f"{text[4:5].upper()}{text[5:]}"
    return text if text.endswith((".", "!", "?")) else f"{text}."


def short_id(log: bytes, seq: int) -> str:
    """The start of an event's id, enough to name it on this device."""
    return short_event(event_id(log, seq))


def short_event(event: str) -> str:
    log, _, seq = event.partition(":")
    return f"{log[:LOG_DIGITS]}:{seq}"


def day(moment: str | None) -> str:
    """The day of an ISO 8601 moment, by the clocks of where it was."""
    return (moment or "")[: len("2026-11-23")]


def day_words(at: int, zone: int | None, now: datetime) -> str:
    """`yesterday (2026-11-22)`, `2026-11-20`, `today 14:30`: in the time of the reader's place."""
    moment = EPOCH + timedelta(microseconds=at)
    clock = ""
    if zone is None:
        date_ = moment.date()
    else:
        moment = moment.astimezone(now.tzinfo or UTC)
        date_ = moment.date()
        clock = f" {moment:%H:%M}"
    return f"{_near(date_, now.date())}{clock}"


def _near(that: date, today: date) -> str:
    match (today - that).days:
        case 0:
            return "today"
        case 1:
            return f"yesterday ({that})"
        case _:
            return str(that)


def _for(event: Thanked) -> str:
    match len(event.helps):
        case 0:
            return ""
        case 1:
            return f" for {short_id(event.helps[0].log, event.helps[0].seq)}"
        case many:
            return f" for {many} helps"


def _card(event: Described) -> str:
    come = [f"{field.partition(':')[0]} {text}" for field, text in event.set.items()]
    gone = [f"no {field.replace(':', ' ')}" for field in event.unset]
    return ", ".join(come + gone) or "nothing new"


def _if(before: str, text: str | None) -> str:
    return f"{before}{text}" if text else ""

"""Events as a table, and one event whole."""

import re
from collections.abc import Iterator, Sequence

from kithbook.clock import counter, wall_ms
from kithbook.codec import Unreadable
from kithbook.ids import event_id, fold_name
from kithbook.readings.answers import Whole
from kithbook.readings.listing import Logged, fields
from kithbook.when import format_at, format_ms
from kithbook_client.cli.call import Call
from kithbook_client.cli.output import dim, plain, print_json, say, strong, table
from kithbook_client.cli.words import day_words, listing, sentence, short_id, told
from kithbook_client.replica import Replica

EVENT = re.compile(r"[0-9a-f]{1,32}:[0-9]+|last")


def print_events(call: Call, found: Sequence[Logged]) -> None:
    """A table of events in words; those that do not count are faint, with the reason."""
    rows = [
        (short_id(one.log, one.seq), _when(call, one), _what(call, one), one.void or "")
        for one in found
    ]
    faint = {number for number, one in enumerate(found) if one.void}
    where = [call.network_name(one.network) for one in found]
    table(*call.placed(("event", "when", "what", ""), rows, where), faint=faint)


def _when(call: Call, logged: Logged) -> str:
    event = logged.event
    return "" if isinstance(event, Unreadable) else day_words(event.at, event.zone, call.now)


def _what(call: Call, logged: Logged) -> str:
    event = logged.event
    note = None if isinstance(event, Unreadable) else event.note
    return told(event, call.name) + (f" | {note}" if note else "")


def names_event(call: Call, text: str) -> bool:
    """Whether these words mean an event: people may be called `a:1` too, and they come first."""
    folded = fold_name(text)
    return EVENT.fullmatch(folded) is not None and not call.book.lookup(folded)


def show_event(call: Call, replica: Replica, logged: Logged) -> None:
    """All that is known of one event."""
    from kithbook_client.whole import whole, whole_answer

    found = whole(replica, logged, call.replicas)
    if call.json:
        name = call.reader.names.__getitem__
        print_json(Whole([whole_answer(replica, found, name, call.network_name)]))
        return
    say(strong(plain(sentence(told(logged.event, call.name)))))
    rows = list(_fields(call, logged))
    by = f" by {short_id(*replica.logs.at(found.void_by))}" if found.void_by else ""
    because = f": {found.void_why}" if found.void_why else ""
    rows.append(("counts", f"no: {logged.void}{by}{because}" if logged.void else "yes"))
    rows.append(
        (
            "place",
            f"{logged.seq} of {found.of} in its log; received here as number {found.position}",
        )
    )
    rows.append(("hash", found.hash.hex()))
    rows.append(("previous", found.previous.hex()))
    rows.append(
        (
            "sealed",
            f"by the seal at {found.sealed}" if found.sealed else "not yet; kith sync seals it",
        )
    )
    width = max(len(label) for label, _ in rows)
    for label, text in rows:
        say(plain(f"{label:<{width}}  {text}"))
    for heading, events in (("Referred to by", found.referring), ("The same fact", found.copies)):
        if events:
            say()
            say(dim(heading))
            print_events(call, events)


def _fields(call: Call, logged: Logged) -> Iterator[tuple[str, str]]:
    event = logged.event
    yield "id", event_id(logged.log, logged.seq)
    if isinstance(event, Unreadable):
        yield "why", event.why
    else:
        yield "happened", format_at(event.at, event.zone)
        for label, value in fields(event, call.name).items():
            if value not in (None, [], {}, ()):
                yield label, _text(value)
        if event.note:
            yield "note", event.note
        if event.batch:
            yield "batch", event.batch.hex()
    wrote = counter(logged.hlc)
    yield "recorded", format_ms(wall_ms(logged.hlc)) + (f", number {wrote}" if wrote else "")
    yield "received", format_ms(logged.received)
    yield "author", call.name(logged.author) if logged.author else "nobody who is known"
    yield "device", logged.device or "unnamed"


def _text(value: object) -> str:
    """A field for people to read."""
    match value:
        case list():
            return listing([str(one) for one in value])
        case dict():
            return ", ".join(f"{name}: {text}" for name, text in value.items())
        case float():
            return f"{value:g}"
        case _:
            return str(value)

"""What is written on a person's card: describe."""

from collections.abc import Callable, Iterator
from typing import Any

import click

from kithbook.errors import Invalid
from kithbook.events import Described
from kithbook.ids import Ref
from kithbook.readings.cards import LISTS, SINGLE, parse_birthday
from kithbook.readings.merges import ids_of
from kithbook.readings.rules import parse_days
from kithbook_client.cli.call import Call
from kithbook_client.cli.recording import Recording, new_option, verb
from kithbook_client.typed import clean

HELPS = {
    "name": ("TEXT", "What to call them from now on."),
    "alias": ("TEXT", "Another name they are found by; repeatable, as are the next four."),
    "email": ("ADDRESS", "An e-mail address."),
    "phone": ("NUMBER", "A phone number."),
    "tag": ("WORD", "A word to group people by."),
    "link": ("URL", "A page of theirs."),
    "org": ("TEXT", "Where they work."),
    "title": ("TEXT", "What they do there."),
    "cadence": ("LENGTH", "How often to be in touch: 30d, 6w, 3m, 1y."),
    "birthday": ("DATE", "1815-12-10, or --12-10 without the year."),
}


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for field, (metavar, text) in reversed(HELPS.items()):
        option = click.option(f"--{field}", metavar=metavar, multiple=field in LISTS, help=text)
        function = option(function)
    return function


@verb(
    "describe",
    "kith describe Bob --email bob@example.org --tag java --cadence 30d",
    "kith describe Bob --unset tag:java --unset org",
)
@click.argument("who", metavar="WHO")
@_options
@click.option(
    "--benefactor",
    type=click.Choice(["direct", "indirect"]),
    help="Whether they can help you, or share something with you.",
)
@click.option(
    "--unset",
    multiple=True,
    metavar="FIELD[:VALUE]",
    help="A field that holds nothing any more; repeatable.",
)
@new_option
def kith_describe(
    call: Call,
    who: str,
    unset: tuple[str, ...],
    new: bool,
    at: str | None,
    note: str | None,
    **fields: Any,
) -> None:
    """Write on somebody's card: e-mail, tags, how often to be in touch."""
    values = dict(_values(fields))
    if not values and not unset:
        raise click.UsageError("Say what to write down, such as --email, --tag or --cadence.")
    gone = tuple(dict.fromkeys(_field(text) for text in unset))
    if both := [field for field in gone if field in values]:
        raise click.UsageError(f"Set {both[0]} or unset it: one line cannot do both.")
    recording = Recording(call, at, note)
    person = recording.person(who, new=new)
    over = _over(recording, person, [*values, *gone])
    said = Described(person=person, set=values, unset=gone, over=over, **recording.common)
    recording.record(said)


def _values(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Field → value as a card has them: one field for each value of those that hold many."""
    for field, given in fields.items():
        for value in given if field in LISTS else [given]:
            if value is not None:
                text = _checked(field, clean(field, value))
                yield (f"{field}:{text}", text) if field in LISTS else (field, text)


def _checked(field: str, text: str) -> str:
    try:
        match field:
            case "cadence":
                parse_days(text)
            case "birthday":
                parse_birthday(text)
            case "email" if "@" not in text or " " in text:
                raise ValueError(text)
            case "name" if text.casefold() == "me":
                raise ValueError(text)
    except ValueError as error:
        _, example = HELPS[field]
        raise Invalid(f"“{text}” is no {field}.", example) from error
    return text


def _field(text: str) -> str:
    """The field that --unset names, as a card has it."""
    field, _, value = text.partition(":")
    if field in SINGLE and not value and field != "name":
        return field
    if field in LISTS and value:
        return f"{field}:{value}"
    known = ", ".join([name for name in SINGLE if name != "name"] + [f"{n}:VALUE" for n in LISTS])
    raise Invalid(f"“{text}” is no field that can be unset.", f"The fields are {known}.")


def _over(recording: Recording, person: bytes, fields: list[str]) -> tuple[Ref, ...]:
    """The events that said something of these fields until now; the new one replaces them all."""
    ids = ids_of(recording.people.one, {person})
    said = [row for _, name, row in recording.shelf.card_of(ids) if name in fields]
    gone = {(o.log, o.seq, o.check) for row in said for o in row.over}
    return tuple(
        Ref(*place)
        for place in sorted(
            {(v.order.log, v.order.seq, v.check) for row in said for v in row.values} - gone
        )
    )

"""Recording one event: who is meant, when it was, and what to say about it afterwards."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kithbook.errors import Invalid, Refused
from kithbook.events import Content, people_in, type_name
from kithbook.ids import event_id, fold_name
from kithbook.when import AHEAD_US, format_at, instant
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Command, command
from kithbook_client.cli.output import dim, plain, print_json, say
from kithbook_client.cli.words import day_words, listing, sentence, short_id, subject, told
from kithbook_client.people import Finder, Maker, Named, near_misses
from kithbook_client.typed import clean

if TYPE_CHECKING:
    from kithbook.readings.shelf import Shelf
    from kithbook_client.replica import Replica

Function = Callable[..., None]


class NamedAnswer(msgspec.Struct, frozen=True):
    id: str
    name: str
    new: bool


class Recorded(msgspec.Struct, frozen=True):
    """What a verb answers in JSON: the event, the people that the line named, and its fields."""

    event: str
    type: str
    at: str
    people: list[NamedAnswer]
    fields: dict[str, object]


AT = click.Option(
    ["--at"], metavar="WHEN", help="When it was: 2026-11-23, yesterday, 3 days ago (default now)."
)
NOTE = click.Option(["--note"], metavar="TEXT", help="Anything to keep with it.")


def verb(name: str, *examples: str) -> Callable[[Function], Command]:
    """A command that records an event: it also takes when it was, and a note."""
    return command(name, *examples, shared=(AT, NOTE))


by_option = click.option("--by", metavar="WHO", help="Who did it (default you).")
new_option = click.option("--new", is_flag=True, help="Somebody else of a name you already know.")


class Recording:
    """One event on its way from the words of a command line into the log."""

    def __init__(
        self, call: Call, at: str | None, note: str | None, replica: "Replica | None" = None
    ) -> None:
        self.call = call
        self.replica = replica or call.replica
        if call.supposed is None:
            refuse_if_mute(self.replica)
        self.people = Maker(self.replica, call.now_ms(), call.ask)
        self.known_people: Finder = self.people
        self.dated = at is not None
        self.at, self.zone = _when(at, call.now)
        note = note and clean("note", note, lines=True)
        self.common: dict[str, Any] = {"at": self.at, "zone": self.zone, "note": note}
        """The fields that every event has."""
        self._named: dict[bytes, Named] = {}
        self._presumed: set[bytes] = set()
        """Who is new only because nobody here has that name."""

    @cached_property
    def shelf(self) -> "Shelf":
        """The facts of the network that is written to."""
        return self.replica.reading(self.call.now_ms())

    def person(self, who: str, *, new: bool = False) -> bytes:
        """Whom a name means; one that fits nobody makes a new person together with the event."""
        named = self.people.find_or_make(who, new=new)
        if named.new and not new:
            self._refuse_date(named.name)
            self._presumed.add(named.id)
        return self._note(named)

    def _refuse_date(self, name: str) -> None:
        """Refuse to make a person called `yesterday`: --at was forgotten."""
        from kithbook.spoken import parse_when

        try:
            parse_when(name, self.call.now, datetime.astimezone)
        except Invalid:
            return
        from shlex import join

        raise Refused(
            f"Nobody here is called “{name}”, and it is a date.",
            f"Did you mean {join(['--at', name])}? Whoever is called so is made with --new.",
        )

    def known(self, who: str) -> bytes:
        """Whom a name means, among those who are known already."""
        return self._note(self.known_people.find(who))

    def by(self, who: str | None) -> bytes:
        """Who did it: whoever sits at the keyboard unless the line says otherwise."""
        return self.person(who) if who is not None else self.replica.me

    def _note(self, named: Named) -> bytes:
        self._named[named.id] = named
        return named.id

    def name(self, person: bytes) -> str:
        """How to call somebody in a sentence."""
        if person == self.replica.me:
            return "you"
        named = self._one(person)
        return f"{named.name} (new)" if named.new else named.name

    def apart(self, *people: bytes) -> None:
        """Refuse an event in which one human stands on two sides."""
        seen = set()
        for person in people:
            if (human := self.people.human(person)) in seen:
                raise Refused(
                    f"{subject(self.name(person))} cannot stand on two sides of one event.",
                    "Name somebody else, or say with --by who did it.",
                )
            seen.add(human)

    def record(self, event: Content, words: str | None = None) -> None:
        """Append the event, after those that make its new people, and say so; or suppose it."""
        # A new person is known from that event on, or from now where it is still to come.
        known = (self.at, self.zone) if self.at <= self.call.now_us else instant(self.call.now)
        events = [*self.people.births(*known), event]
        if self.call.supposed is not None:
            self.call.supposed += events
            return
        entry = self.replica.append(events)[-1]
        if self.call.json:
            print_json(self._answer(event, event_id(entry.log, entry.seq)))
            return
        words = words or told(event, self.name)
        if self.dated:
            words += f", {day_words(self.at, self.zone, self.call.now)}"
        say(f"{plain(sentence(words))}  {dim(short_id(entry.log, entry.seq))}")
        for hint in self._hints():
            say(plain(hint))

    def _answer(self, event: Content, id_: str) -> Recorded:
        from kithbook.readings.listing import fields

        named = [self._named[person] for person in people_in(event) if person in self._named]
        return Recorded(
            id_,
            type_name(event),
            format_at(event.at, event.zone),
            [NamedAnswer(one.id.hex(), one.name, one.new) for one in named],
            fields(event, lambda person: self._one(person).name),
        )

    def _one(self, person: bytes) -> Named:
        return self._named.get(person) or self.people.named(person)

    def _hints(self) -> list[str]:
        hints = []
        if self.at > self.call.now_us + AHEAD_US:
            hints.append("That is still to come: it counts from then on.")
        for named in self._named.values():
            if named.near:
                from shlex import join

                merge = join(["kith", "merge", named.name, named.near[0]])
                near = " or ".join(named.near)
                hints.append(f"{named.name} is new here. Did you mean {near}? Then type: {merge}")
            elif named.new and (others := self._also_in(named.name)):
                from shlex import join

                merge = join(["kith", "merge", named.name, "--in", self.call.home.private.name])
                hints.append(
                    f"{named.name} is new here, and in {listing(others)} somebody is called so as "
                    f"well. If they are one human, type: {merge}"
                )
            elif named.id in self._presumed and (far := self._near_in_others(named.name)):
                from shlex import join

                merge = join(
                    ["kith", "merge", named.name, far[0][0], "--in", self.call.home.private.name]
                )
                meant = " or ".join(f"{name} in {network}" for name, network in far)
                hints.append(f"{named.name} is new here. Did you mean {meant}? Then type: {merge}")
        return hints

    def _also_in(self, name: str) -> list[str]:
        """The other networks of this home in which somebody has this name."""
        return [other.name for other in self._others if other.lookup(fold_name(name))]

    def _near_in_others(self, name: str) -> list[tuple[str, str]]:
        """Known names that this one may have been meant for, each with its network."""
        return [
            (near, other.name)
            for other in self._others
            for near in near_misses(name, other.lookup_prefix)
        ][:3]

    @cached_property
    def _others(self) -> "list[Replica]":
        """The other networks of this home."""
        if len(self.call.home.networks()) == 1:
            return []
        return [one for one in self.call.home.replicas() if one.no != self.replica.no]


def refuse_if_mute(replica: "Replica") -> None:
    """What would count for nobody is not written down."""
    own = replica.own()
    if own and own[0].standing.until is not None:
        from kithbook_client.mute import why_mute

        if mute := why_mute(replica):
            raise mute
    if replica.role == "reader":
        raise Refused(
            f"You are a reader of {replica.name}, and readers write nothing there.",
            "Write elsewhere with --in NETWORK, or ask an owner for another role.",
        )


def _when(at: str | None, now: datetime) -> tuple[int, int | None]:
    if at is None:
        return instant(now)
    from kithbook.spoken import parse_when

    return parse_when(at, now, datetime.astimezone)

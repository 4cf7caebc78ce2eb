"""Sentences: what is supposed to have been said as well, in the words that would write it down."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from kithbook.audit.answering import Supposed
from kithbook.errors import NotFound
from kithbook.events import Content, Described
from kithbook_client.cli.call import Call

if TYPE_CHECKING:
    from kithbook_client.replica import Replica

SAID = ("met", "helped", "thanked", "referred", "trusted", "describe", "merge")
"""The verbs whose events can be supposed."""


class Sentences:
    """`events` are what these would write in each of the networks that are read, and `new` the
    people whom only they make.
    """

    def __init__(self, call: Call, said: Iterable[str], ruled: Iterable[str]) -> None:
        self.call = call
        self.events: list[list[Content]] = [[] for _ in call.replicas]
        self._new: dict[Supposed, None] = {}
        for text in said:
            self._say(_sentence(text))
        for text in ruled:
            # The rules that are read are those of the first.
            self.events[0] += _written(call, call.replicas[0], _ruling(text))

    @property
    def new(self) -> list[Supposed]:
        return list(self._new)

    def _say(self, words: list[str]) -> None:
        """In the network that is written to, unless only another one knows all who are named."""
        tried: list[tuple[Replica, list[Content], list[str]]] = []
        errors: list[Exception] = []
        known = (one for one in self.call.replicas if one.is_known)
        for one in sorted(known, key=lambda one: one.no != self.call.replica.no):
            try:
                events = _written(self.call, one, words)
            except (NotFound, click.UsageError) as error:
                errors.append(error)
            else:
                tried.append((one, events, _made(one, events)))
        if not tried:
            raise errors[0]
        chosen, events, made = min(tried, key=lambda found: bool(found[2]))
        self.events[self.call.replicas.index(chosen)] += events
        self._new |= dict.fromkeys(Supposed(name, chosen.name) for name in made)


def _made(replica: "Replica", events: list[Content]) -> list[str]:
    """The names of those whom the events would make."""
    said = [event for event in events if isinstance(event, Described)]
    known = replica.names([event.person for event in said])
    return [event.set["name"] for event in said if event.person not in known]


def _written(call: Call, replica: "Replica", words: list[str]) -> list[Content]:
    """The events that the command with these words would write."""
    from kithbook_client.cli.main import kith

    inner = Call(call.now)
    inner.json, inner.network, inner.home = call.json, replica.network.hex(), call.home
    inner.supposed = []
    with kith.make_context("kith", words, obj=inner) as ctx:
        kith.invoke(ctx)
    return inner.supposed


def _sentence(text: str) -> list[str]:
    """The words of what is supposed to have been said as well."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise click.UsageError(f"“{text}” has a quotation that does not end.") from error
    words = words[1:] if words[:1] == ["kith"] else words
    if not words or words[0] not in SAID:
        raise click.UsageError(f"“{text}” says nothing to add; begin with {', '.join(SAID)}.")
    return words


def _ruling(text: str) -> list[str]:
    setting, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"“{text}” sets no rule; write it as transfer=1/2.")
    return ["rule", "--", setting, value]

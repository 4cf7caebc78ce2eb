"""What if: scores with some events dropped and others added, without writing any."""

import shlex
from typing import TYPE_CHECKING

import click

from kithbook.audit.answering import WhatIfAnswer, what_if_answer
from kithbook.audit.difference import TrustChange
from kithbook.audit.supposing import Supposition, moved
from kithbook.errors import Refused
from kithbook.readings.explain import score_text
from kithbook_client.cli.call import Call
from kithbook_client.cli.changes import network_of
from kithbook_client.cli.clocks import PAST, moment
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say, table
from kithbook_client.cli.trust import from_option

if TYPE_CHECKING:
    from kithbook.events import Content
    from kithbook_client.replica import Replica

SHOWN = 50
SAID = ("met", "helped", "thanked", "referred", "trusted", "describe", "merge")
"""The verbs whose events can be supposed."""


@command(
    "what-if",
    "kith what-if --drop 1f0c9a7e:12",
    'kith what-if Carol --add "trusted Carol 4 --by Bob"',
    "kith what-if --drop-author Bob",
    "kith what-if --rule transfer=1/2",
    shared=PAST,
)
@click.argument("who", required=False, metavar="[WHO]")
@click.option("--drop", multiple=True, metavar="EVENT", help="Without this event; repeatable.")
@click.option("--drop-author", multiple=True, metavar="WHO", help="Without the word of somebody.")
@click.option("--add", multiple=True, metavar="SENTENCE", help="Had somebody also `trusted Bob 4`.")
@click.option("--rule", multiple=True, metavar="SETTING=VALUE", help="By another rule.")
@from_option
def kith_what_if(
    call: Call,
    who: str | None,
    drop: tuple[str, ...],
    drop_author: tuple[str, ...],
    add: tuple[str, ...],
    rule: tuple[str, ...],
    viewpoint: str | None,
) -> None:
    """Which scores would be others, had something not been said.

    Nothing is written. With WHO it is only about them. What is added with --by a member is their
    own word; their word is what their devices wrote, and what others wrote in their name.
    """
    sentences = [*map(_sentence, add), *map(_ruling, rule)]
    if not (drop or drop_author or sentences):
        raise click.UsageError("Say what to suppose: --drop, --drop-author, --add or --rule.")
    replica, places = _dropped(call, drop, who or next(iter(drop_author), None))
    now = replica.pasts.at(call.now_ms(), moment(call)).reader(replica.me, replica.name)
    people = call.finder(replica)
    silence = frozenset(one for name in drop_author for one in now.ids(people.find(name).id))
    events = [event for words in sentences for event in _said(call, replica, words)]
    supposed = Supposition(places, silence, tuple(events))
    then = replica.pasts.at(call.now_ms(), moment(call), supposed).reader(replica.me, replica.name)
    now.names.otherwise = then.names.__getitem__
    then.names.otherwise = lambda person: people.named(person).name
    start = people.find(viewpoint).id if viewpoint is not None else replica.me
    found = moved(now, then, start, people.find(who).id if who is not None else None)
    answer = what_if_answer(start, found, now.names, then.names)
    if call.json:
        print_json(answer)
    else:
        _print(answer)


def _dropped(
    call: Call, drop: tuple[str, ...], who: str | None
) -> "tuple[Replica, frozenset[tuple[bytes, int]]]":
    """The network that is asked about, and where the events to drop stand in it."""
    found = [call.find_event(event) for event in drop]
    replicas = {replica.network: replica for replica, _ in found}
    if len(replicas) > 1:
        names = " and ".join(replica.name for replica in replicas.values())
        raise Refused(
            f"These events stand in several networks: {names}.", "Ask about one at a time."
        )
    if replicas:
        (replica,) = replicas.values()
    else:
        replica = call.replica if who is None else network_of(call, call.people.find(who).id)
    return replica, frozenset((one.log, one.seq) for _, one in found)


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


def _said(call: Call, replica: "Replica", words: list[str]) -> "list[Content]":
    """The events that the command with these words would write."""
    from kithbook_client.cli.main import kith

    inner = Call(call.now)
    inner.json, inner.network, inner.home = call.json, replica.network.hex(), call.home
    inner.supposed = []
    with kith.make_context("kith", words, obj=inner) as ctx:
        kith.invoke(ctx)
    return inner.supposed


def _print(answer: WhatIfAnswer) -> None:
    if not answer.moved:
        say("No score would be another.")
        return
    rows = [_row(one) for one in answer.moved[:SHOWN]]
    table(("name", "now", "then", "basis", "through"), rows, right=(1, 2))
    if len(rows) < len(answer.moved):
        say(dim(f"… {len(answer.moved) - len(rows):,} more (--json)"))
    say(dim(plain(f"As {answer.from_} sees it. Nothing was written.")))


def _row(one: TrustChange) -> tuple[str, ...]:
    before, after = one.before, one.after
    through = " → ".join(link.by for link in after.chain[1:])
    return before.to, score_text(before.score), score_text(after.score), after.basis, through

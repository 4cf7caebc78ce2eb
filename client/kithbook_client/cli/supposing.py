"""What if: scores with some events dropped and others added, without writing any."""

from typing import TYPE_CHECKING

import click

from kithbook.audit.answering import WhatIfAnswer, what_if_answer
from kithbook.audit.difference import TrustChange
from kithbook.audit.supposing import Supposition, moved
from kithbook.readings.explain import score_text
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST, moment
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say, table
from kithbook_client.cli.sentences import Sentences
from kithbook_client.cli.trust import from_option

if TYPE_CHECKING:
    from kithbook.readings.reader import Reader

SHOWN = 50


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
@click.option(
    "--rule",
    multiple=True,
    metavar="SETTING=VALUE",
    help="By another rule of the network whose rules are read.",
)
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
    if not (drop or drop_author or add or rule):
        raise click.UsageError("Say what to suppose: --drop, --drop-author, --add or --rule.")
    said = Sentences(call, add, rule)
    places = frozenset(_place(call, event) for event in drop)
    now, people = _reader(call, None), call.people
    silence = frozenset(one for name in drop_author for one in now.ids(people.find(name).id))
    supposed = [
        Supposition(places, silence, tuple(events)) if one.is_known else None
        for one, events in zip(call.replicas, said.events, strict=True)
    ]
    then = _reader(call, supposed)
    now.names.otherwise = then.names.__getitem__
    then.names.otherwise = lambda person: people.named(person).name
    start = call.viewpoint(viewpoint) or now.me
    found = moved(now, then, start, people.find(who).id if who is not None else None)
    answer = what_if_answer(start, found, now.names, then.names, said.new)
    if call.json:
        print_json(answer)
    else:
        _print(answer)


def _reader(call: Call, supposed: "list[Supposition | None] | None") -> "Reader":
    """Who reads all networks, as they are or as something is supposed in each of them."""
    from kithbook_client.book import PastBook

    return PastBook(call.replicas, call.now_ms(), moment(call), supposed).reader(call.book.me)


def _place(call: Call, event: str) -> tuple[bytes, int]:
    _, found = call.find_event(event)
    return found.log, found.seq


def _print(answer: WhatIfAnswer) -> None:
    for new in answer.new:
        say(plain(f"Nobody is called {new.name} yet: somebody new in {new.network} is supposed."))
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

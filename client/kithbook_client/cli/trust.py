"""Trust: how far it carries to people, and why."""

import click

from kithbook.readings.answering import scores_answer, trust_answer, why_answer
from kithbook.readings.answers import Link, TrustAnswer, Vouching, Why
from kithbook.readings.explain import number
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, is_terminal, plain, print_json, say, strong, table
from kithbook_client.cli.words import short_event

SHOWN = 50
from_option = click.option(
    "--from", "viewpoint", metavar="WHO", help="Whose trust (default yours)."
)


@command("trust", "kith trust", "kith trust Carol", "kith trust Carol --from Bob --json")
@click.argument("who", required=False, metavar="[WHO]")
@from_option
@click.option("--all", "everybody", is_flag=True, help=f"More than the {SHOWN} best.")
def kith_trust(call: Call, who: str | None, viewpoint: str | None, everybody: bool) -> None:
    """How far you can trust people, by what those you trust say.

    The strongest chain counts. What you say yourself is final: `kith trusted Carol 7`.
    """
    reader, start = call.reader, _start(call, viewpoint)
    if who is not None:
        answer = trust_answer(reader.score(call.people.find(who).id, start), reader.names)
        if call.json:
            print_json(answer)
        else:
            _print([answer])
        return
    found = scores_answer(reader, start)
    if call.json:
        print_json(found)
    elif not found.trust:
        say("Whom do you trust? kith trusted Bob 10")
    else:
        shown = found.trust if everybody or not is_terminal() else found.trust[:SHOWN]
        _print(shown)
        if len(shown) < len(found.trust):
            say(dim(f"… {len(found.trust) - len(shown):,} more (--all)"))


def _start(call: Call, viewpoint: str | None) -> bytes | None:
    return call.people.find(viewpoint).id if viewpoint is not None else None


def _print(answers: list[TrustAnswer]) -> None:
    rows = [
        (
            one.to,
            "" if one.score is None else number(one.score),
            one.basis,
            " → ".join([*(link.by for link in one.chain[1:]), one.to]) if one.chain else "",
        )
        for one in answers
    ]
    table(("name", "trust", "basis", "through"), rows, right=(1,))


@command("why", "kith why Carol", "kith why Carol --from Bob")
@click.argument("who", metavar="WHO")
@from_option
def kith_why(call: Call, who: str, viewpoint: str | None) -> None:
    """Where a trust score comes from, number by number."""
    reader = call.reader
    score = reader.score(call.people.find(who).id, _start(call, viewpoint), others=True)
    answer = why_answer(score, reader.names, reader.rules.divisor)
    if call.json:
        print_json(answer)
    else:
        _explain(answer)


def _explain(why: Why) -> None:
    say(strong(plain(why.sentence)))
    if why.worked:
        say(why.worked)
    if why.chain:
        say()
        _chain(why.chain)
    if why.warned_by is not None:
        say()
        say(plain(f"{why.warned_by.by} warns, with weight {number(why.warned_by.weight)}."))
        if why.warned_by.chain:
            _chain(why.warned_by.chain)
    if why.others:
        say()
        rows = [(_voucher(other), number(other.support), _through(other)) for other in why.others]
        table(("also vouches", "would carry", "through"), rows, right=(1,))


def _voucher(other: Vouching) -> str:
    return other.by if len(other.chain) > 1 else f"{other.by} (own dealings)"


def _through(other: Vouching) -> str:
    return " → ".join(link.by for link in other.chain[1:])


def _chain(links: list[Link]) -> None:
    rows = [
        (
            link.by,
            link.to,
            number(link.level),
            "" if link.stated is None else number(link.stated),
            "" if link.event is None else short_event(link.event),
        )
        for link in links
    ]
    table(("who", "trusts", "level", "stated", "event"), rows, right=(2, 3))

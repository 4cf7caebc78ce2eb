"""Trust: how far it carries to people, and why."""

import click

from kithbook.readings.answering import scores_answer, trust_answer
from kithbook.readings.answers import TrustAnswer
from kithbook.readings.explain import number
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, print_json, say, table

SHOWN = 50
from_option = click.option(
    "--from", "viewpoint", metavar="WHO", help="Whose trust (default yours)."
)


@command(
    "trust", "kith trust", "kith trust Carol", "kith trust Carol --from Bob --json", shared=PAST
)
@click.argument("who", required=False, metavar="[WHO]")
@from_option
@click.option("--all", "everybody", is_flag=True, help=f"More than the {SHOWN} best.")
def kith_trust(call: Call, who: str | None, viewpoint: str | None, everybody: bool) -> None:
    """How far you can trust people, by what those you trust say.

    The strongest chain counts. What you say yourself is final: `kith trusted Carol 7`.
    """
    reader, start = call.reader, call.viewpoint(viewpoint)
    if who is not None:
        answer = trust_answer(reader.score(call.people.find(who).id, start), reader.names)
        if call.json:
            print_json(answer)
        else:
            _print(call, [answer])
        return
    found = scores_answer(reader, start, None if everybody or call.json else SHOWN + 1)
    if call.json:
        print_json(found)
    elif not found.trust:
        say("Whom do you trust? kith trusted Bob 10")
    else:
        shown = found.trust if everybody else found.trust[:SHOWN]
        _print(call, shown)
        if len(shown) < len(found.trust):
            say(dim("… more (--all)"))


def _print(call: Call, answers: list[TrustAnswer]) -> None:
    rows = [
        (
            one.to,
            "" if one.score is None else number(one.score),
            one.basis,
            " → ".join([*(link.by for link in one.chain[1:]), one.to]) if one.chain else "",
        )
        for one in answers
    ]
    where = [", ".join(one.networks) for one in answers]
    table(*call.placed(("name", "trust", "basis", "through"), rows, where), right=(1,))

"""Introductions: who knows somebody, and whom to ask."""

import click

from kithbook.readings.answering import introductions_answer, knower_answer, way_answer
from kithbook.readings.answers import KnowerAnswer
from kithbook.readings.explain import number
from kithbook.readings.introductions import Introductions, introductions
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import PAST
from kithbook_client.cli.command import command
from kithbook_client.cli.ledger import print_owed
from kithbook_client.cli.output import plain, print_json, say, strong, table
from kithbook_client.cli.trust import from_option
from kithbook_client.cli.words import day, subject


@command("intro", "kith intro Carol", "kith intro Carol --in team", shared=PAST)
@click.argument("who", metavar="WHO")
@from_option
def kith_intro(call: Call, who: str, viewpoint: str | None) -> None:
    """Who knows somebody, and who could introduce you.

    Whoever has a word on them or was in touch with them knows them. The ways to an introduction
    are chains of trust, the strongest first, and say for what you have not thanked whom to ask.
    """
    reader, names = call.reader, call.reader.names
    found = introductions(reader, call.people.find(who).id, call.viewpoint(viewpoint))
    if call.json:
        print_json(introductions_answer(found, names))
        return
    say(strong(plain(_first(call, found))))
    if found.ways and viewpoint is None:
        print_owed(call, found.ways[0].owed)
    if len(found.ways) > 1:
        say()
        _print_ways(call, found)
    if found.knowers:
        say()
        _print_knowers(call, found)


def _first(call: Call, found: Introductions) -> str:
    """What to do, in a sentence."""
    to, start = call.name(found.score.to), call.name(found.score.start)
    if found.score.to == found.score.start:
        return f"{subject(start)} need{'' if start == 'you' else 's'} no introduction there."
    if found.ways:
        way = way_answer(found.ways[0], call.reader.names)
        links = ", ".join(f"{link.by} trusts {link.to} {number(link.level)}" for link in way.chain)
        return f"Ask {way.ask}: {links}."
    if found.score.basis == "stated":
        return f"{subject(start)} know{'' if start == 'you' else 's'} {to} already."
    return f"Nobody whom {start} can trust knows {to}."


def _print_ways(call: Call, found: Introductions) -> None:
    rows = []
    for way in found.ways:
        told = way_answer(way, call.reader.names)
        through = " → ".join(link.to for link in told.chain)
        rows.append((told.ask, through, number(told.support), str(len(told.thanks_owed) or "")))
    table(("ask", "through", "carries", "to thank for"), rows, right=(2, 3))


def _print_knowers(call: Call, found: Introductions) -> None:
    rows = []
    for knower in found.knowers:
        told = knower_answer(knower, call.reader.names)
        level = "" if told.level is None else number(told.level)
        contacts = str(told.contacts or "")
        last = day(told.last_contact)
        rows.append((told.name, level, _whose_word(told), last, contacts))
    table(("known by", "trust", "whose word", "last contact", "contacts"), rows, right=(1, 4))


def _whose_word(knower: KnowerAnswer) -> str:
    words = {"first-hand": "own word", "hearsay": "hearsay", "evidence": "inferred"}
    return words[knower.hand] if knower.hand else ""

"""Corrections that reach further than one event: merge, and the rules of a network."""

import click
import msgspec

from kithbook.errors import Invalid, Refused
from kithbook.events import Merged, Ruled
from kithbook.ids import fold_name
from kithbook.readings.rules import CADENCE, FORMS, Rules, parse_rule
from kithbook_client.book import Book
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import Number
from kithbook_client.cli.output import print_json, say, table
from kithbook_client.cli.recording import Recording, verb
from kithbook_client.cli.words import listing, subject
from kithbook_client.typed import clean


@verb("merge", 'kith merge Bob "Robert Smith"', "kith merge Bob")
@click.argument("who", nargs=-1, required=True, metavar="WHO WHO…")
def kith_merge(call: Call, who: tuple[str, ...], at: str | None, note: str | None) -> None:
    """Two names turned out to be one human.

    All their events are read together from then on. `kith retract` takes it back without loss.
    Written to your own network, it may tie people of several, and none of the others learns of it:
    one name alone means everybody who is called so, each in another network.
    """
    recording = Recording(call, at, note)
    if recording.replica.private:
        recording.known_people = call.finder(Book(call.home.replicas()))
    people = _meant(recording, who)
    if not people:
        raise click.UsageError('Name those who are one: kith merge Bob "Robert Smith".')
    if len({recording.known_people.human(person) for person in people}) < 2:
        called = list(dict.fromkeys(recording.name(person) for person in people))
        are = "are" if len(called) > 1 or called == ["you"] else "is"
        raise Refused(
            f"{subject(listing(called))} {are} one human already.", "There is nothing to merge."
        )
    _refuse_for_others(recording, people)
    recording.record(Merged(people=people, **recording.common))
    others = recording.replica.members.intersection(people) - {recording.replica.me}
    if others and not call.json:
        names = listing([recording.name(person) for person in others])
        say(f"It counts once {names} wrote the same: nobody speaks for two members but they.")


def _refuse_for_others(recording: Recording, people: tuple[bytes, ...]) -> None:
    """Of a member only that member says who else they are."""
    replica = recording.replica
    members = replica.members.intersection(people)
    if members and replica.me not in members:
        name = recording.name(members.pop())
        raise Refused(
            f"{name} is a member of {replica.name}: only {name} can say who else {name} is.",
            f"Ask {name} to merge them, or merge them in your own network: --in private.",
        )


def _meant(recording: Recording, who: tuple[str, ...]) -> tuple[bytes, ...]:
    """Those who are named, or all of one name in several networks; nobody where it is only one."""
    if len(set(map(fold_name, who))) == 1:
        same = recording.known_people.namesakes(who[0])
        if len(same) > 1:
            return tuple(recording.known(person.hex()) for person in same)
        if len(who) == 1:
            return ()
    return tuple(dict.fromkeys(recording.known(name) for name in who))


class RuleAnswer(msgspec.Struct, frozen=True):
    setting: str
    value: str


class RulesAnswer(msgspec.Struct, frozen=True):
    """The rules in force, whether the network set them or they are the usual ones."""

    rules: list[RuleAnswer]


@verb("rule", "kith rule", "kith rule transfer 1/2", "kith rule cadence:client 60d")
@click.argument("setting", required=False)
@click.argument("value", cls=Number, required=False)
def kith_rule(
    call: Call, setting: str | None, value: str | None, at: str | None, note: str | None
) -> None:
    """The rules by which trust carries and contacts come due.

    Without SETTING and VALUE it lists them.
    """
    if setting is None:
        _list_rules(call)
        return
    if value is None:
        raise click.UsageError(f"Say what to set {setting} to: kith rule {setting} VALUE.")
    if parse_rule(setting, value) is None:
        raise Invalid(f"There is no rule {setting}.", FORMS)
    recording = Recording(call, at, note)
    recording.record(Ruled(setting=setting, value=clean("value", value), **recording.common))


def _list_rules(call: Call) -> None:
    answer = RulesAnswer([RuleAnswer(*rule) for rule in _rules(call.reader.rules)])
    if call.json:
        print_json(answer)
    else:
        table(("rule", "value"), [(rule.setting, rule.value) for rule in answer.rules])


def _rules(rules: Rules) -> list[tuple[str, str]]:
    from fractions import Fraction

    transfer = Fraction(10 / rules.divisor).limit_denominator(1000)
    return [
        ("transfer", str(transfer)),
        ("cut", f"{rules.cut:g}"),
        ("weights", ", ".join(f"{weight:g}" for weight in rules.weights)),
        ("full", f"{rules.full:g}"),
        ("weak", f"{rules.weak:g}"),
        *((f"{CADENCE}{tag}", f"{days:g}d") for tag, days in sorted(rules.cadence.items())),
    ]

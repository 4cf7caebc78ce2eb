"""Verify the log, and rebuild the views from it."""

import click
import msgspec

from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import plain, print_json, say
from kithbook_client.cli.progress import progress
from kithbook_client.cli.words import counted
from kithbook_client.verify import Problem, VerifyReport, verify


@command("verify", "kith verify", "kith verify --quick")
@click.option("--quick", is_flag=True, help="Only the log, not whether the views follow from it.")
def kith_verify(call: Call, quick: bool) -> None:
    """Check every event against damage and forgery.

    It walks every chain and every seal, works the views out anew to compare them, and ends with 1
    at the first thing that does not fit, saying where it is.
    """
    with progress(call, "Verifying") as bar:
        reports = [verify(one, views=not quick, progress=bar) for one in call.replicas]
    problems = [problem for report in reports for problem in report.problems]
    answer = VerifyReport(not problems, sum(report.events for report in reports), problems)
    call.exit_code = 0 if answer.ok else 1
    if call.json:
        print_json(answer)
    elif answer.ok:
        say(f"{counted(answer.events)}, and every one is as it was written.")
    else:
        for problem in problems:
            _print(problem)
        say("Put back a copy of the home, or get its events from another device: kith join LINK.")


def _print(problem: Problem) -> None:
    say(plain(f"{problem.why}  {problem.event}".rstrip()))


class Rebuilt(msgspec.Struct, frozen=True):
    name: str
    events: int
    digest: str


class RebuildAnswer(msgspec.Struct, frozen=True):
    networks: list[Rebuilt]


@command("rebuild", "kith rebuild")
def kith_rebuild(call: Call) -> None:
    """Work every view out anew from the log.

    It changes no event. Whatever interrupts it, the views are whole: the old ones or the new.
    """
    networks = []
    for replica in call.replicas:
        with progress(call, f"Rebuilding {replica.name}") as report:
            replica.rebuild(report)
        networks.append(Rebuilt(replica.name, replica.count(), replica.digest()))
        if not call.json:
            done = networks[-1]
            say(plain(f"{done.name}: {counted(done.events)}, digest {done.digest}."))
    if call.json:
        print_json(RebuildAnswer(networks))

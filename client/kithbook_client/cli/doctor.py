"""The doctor: looks at all that can be wrong with a home, and says what to do about it."""

import platform
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from kithbook_client import __version__, keys
from kithbook_client.cli.call import Call
from kithbook_client.cli.command import command
from kithbook_client.cli.output import dim, plain, print_json, say
from kithbook_client.cli.words import counted
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.status import status

State = Literal["ok", "warn", "fail"]
ROOM_BYTES = 200_000_000
SECONDS = 5


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at; `hint` is the next step where it is not ok."""

    state: State
    name: str
    says: str
    hint: str = ""


class DoctorAnswer(msgspec.Struct, frozen=True):
    ok: bool
    findings: list[Finding]


@command("doctor", "kith doctor", "kith doctor --json")
def kith_doctor(call: Call) -> None:
    """Look for trouble, and say what to do about it.

    The whole of what it prints is good to have in a report of a bug.
    """
    findings: list[Finding] = []
    for finding in _examine(call):
        findings.append(finding)
        if not call.json:
            _print(finding)
    call.exit_code = 1 if any(finding.state == "fail" for finding in findings) else 0
    if call.json:
        print_json(DoctorAnswer(call.exit_code == 0, findings))


def _print(finding: Finding) -> None:
    say(plain(f"{finding.state:4}  {finding.name}: {finding.says}"))
    if finding.hint:
        say(f"      {dim(plain(finding.hint))}")


def _examine(call: Call) -> Iterator[Finding]:
    home = call.home
    yield _versions(home)
    yield _rights(Path(home.path))
    yield _room(Path(home.path))
    yield _machine(home)
    for replica in call.replicas:
        yield from _clocks(replica)
        yield _history(replica)
        yield from _set_aside(replica)
        yield _server(replica)


def _versions(home: Home) -> Finding:
    (sqlite,) = home.db.execute("SELECT sqlite_version()").fetchone()
    system = f"Python {platform.python_version()}, SQLite {sqlite}, {platform.platform(terse=True)}"
    return Finding("ok", "versions", f"kith {__version__}, {system}")


def _rights(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(
            "fail", "rights", f"others can open {path} (mode {mode:o})", f"Run: chmod 600 '{path}'"
        )
    return Finding("ok", "rights", f"only you can open {path}")


def _room(path: Path) -> Finding:
    free = shutil.disk_usage(path.parent).free
    says = f"{free / 1e9:.1f} GB are free"
    if free < ROOM_BYTES:
        return Finding("warn", "disk", says, "Make room, so that new events can be written.")
    return Finding("ok", "disk", says)


def _machine(home: Home) -> Finding:
    machine = keys.machine(home.path)
    if any(device.machine == machine for device in home.devices.values()):
        return Finding("ok", "home", "it is where it was made")
    return Finding(
        "warn",
        "home",
        "it was copied or restored",
        "Nothing to do: kith goes on in a new log, so that both copies can write.",
    )


def _clocks(replica: Replica) -> Iterator[Finding]:
    name = f"{replica.name}, clock"
    ahead = status(replica).ahead
    for log in ahead:
        yield Finding(
            "warn",
            name,
            f"log {log.hex()[:8]} was written more than a day ahead of this clock",
            "Look at the clock of both machines. What was written stays, and order is kept.",
        )
    if not ahead:
        yield Finding("ok", name, "no log runs ahead of it")


def _history(replica: Replica) -> Finding:
    """The chains, the seals, the file itself, and whether the views follow from the log."""
    from kithbook_client.verify import verify

    name = f"{replica.name}, events"
    report = verify(replica, views=True)
    if report.ok:
        digest = replica.digest()
        return Finding("ok", name, f"{report.events:,} are as they were written; digest {digest}")
    return Finding(
        "fail",
        name,
        " ".join(problem.why for problem in report.problems),
        "Run kith verify for the places. kith rebuild repairs views; a copy repairs the log.",
    )


def _set_aside(replica: Replica) -> Iterator[Finding]:
    held = status(replica)
    for count, says, hint in (
        (held.unknown, "for a newer kithbook", "Upgrade kithbook, then: kith rebuild"),
        (held.set_aside, "of a branch that forked", "They are kept; see kith log."),
        (held.inert, "not counted because of who wrote them", "See the reasons: kith log --all"),
    ):
        if count:
            yield Finding("warn", f"{replica.name}, set aside", f"{counted(count)} {says}", hint)


def _server(replica: Replica) -> Finding:
    name = f"{replica.name}, server"
    if replica.server is None:
        return Finding("ok", name, "none is set")
    import urllib3

    try:
        url = f"{replica.server}/health"
        answer = urllib3.request("GET", url, timeout=SECONDS, retries=False)
        says = f"{replica.server} answers {answer.status}"
        is_well = answer.status == 200
    except urllib3.exceptions.HTTPError:
        says, is_well = f"{replica.server} does not answer", False
    pending = status(replica).pending
    says += f"; {counted(pending)} to send" if pending else ""
    if is_well:
        return Finding("ok", name, says, "Send them: kith sync" if pending else "")
    return Finding("warn", name, says, "Everything is kept here; try kith sync again later.")

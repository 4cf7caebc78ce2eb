"""The way into the logs, as most tests need it."""

from kithbook.protocol import ROUND_EVENTS
from kithbook_server.commits import Commits
from kithbook_server.intake import Intake
from kithbook_server.keys import verify
from tests.devices import NOW_MS


def intake(commits: Commits, round_events: int = ROUND_EVENTS, most: int = 1_000_000) -> Intake:
    """Takes `most` events of a network."""
    return Intake(commits, verify, lambda: NOW_MS, round_events, most)

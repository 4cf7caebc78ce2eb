"""Carrying what was decided from one place to another."""

from collections.abc import Iterator

from eventsourcing.persistence import Notification, StoredEvent

from kithbook_server.accounts import Accounts

BATCH = 100


def carry_accounts(source: Accounts, target: Accounts) -> int:
    """Carry the decisions that the target lacks; how many."""
    held = {(one.originator_id, one.originator_version) for one in _decisions(target)}
    lacking = [
        StoredEvent(one.originator_id, one.originator_version, one.topic, one.state)
        for one in _decisions(source)
        if (one.originator_id, one.originator_version) not in held
    ]
    for start in range(0, len(lacking), BATCH):
        target.recorder.insert_events(lacking[start : start + BATCH])
    return len(lacking)


def _decisions(accounts: Accounts) -> Iterator[Notification]:
    position = 0
    while found := accounts.recorder.select_notifications(
        position, BATCH, inclusive_of_start=False
    ):
        yield from found
        position = found[-1].id

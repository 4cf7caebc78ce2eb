"""What a membership act has to name so that everything written before it stays."""

from collections.abc import Collection, Iterable, Mapping

from kithbook.envelope import Head
from kithbook.membership.standing import Standing


def last_of_member(
    person: bytes, heads: Iterable[Head], standings: Mapping[bytes, Standing]
) -> dict[bytes, int]:
    """The `last` of a `role` or `removed`: all that is held of the person's logs stays."""
    return {
        head.log: head.seq
        for head in heads
        if (found := standings.get(head.log)) and found.person == person
    }


def last_of_device(
    key: bytes, heads: Iterable[Head], keys: Mapping[bytes, bytes], keep: Collection[bytes] = ()
) -> dict[bytes, int]:
    """The `last` of a `device revoked`: all that is held of the device's logs stays.

    `keys` maps logs to their devices. Logs of other devices in which this one vouched go on when
    they are in `keep`, and otherwise count for nothing.
    """
    return {head.log: head.seq for head in heads if keys[head.log] == key or head.log in keep}

"""Ties: that people of several networks are one human, which only the private network knows."""

from collections.abc import Iterable

from kithbook.events import Merged
from kithbook.readings.merges import classes
from kithbook_client.copies import find_copies
from kithbook_client.home import Home
from kithbook_client.replica import Replica


def tie(home: Home, pairs: Iterable[tuple[bytes, bytes]]) -> None:
    """Note in the private network that the two of each pair are one, unless that is known."""
    private = home.private
    now_ms = home.now_ms()
    one = classes(private.reading(now_ms).merges())
    merges = [
        Merged(at=now_ms * 1000, zone=0, people=pair)
        for pair in dict.fromkeys(pairs)
        if one.get(pair[0], pair[0]) != one.get(pair[1], pair[1])
    ]
    if merges:
        private.append(merges, now_ms)


def settle(replica: Replica) -> None:
    """Note at home what follows from what came: who one is there, and what repeats one's own."""
    home = replica.home
    teams = [one for one in home.replicas() if not one.private] if replica.private else [replica]
    for team in teams:
        if team.is_known:
            tie_me(team)
            find_copies(home.private, team, classes(home.private.reading(home.now_ms()).merges()))


def tie_me(replica: Replica) -> None:
    """Who one is in a team is who one is at home."""
    if not replica.private:
        tie(replica.home, [(replica.home.private.me, replica.me)])

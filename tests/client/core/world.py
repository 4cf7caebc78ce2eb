"""Homes to try things on: with a clock of their own, further devices, and all that they hold."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kithbook.codec import SALT_BYTES
from kithbook.envelope import CONTENT, Head, chain, make_record, opening_message
from kithbook.events import Invited, Joined, Met
from kithbook.facts.effects import Entry
from kithbook.ids import ID_BYTES, Ref, log_id, person_id
from kithbook.protocol import SyncServer
from kithbook.replication import Page
from kithbook_client import keys
from kithbook_client.home import Home
from kithbook_client.index import TABLES
from kithbook_client.replica import Replica
from kithbook_client.sync.rounds import SyncReport, synchronise
from kithbook_client.views import MINE

NOW_MS = 1_790_000_000_000
"""In September 2026."""
AT = NOW_MS * 1000
DAY_US = 86_400_000_000
YEARS_10_MS = 10 * 365 * 86_400_000


class Clock:
    """A wall clock that stands still until it is set."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms


def who(replica: Replica, name: str) -> bytes:
    """The person whom everyone in the network means by a name."""
    return person_id(replica.network, name)


def met(replica: Replica, name: str, at: int = AT, **fields: Any) -> Met:
    return Met(at=at, zone=0, by=replica.me, people=(who(replica, name),), **fields)


def ref(entry: Entry) -> Ref:
    return Ref(entry.log, entry.seq, entry.check)


def another(
    folder: Path, by: Replica, clock: Clock, role: Any = "owner", person: bytes | None = None
) -> Replica:
    """A further device, of the same person or of another who joins by it; it knows its own log and
    nothing else yet.
    """
    seed, ticket = keys.generate(by.home.random)
    by.append([Invited(at=AT, zone=0, ticket=ticket, person=person or by.me, role=role)])
    home = Home.prepare(folder, clock)
    with home.writing():
        own, nonce = home.new_device(folder.name), home.random(ID_BYTES)
        replica = home.add(by.network, "")
        log = log_id(by.network, own.key, nonce)
        joined = Joined(
            at=AT,
            zone=0,
            key=own.key,
            nonce=nonce,
            ticket=ticket,
            signature=keys.sign(seed, opening_message(by.network, log)),
            device=own.name,
        )
        replica.open_log(log, joined, home.random(SALT_BYTES), clock())
    return replica


def copied(replica: Replica, folder: Path, clock: Clock, *, is_noticed: bool = True) -> Replica:
    """The home copied to another folder; unless it is noticed it takes itself for the original."""
    replica.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(Path(replica.home.folder), folder)
    home = Home.open(folder, clock)
    if not is_noticed:
        home.db.execute("UPDATE device SET machine = ?", (keys.machine(home.path),))
    return home.replica()


def everything(replica: Replica) -> list[Page]:
    """All pages that a replica can send."""
    replica.seal()
    pages: list[Page] = []
    theirs: dict[bytes, Head] = {}
    while some := replica.pages.lacking(theirs):
        pages += some
        theirs |= {page.log: Head(page.log, page.last, b"") for page in some}
    return pages


def give(source: Replica, target: Replica) -> None:
    """Bring over all that one holds, without a conversation."""
    target.receive(everything(source))


def sync(replica: Replica, server: SyncServer) -> SyncReport:
    return synchronise(replica, server, replica.peer("server"))


def write_raw(replica: Replica, body: bytes) -> None:
    """Append a body that need not be an event."""
    with replica.home.writing():
        log = replica.own()[0]
        record = make_record(CONTENT, log.hlc + 1, body)
        intake = replica.intake(NOW_MS)
        hashes = chain(replica.network, log.id, log.seq + 1, log.hash, [record])
        intake.store(log, [record], hashes)
        intake.finish()


def rows(replica: Replica, tables: Iterable[str] = (*MINE, "person")) -> dict[str, list[Any]]:
    """All rows of these tables, in an order of their own."""
    return {
        table: sorted(replica.db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
        for table in tables
        if table != "text"
    }


def index_rows(replica: Replica) -> dict[str, list[Any]]:
    return rows(replica, TABLES)


def held(replica: Replica) -> set[Head]:
    return set(replica.heads())

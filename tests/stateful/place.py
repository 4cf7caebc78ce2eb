"""A server and some homes in one process, with everything that can go wrong between them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from kithbook.codec import SALT_BYTES, Unreadable
from kithbook.envelope import (
    Head,
    erase_record,
    opening_message,
    record_event,
    record_hlc,
    record_kind,
)
from kithbook.errors import Unavailable
from kithbook.events import Invited, Joined, Role
from kithbook.ids import CHECK_BYTES, ID_BYTES, NetworkId, log_id
from kithbook.protocol import ROUND_EVENTS, SyncReply, SyncRequest, SyncServer
from kithbook_client import keys
from kithbook_client.founding import create_home
from kithbook_client.home import Home
from kithbook_client.replica import Replica
from kithbook_client.sync.rounds import SyncReport, synchronise
from kithbook_server.commits import Commits
from kithbook_server.intake import Intake
from kithbook_server.keys import verify
from kithbook_server.log import LogRecorder
from kithbook_server.log.recorder import SQLiteLogRecorder
from kithbook_server.sync import SyncService
from kithbook_server.views import Views
from tests.oracle import Log, World, Written
from tests.standings import roles

YEARS_10_MS = 10 * 365 * 86_400_000
NOW_MS = 1_790_000_000_000
"""In September 2026."""


class Process:
    """What one server process has over a database."""

    def __init__(self, recorder: LogRecorder) -> None:
        self.recorder = recorder
        self.commits = Commits(recorder)
        intake = Intake(self.commits, verify, lambda: NOW_MS, ROUND_EVENTS, 1_000_000)
        self.service = SyncService(recorder, intake)
        self.views = Views(recorder, lambda: NOW_MS)

    def close(self) -> None:
        self.commits.close()
        self.recorder.close()


class Host:
    """The server's own service over a real database, which can be lost or put back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = folder.with_suffix(".kept")
        folder.mkdir()
        self._open()

    def _open(self) -> None:
        self.process = Process(SQLiteLogRecorder.open(self.folder / "logs.sqlite"))

    def close(self) -> None:
        self.process.close()

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        return self.process.service.sync(network, request)

    def digest(self, network: NetworkId) -> str:
        return self.process.views.digest(network)

    def back_up(self) -> None:
        self.close()
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.folder, self.kept)
        self._open()

    def roll_back(self) -> None:
        """Put the last backup in the place of what is there; without one, lose everything."""
        self.close()
        shutil.rmtree(self.folder)
        if self.kept.exists():
            shutil.copytree(self.kept, self.folder)
        else:
            self.folder.mkdir()
        self._open()

    def empty(self) -> None:
        self.close()
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        self._open()


class LostReply:
    """The server does its work, and its answer to the nth request never arrives."""

    def __init__(self, server: SyncServer, requests: int) -> None:
        self.server = server
        self.requests = requests

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        reply = self.server.sync(network, request)
        self.requests -= 1
        if self.requests < 0:
            raise Unavailable("The connection broke.")
        return reply


class CutReply:
    """Of what the client lacks only the first page arrives, and nothing after that."""

    def __init__(self, server: SyncServer) -> None:
        self.server = server
        self.is_cut = False

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        if self.is_cut:
            raise Unavailable("The connection broke.")
        reply = self.server.sync(network, request)
        self.is_cut = bool(reply.pages)
        return SyncReply(reply.heads, reply.pages[:1], reply.refused, more=True)


LIES = ("alters", "blanks", "drops", "forks", "replays")


class Liar:
    """A server that does its work and then lies about it."""

    def __init__(
        self, server: SyncServer, lie: str, replies: list[SyncReply], other: SyncServer
    ) -> None:
        self.server = server
        self.lie = lie
        self.replies = replies
        """What was answered before, to be answered again."""
        self.other = other
        """What it shows to some instead, and keeps apart."""

    def sync(self, network: NetworkId, request: SyncRequest) -> SyncReply:
        if self.lie == "forks":
            return self.other.sync(network, request)
        reply = self.server.sync(network, request)
        self.replies.append(reply)
        match self.lie:
            case "alters":
                return _changed(reply, lambda record: record[:-1] + bytes([record[-1] ^ 1]))
            case "blanks":
                return _changed(reply, lambda one: one if record_kind(one) else erase_record(one))
            case "drops":
                return SyncReply(reply.heads[1:], reply.pages[1:])
            case _:
                return self.replies[0]


def _changed(reply: SyncReply, change: Callable[[bytes], bytes]) -> SyncReply:
    pages = [
        msgspec.structs.replace(page, records=[change(record) for record in page.records])
        for page in reply.pages
    ]
    return msgspec.structs.replace(reply, pages=pages)


class Device:
    """A home, its wall clock, and its chance, so that a failure can be seen again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_ms = NOW_MS
        self.random = Random(f"{folder.parent.name} {folder.name}").randbytes
        self.home: Home
        self.replica: Replica

    def open(self) -> None:
        self.home = Home.open(self.folder, self.clock, self.random)
        self.replica = self.home.replica()

    def clock(self) -> int:
        self.now_ms += 1_000
        return self.now_ms

    def holds(self, head: Head) -> bool:
        """Whether a log is held up to there, and in this branch."""
        logs = self.replica.logs
        log = logs[head.log]
        return log.seq >= head.seq and logs.hash_at(log, head.seq) == head.hash

    def sync(self, server: SyncServer) -> SyncReport:
        return synchronise(self.replica, server, self.replica.peer("server"))


def first(folder: Path) -> Device:
    """Ada's first laptop."""
    device = Device(folder)
    device.home = create_home(folder, "Ada", folder.name, device.clock, device.random)
    device.replica = device.home.replica()
    return device


def another(folder: Path, by: Replica) -> Device:
    """A further laptop of hers, let in by one she has: what `kith join` does with a device link."""
    return joining(folder, by.network, invite(by, by.me))


def invite(by: Replica, person: bytes, role: Role = "owner") -> bytes:
    """What opens a log as this person, if whoever invites may do so."""
    seed, ticket = keys.generate(by.home.random)
    at = by.home.now_ms() * 1000
    by.append([Invited(at=at, zone=0, ticket=ticket, person=person, role=role)])
    return seed


def joining(folder: Path, network: NetworkId, seed: bytes) -> Device:
    """A laptop that uses a link."""
    device = Device(folder)
    device.home = home = Home.prepare(folder, device.clock, device.random)
    with home.writing():
        own, nonce = home.new_device(folder.name), home.random(ID_BYTES)
        device.replica = home.add(network, "private")
        log, at = log_id(network, own.key, nonce), device.now_ms * 1000
        signature = keys.sign(seed, opening_message(network, log))
        ticket = keys.public_of(seed)
        joined = Joined(at=at, zone=0, key=own.key, nonce=nonce, ticket=ticket, signature=signature)
        device.replica.open_log(log, joined, home.random(SALT_BYTES), device.clock())
    return device


def world(replica: Replica) -> World:
    """What an independent, naive implementation makes of everything that a replica holds."""
    written, logs = [], []
    standing = roles(replica.network, replica.logs.acts(), keys.verify)
    for log in replica.logs.held():
        person, role = standing.get(log.id, (None, lambda _: None))
        beyond = log.seq + 1
        earlier = tuple((seq, role(seq)) for seq in range(1, beyond))
        logs.append(Log(log.id, person, role(beyond), None, earlier))
        rows = replica.db.execute("SELECT seq, record, hash FROM event WHERE log = ?", (log.no,))
        for seq, record, hash_ in rows:
            event = record_event(record)
            said = event.why if isinstance(event, Unreadable) else event
            hlc, check = record_hlc(record), hash_[:CHECK_BYTES]
            written.append(Written(log.id, seq, hlc, check, said))
    return World(written, logs, replica.me, NOW_MS * 1000, upto=NOW_MS * 1000 + 86_400_000_000)

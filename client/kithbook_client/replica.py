"""A replica: one network on this device, its logs and its views, written together or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from kithbook.clock import runs_ahead, tick, witness
from kithbook.codec import SALT_BYTES, Unreadable, decode_body, encode_body
from kithbook.envelope import Head, chain, kind_of, make_record
from kithbook.errors import Invalid, NotFound, Unavailable
from kithbook.events import OPENINGS, AnyEvent, DeviceAdded, Founded, Role
from kithbook.facts.digest import VERSION, digest
from kithbook.facts.effects import Entry
from kithbook.ids import LogId, NetworkId, Ref, event_id, log_id
from kithbook.protocol import ticket_message
from kithbook.replication import Accepted, Page, Refusal, accept, refusal
from kithbook_client import keys
from kithbook_client.folding import Progress, rebuild
from kithbook_client.index import Index
from kithbook_client.intake import Intake
from kithbook_client.log import Log, Logs
from kithbook_client.numbers import People
from kithbook_client.views import Views

if TYPE_CHECKING:
    from kithbook.readings.listing import Logged
    from kithbook.readings.shelf import Shelf
    from kithbook_client.history import History
    from kithbook_client.home import Device, Home
    from kithbook_client.pages import Pages
    from kithbook_client.peers import Peer
    from kithbook_client.status import Status


class Network(msgspec.Struct, frozen=True):
    """A network of this home; `server` is where it syncs."""

    no: int
    id: NetworkId
    name: str
    server: str | None


class Received(msgspec.Struct, frozen=True):
    """How many events of some pages were new, and which logs did not fit."""

    added: int
    refused: list[Refusal]


class Replica:
    """Reads see what any process last committed; each method that writes is one transaction."""

    def __init__(self, home: "Home", network: Network) -> None:
        self.home = home
        self.db = home.db
        self.no = network.no
        self.network = network.id
        self.name = network.name
        self.server = network.server
        self.people = People(self.db, self.no)
        self.logs = Logs(self.db, self.no, self.network, self.people)
        self.index = Index(self.db, self.logs)
        self.views = Views(self.db, self.logs)
        self.clock = 0
        self._seen: int | None = None
        self.refresh()
        if self.views.version not in {0, VERSION}:
            self.rebuild()

    def refresh(self) -> None:
        """Read heads and standings again if another process has written since."""
        (version,) = self.db.execute("PRAGMA data_version").fetchone()
        if version != self._seen:
            self.people.forget()
            self.logs.load()
            self.views.load()
            (self.clock,) = self.db.execute(
                "SELECT clock FROM network WHERE no = ?", (self.no,)
            ).fetchone()
            self._seen = version

    def forget(self) -> None:
        """Trust nothing that is in memory: a transaction came to nothing."""
        self._seen = None

    # What is held

    @property
    def me(self) -> bytes:
        """The person whom this home's devices speak for."""
        self.refresh()
        for log in self._own():
            if log.standing.person is not None:
                return log.standing.person
        raise Unavailable(
            "This device has joined but not yet heard who it speaks for.",
            "Run: kith sync.",
            code="not_synced",
        )

    @property
    def device(self) -> str:
        """What this device calls itself."""
        self.refresh()
        return next((log.device for log in self._own()), keys.host())

    @property
    def voices(self) -> "list[Device]":
        """The devices that this home speaks as here, the one that writes now first."""
        self.refresh()
        keys_ = dict.fromkeys(log.key or b"" for log in self._own())
        return [self.home.devices[key] for key in keys_]

    @property
    def role(self) -> "Role | None":
        """What this device may do here."""
        self.refresh()
        return next((log.standing.role for log in self._own() if log.standing.person), None)

    @property
    def speakers(self) -> set[bytes]:
        """The people who have devices."""
        self.refresh()
        return {log.standing.person for log in self.logs.held() if log.standing.person}

    def heads(self) -> list[Head]:
        self.refresh()
        return self.logs.heads()

    def digest(self) -> str:
        """What two replicas with the same events have in common."""
        self.refresh()
        return digest(self.views.weight, self.logs.heads())

    def reading(self, now_ms: int) -> "Shelf":
        """The facts as they are in effect now: without what lies in the future."""
        from kithbook.facts.fold import Facts
        from kithbook.readings.shelf import Patched
        from kithbook_client.folding import Stored
        from kithbook_client.shelf import SqlShelf

        self.refresh()
        shelf = SqlShelf(self.views)
        ahead = self.index.ahead(now_ms)
        if not ahead:
            return shelf
        facts = Facts(self.logs.standings(), {}, Stored(self.views, self.index, {}))
        facts.without(ahead, "future")
        return Patched(shelf, facts.tables)

    def lookup(self, folded: str) -> list[bytes]:
        """The people with exactly this name, alias or e-mail address, folded."""
        return self.views.handles.lookup(folded)

    def lookup_start(self, folded: str) -> list[tuple[bytes, str]]:
        """(person, handle) of the whole names, aliases and addresses that start like this."""
        return self.views.handles.lookup_start(folded)

    def lookup_prefix(self, folded: str) -> list[tuple[bytes, str]]:
        """(person, name) of those with a handle, or a word in one, that starts like this."""
        return self.views.handles.lookup_prefix(folded)

    def lookup_id(self, digits: str) -> list[bytes]:
        """The people whose ids start with these hexadecimal digits."""
        return self.views.handles.lookup_id(digits)

    def names(self, people: Iterable[bytes]) -> dict[bytes, str]:
        """Person → name in force, of those who have one, each id by itself."""
        return self.views.handles.names(people)

    def events(self, *, person: bytes | None = None, limit: int | None = None) -> "list[Logged]":
        """The events written last, of all or that name a person; the newest last."""
        self.refresh()
        return self.history.newest(person, limit)

    def count(self, person: bytes | None = None) -> int:
        """How many events there are, of all or that name a person."""
        self.refresh()
        return self.history.count(person)

    def find_event(self, text: str) -> "Logged":
        """The event LOG:SEQ, where LOG may be cut short; `last` is this device's last one."""
        self.refresh()
        if text.strip().lower() == "last":
            own = next(self._own(), None)
            if own is None:
                raise NotFound("This device has written nothing yet.")
            text = event_id(own.id, own.seq)
        return self.history.find(text)

    def status(self) -> "Status":
        """What is held here, and what waits."""
        from kithbook_client.status import status

        return status(self)

    def search(self, text: str, limit: int) -> "tuple[list[bytes], list[Logged]]":
        """The people on whose cards, and the events in which, these words stand."""
        from kithbook_client.search import Search

        with self._writing():
            people, places = Search(self.views).find(text, limit)
        return people, list(self.history.logged(places))

    def peer(self, url: str) -> "Peer":
        """What is remembered of a server or folder."""
        from kithbook_client.peers import Peer

        return Peer(self.db, self.no, url)

    @cached_property
    def history(self) -> "History":
        from kithbook_client.history import History

        return History(self.db, self.logs)

    @cached_property
    def pages(self) -> "Pages":
        from kithbook_client.pages import Pages

        return Pages(self.db, self.logs)

    def _own(self) -> Iterator[Log]:
        """Our logs, the one that this device writes first."""
        own = [log for log in self.logs.held() if log.key in self.home.devices]
        order = list(self.home.devices)
        yield from sorted(own, key=lambda log: (order.index(log.key or b""), log.no), reverse=True)

    # Writing

    def append(self, events: Iterable[AnyEvent], at_ms: int | None = None) -> list[Entry]:
        """Write events down in this device's log, with the views they change."""
        now_ms = self.home.now_ms() if at_ms is None else at_ms
        with self._writing():
            return self._append(self._own_log(now_ms), list(events), now_ms)

    def open_log(self, id_: LogId, opening: AnyEvent, salt: bytes, now_ms: int) -> None:
        """Begin a log of our own with the event that proves whose it is."""
        with self._writing():
            self._append(self.logs[id_], [opening], now_ms, salt)

    def receive(self, pages: Iterable[Page]) -> Received:
        """Store what is new in these pages and fits, and fold it in."""
        with self._writing():
            return self._receive(pages, self._intake(self.home.now_ms()))

    def agreed(self, id_: bytes, pages: Iterable[Page]) -> int:
        """The last seq up to which these pages of a log are what is held of it."""
        log = self.logs[id_]
        seq = 0
        for page in pages:
            hashes = chain(self.network, id_, page.first, page.previous, page.records)
            for seq, hash_ in enumerate(hashes, page.first):
                if seq > log.seq or self.logs.hash_at(log, seq) != hash_:
                    return seq - 1
        return seq

    def adopt(self, id_: bytes, common: int, pages: Sequence[Page]) -> Received:
        """Take another branch of a log instead of what is held of it after `common`.

        What was held is set aside, and what this device had written there is said again in a new
        log. Nothing changes when the first page does not fit.
        """
        from kithbook_client.forks import set_aside

        now_ms = self.home.now_ms()
        with self._writing():
            log = self.logs[id_]
            pages = [page for page in pages if page.last > common]
            outcome = accept(self.network, pages[0], self.logs.known(log, common), keys.verify)
            if not isinstance(outcome, Accepted):
                why = refusal(id_, outcome)
                return Received(0, [why] if why else [])
            branch = self.logs.after(log, common)
            set_aside(self.db, self.logs, self.index, log, common, now_ms)
            received = self._receive(pages, self._intake(now_ms, is_stale=True))
            if log.key == self.home.device().key:
                self.home.new_device()  # somebody else has this key
            if log.key in self.home.devices:
                self._restate(branch, now_ms)
            return received

    def connect(self, server: str) -> None:
        """Sync with this server from now on."""
        with self._writing():
            self.db.execute("UPDATE network SET server = ? WHERE no = ?", (server, self.no))
        self.server = server

    def rebuild(self, progress: Progress | None = None) -> None:
        """Work the views out anew from all that is held."""
        with self._writing():
            self.logs.settle(keys.verify, {})
            rebuild(self.views, self.index, progress)

    def seal(self) -> None:
        """Seal our logs up to their heads, as they must be to leave this device."""
        self.refresh()
        own = [log for log in self._own() if self.pages.sealed(log) < log.seq]
        if own:
            with self._writing():
                for log in own:
                    self.pages.seal(self.logs[log.id], self._secret(log))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self.home.writing():
            self.refresh()
            yield

    def _take_name(self) -> None:
        """Call the network what its founder did, once that is known here."""
        for log in self.logs.held():
            entry = self.logs.entry(log.id, 1)
            if entry and isinstance(entry.event, Founded) and entry.author:
                self.name = entry.event.name
                self.db.execute("UPDATE network SET name = ? WHERE no = ?", (self.name, self.no))

    def _intake(self, now_ms: int, *, is_stale: bool = False) -> Intake:
        return Intake(self.logs, self.index, self.views, now_ms, is_stale=is_stale)

    def _append(
        self, log: Log, events: Sequence[AnyEvent], now_ms: int, salts: bytes = b""
    ) -> list[Entry]:
        salts = salts or self.home.random(SALT_BYTES * len(events))
        hlc = log.hlc if runs_ahead(self.clock, now_ms) else max(log.hlc, self.clock)
        records = []
        for start, event in zip(range(0, len(salts), SALT_BYTES), events, strict=True):
            hlc = tick(hlc, now_ms)
            body = encode_body(event, salts[start : start + SALT_BYTES])
            records.append(make_record(kind_of(event), hlc, body))
        if not records:
            return []
        intake = self._intake(now_ms)
        hashes = chain(self.network, log.id, log.seq + 1, log.hash, records)
        intake.store(log, records, hashes)
        entries = intake.finish()
        if len(entries) < len(events):
            raise Invalid(f"That is no event: {_first_unreadable(events)}.")
        return entries

    def _own_log(self, now_ms: int) -> Log:
        """The log that this device writes now.

        A copied home goes on in a new one, and so does a device whose clock once ran ahead.
        """
        device = self.home.device()
        own = list(self._own())
        if not own:
            raise Unavailable(
                f"This device has no log in the network {self.name} yet.",
                "Finish joining: run kith join LINK again.",
            )
        if own[0].key == device.key and not runs_ahead(own[0].hlc, now_ms):
            return own[0]
        sponsor = max(own, key=lambda log: log.standing.last)
        nonce = self.home.random(16)
        id_ = log_id(self.network, device.key, nonce)
        signature = keys.sign(self._secret(sponsor), ticket_message(self.network, id_))
        added = DeviceAdded(
            at=now_ms * 1000,
            zone=0,
            key=device.key,
            nonce=nonce,
            sponsor=sponsor.id,
            signature=signature,
            device=device.name,
        )
        self._append(self.logs[id_], [added], now_ms)
        return self.logs[id_]

    def _secret(self, log: Log) -> bytes:
        return self.home.devices[log.key or b""].secret

    def _restate(self, branch: Iterable[tuple[Entry, bytes]], now_ms: int) -> None:
        """Say again what this device wrote in a branch that was set aside, and has not yet said."""
        from kithbook_client.forks import restated, source_of

        sources = {hash_: source_of(entry, hash_) for entry, hash_ in branch}
        said = self.index.counting(self.me, list(sources.values()))
        moved: dict[Ref, Ref] = {}
        for entry, hash_ in branch:
            if sources[hash_] in said or isinstance(entry.event, OPENINGS):
                continue
            event = restated(entry.event, sources[hash_], moved)
            (again,) = self._append(self._own_log(now_ms), [event], now_ms)
            moved[_ref(entry)] = _ref(again)

    def _receive(self, pages: Iterable[Page], intake: Intake) -> Received:
        refused: dict[bytes, Refusal] = {}
        seen = self.clock
        for page in pages:
            if page.log in refused:
                continue
            known = self.logs.known(self.logs.get(page.log) or Log(0, page.log))
            outcome = accept(self.network, page, known, keys.verify)
            if isinstance(outcome, Accepted):
                log = self.logs[page.log]
                intake.store(log, outcome.records, outcome.hashes)
                self.pages.keep(log, outcome.seals)
                seen = witness(seen, log.hlc, intake.now_ms)
            elif why := refusal(page.log, outcome):
                refused[page.log] = why
        if seen != self.clock:
            self.clock = seen
            self.db.execute("UPDATE network SET clock = ? WHERE no = ?", (seen, self.no))
        intake.finish()
        if intake.count and not self.name:
            self._take_name()
        return Received(intake.count, list(refused.values()))


def _ref(entry: Entry) -> Ref:
    return Ref(entry.log, entry.seq, entry.check)


def _first_unreadable(events: Iterable[AnyEvent]) -> str:
    """Why one of these cannot be read again."""
    for event in events:
        read = decode_body(encode_body(event, bytes(SALT_BYTES)))
        if isinstance(read, Unreadable):
            return read.why
    return "it cannot be read again"

"""A replica: one network on this device, its logs and its views, written together or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING

from kithbook.collecting import uncollected
from kithbook.envelope import Head
from kithbook.errors import NotFound, Unavailable
from kithbook.events import AnyEvent, Role
from kithbook.facts.digest import VERSION, digest
from kithbook.facts.effects import Entry
from kithbook.ids import LogId, event_id, person_id
from kithbook.membership import members
from kithbook.replication import Page
from kithbook_client import keys, standings
from kithbook_client.authoring import Append, append, own_log
from kithbook_client.index import Index
from kithbook_client.intake import Intake, Received, receive
from kithbook_client.log import Log, Logs
from kithbook_client.networks import Network
from kithbook_client.numbers import People
from kithbook_client.rebuilding import Progress, rebuild
from kithbook_client.schema import unhurried
from kithbook_client.views import Views

if TYPE_CHECKING:
    from kithbook.readings.listing import Logged
    from kithbook.readings.moment import Moment
    from kithbook.readings.reader import Reader
    from kithbook.readings.shelf import Shelf
    from kithbook_client.history import History
    from kithbook_client.home import Device, Home
    from kithbook_client.pages import Pages
    from kithbook_client.pasts import Pasts
    from kithbook_client.peers import Peer


class Replica:
    """Reads see what any process last committed; each method that writes is one transaction."""

    def __init__(self, home: "Home", network: Network) -> None:
        self.home = home
        self.db = home.db
        self.no = network.no
        self.network = network.id
        self.name = network.name
        self.server = network.server
        self.private = network.private
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
            self.clock, self.server = self.db.execute(
                "SELECT clock, server FROM network WHERE no = ?", (self.no,)
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
        for log in self.own():
            if log.standing.person is not None:
                return log.standing.person
        raise Unavailable(
            "This device has joined but not yet heard who it speaks for.",
            "Run: kith sync.",
            code="not_synced",
        )

    @property
    def is_known(self) -> bool:
        """Whether it has been heard here whom this home's devices speak for."""
        self.refresh()
        return any(log.standing.person is not None for log in self.own())

    @property
    def device(self) -> str:
        """What this device calls itself."""
        self.refresh()
        return next((log.device for log in self.own()), keys.host())

    @property
    def voices(self) -> "list[Device]":
        """The devices that this home speaks as here, the one that writes now first."""
        self.refresh()
        keys_ = dict.fromkeys(log.key or b"" for log in self.own())
        return [self.home.devices[key] for key in keys_]

    @property
    def role(self) -> "Role | None":
        """What this device may do here."""
        self.refresh()
        return next((log.standing.role for log in self.own() if log.standing.person), None)

    @property
    def members(self) -> set[bytes]:
        """The people who have devices, or had some: only these ever speak for them."""
        self.refresh()
        return members(log.standing for log in self.logs.held())

    def heads(self) -> list[Head]:
        self.refresh()
        return self.logs.heads()

    def digest(self) -> str:
        """What two replicas with the same events have in common."""
        self.refresh()
        return digest(self.views.weight, self.logs.heads())

    def reading(self, now_ms: int, moment: "Moment | None" = None) -> "Shelf":
        """The facts in effect now, without what lies in the future, or those of a past moment."""
        if moment is not None and moment.is_past:
            return self.pasts.at(now_ms, moment).facts
        from kithbook.facts.fold import Facts
        from kithbook.readings.shelf import Patched
        from kithbook_client.folding import Stored
        from kithbook_client.kept import Kept
        from kithbook_client.shelf import SqlShelf

        self.refresh()
        shelf = SqlShelf(self.views)
        ahead = self.index.ahead(now_ms)
        if not ahead:
            return shelf
        facts = Facts(self.logs.standings(), {}, Stored(self.views, self.index, Kept()))
        facts.without(ahead, "future")
        return Patched(shelf, facts.tables)

    def reader(self, now_ms: int, moment: "Moment | None" = None) -> "Reader":
        """What this home's person can ask of the facts, as they are now or were at a moment."""
        from kithbook.readings.reader import Reader

        if moment is not None and moment.is_past:
            return self.pasts.at(now_ms, moment).reader(self.me, self.name)
        now = now_ms * 1000
        return Reader(self.reading(now_ms), self.members, self.me, now, network=self.name)

    @cached_property
    def pasts(self) -> "Pasts":
        """What is told of other times than now."""
        from kithbook_client.pasts import Pasts

        return Pasts(self)

    def close(self) -> None:
        """Let go of what is open beside the home's own file."""
        if "pasts" in vars(self):
            self.pasts.close()

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

    def made_as(self, name: str) -> list[bytes]:
        """The person whom this name makes here, if somebody is so made and has a name."""
        return list(self.names([person_id(self.network, name)]))

    def network_names(self, people: Iterable[bytes]) -> list[str]:  # noqa: ARG002 - `Book` asks it
        """Nothing to tell: there is one network to look in."""
        return []

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
            own = next(iter(self.own()), None)
            if own is None:
                raise NotFound("This device has written nothing yet.")
            text = event_id(own.id, own.seq)
        return self.history.find(text)

    def event_at(self, log: bytes, seq: int) -> "Logged":
        """The event that stands there in a log."""
        self.refresh()
        return self.history.at(log, seq)

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

    def own(self) -> list[Log]:
        """Our logs, the one that this device writes first."""
        order = list(self.home.devices)
        own = [log for log in self.logs.held() if log.key in self.home.devices]
        return sorted(own, key=lambda log: (order.index(log.key or b""), log.no), reverse=True)

    def secret(self, log: Log) -> bytes:
        """The key with which we speak in one of our logs."""
        return self.home.devices[log.key or b""].secret

    # Writing

    def append(self, events: Iterable[AnyEvent], at_ms: int | None = None) -> list[Entry]:
        """Write events down in this device's log, with the views they change."""
        with self.appending(at_ms) as write:
            return write(list(events))

    @contextmanager
    def appending(self, at_ms: int | None = None) -> Iterator[Append]:
        """What writes events down as often as it is called; all of it is one transaction."""
        now_ms = self.home.now_ms() if at_ms is None else at_ms
        with self._writing(), uncollected():
            log, intake = own_log(self, now_ms), self.intake(now_ms)
            yield partial(append, self, intake, log)
            intake.finish()

    def open_log(self, id_: LogId, opening: AnyEvent, salt: bytes, now_ms: int) -> None:
        """Begin a log of our own with the event that proves whose it is."""
        with self._writing():
            intake = self.intake(now_ms)
            append(self, intake, self.logs[id_], [opening], salt)
            intake.finish()

    def receive(self, pages: Iterable[Page]) -> Received:
        """Store what is new in these pages and fits, and fold it in."""
        with self._writing(), uncollected():
            return receive(self, pages, self.intake(self.home.now_ms()))

    def agreed(self, log: bytes, pages: Iterable[Page]) -> int:
        """The last seq up to which these pages of a log are what is held of it."""
        from kithbook_client.forks import agreed

        return agreed(self.logs, log, pages)

    def adopt(self, log: bytes, common: int, pages: Sequence[Page]) -> Received:
        """Take another branch of a log instead of what is held of it after `common`.

        What was held is set aside, and what this device had written there is said again in a new
        log. Nothing changes when the first page does not fit.
        """
        from kithbook_client.forks import adopt

        with self._writing():
            return adopt(self, log, common, pages, self.home.now_ms())

    def connect(self, server: str) -> None:
        """Sync with this server from now on."""
        with self._writing():
            self.db.execute("UPDATE network SET server = ? WHERE no = ?", (server, self.no))
        self.server = server

    def rebuild(self, progress: Progress | None = None) -> None:
        """Work the views out anew from all that is held."""
        with self._writing():
            standings.settle(self.logs, keys.verify, {})
            rebuild(self.views, self.index, progress)

    def seal(self) -> None:
        """Seal our logs up to their heads, as they must be to leave this device.

        Nobody waits for the disk: the same seal can be made again.
        """
        self.refresh()
        own = [log for log in self.own() if self.pages.sealed(log) < log.seq]
        if own:
            with unhurried(self.db), self._writing():
                for log in own:
                    self.pages.seal(self.logs[log.id], self.secret(log))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self.home.writing():
            self.refresh()
            yield

    def intake(self, now_ms: int, *, is_stale: bool = False) -> Intake:
        """For new events, in the transaction that is open."""
        return Intake(self.logs, self.index, self.views, now_ms, is_stale=is_stale)

"""A home: the one file of a person's networks on one machine, and the devices it speaks for."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from kithbook.codec import SALT_BYTES, encode_body
from kithbook.errors import Invalid, NotFound, Refused
from kithbook.events import Described, Founded
from kithbook.ids import NetworkId, log_id, network_id, person_id
from kithbook.replication import Page
from kithbook_client import keys
from kithbook_client.replica import Network, Replica
from kithbook_client.schema import connect, create, plain_errors, writing

FILE = "kith.db"
PathLike = str | os.PathLike[str]


class Device(msgspec.Struct, frozen=True):
    """A key that this home speaks with, and the machine where it was made."""

    key: bytes
    secret: bytes
    name: str
    machine: str


class Opening(msgspec.Struct, frozen=True):
    """A log of ours that a ticket opens, before the server has taken it."""

    ticket: bytes
    key: bytes
    page: Page


def system_ms() -> int:
    return time.time_ns() // 1_000_000


class Home:
    """Made with `open` or `create`. The clock and chance are arguments, for tests."""

    def __init__(
        self, folder: str, now_ms: Callable[[], int] = system_ms, random: keys.Random = os.urandom
    ) -> None:
        self.folder = folder
        self.path = os.path.join(folder, FILE)
        self.now_ms = now_ms
        self.random = random
        self.db = connect(self.path)
        self._devices: dict[bytes, Device] | None = None
        self._replicas: dict[int, Replica] = {}
        self._machine = ""

    @classmethod
    def open(
        cls,
        path: PathLike | None = None,
        now_ms: Callable[[], int] = system_ms,
        random: keys.Random = os.urandom,
    ) -> "Home":
        """The home in this folder, by default `$KITH_HOME` or the platform's place for data.

        Raises NotFound with the code `no_home` where there is none.
        """
        folder = os.fspath(path or default_folder())
        if os.path.exists(os.path.join(folder, FILE)):
            home = cls(folder, now_ms, random)
            if home.networks():
                return home
            home.close()
        raise NotFound(
            f"There is no home in {folder} yet.",
            "Make one: kith init --me NAME, or kith join LINK with a link from another device.",
            code="no_home",
        )

    @classmethod
    def create(
        cls,
        path: PathLike | None,
        me: str,
        device: str = "",
        now_ms: Callable[[], int] = system_ms,
        random: keys.Random = os.urandom,
    ) -> "Home":
        """A new home with a private network. Raises Refused where there is one already."""
        if not me.strip():
            raise Invalid("A home needs your name.", 'Write it: kith init --me "Ada Lovelace".')
        home = cls.prepare(path, now_ms, random)
        if home.networks():
            home.close()
            raise Refused(
                f"There is a home in {home.folder} already.",
                "Use it as it is, or make another with --home DIR.",
                code="home_exists",
            )
        with home.writing():
            if device:
                home.new_device(device)
            home.found("private", me)
        return home

    @classmethod
    def prepare(
        cls,
        path: PathLike | None,
        now_ms: Callable[[], int] = system_ms,
        random: keys.Random = os.urandom,
    ) -> "Home":
        """A home in this folder, empty if it was not there, for only its owner to read."""
        folder = os.fspath(path or default_folder())
        create(os.path.join(folder, FILE))
        return cls(folder, now_ms, random)

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; after one that came to nothing, memory is read from the file again."""
        try:
            with plain_errors(self.path), writing(self.db):
                yield
        except BaseException:
            self.forget()
            raise

    def forget(self) -> None:
        """Trust nothing that is in memory: a transaction came to nothing."""
        self._devices = None
        for replica in self._replicas.values():
            replica.forget()

    def networks(self) -> list[Network]:
        """Every network this home is in, the private one first."""
        rows = self.db.execute("SELECT no, id, name, server FROM network ORDER BY no")
        return [Network(no, NetworkId(id_), name, server) for no, id_, name, server in rows]

    def replica(self, network: str | None = None) -> Replica:
        """The replica of a network by its name or the start of its id; else the private one."""
        networks = self.networks()
        if network is None:
            return self._replica(networks[0])
        fits = [one for one in networks if one.name == network] or [
            one for one in networks if one.id.hex().startswith(network.lower())
        ]
        if len(fits) == 1:
            return self._replica(fits[0])
        count = "More than one" if fits else "No"
        raise NotFound(
            f"{count} network here is called “{network}”.",
            f"There are: {', '.join(f'{one.name} ({one.id.hex()[:8]})' for one in networks)}.",
        )

    def found(self, name: str, me: str) -> Replica:
        """A new network of which we are the owner."""
        with self.writing():
            now, device = self.now_ms(), self.device()
            at, nonce, salt = now * 1000, self.random(16), self.random(SALT_BYTES)
            founded = Founded(
                at=at, zone=0, key=device.key, nonce=nonce, name=name, me=me, device=device.name
            )
            id_ = network_id(encode_body(founded, salt))
            replica = self.add(id_, name)
            replica.open_log(log_id(id_, device.key, nonce), founded, salt, now)
            described = Described(at=at, zone=0, person=person_id(id_, me), set={"name": me})
            replica.append([described], now)
        return replica

    def add(self, id_: NetworkId, name: str) -> Replica:
        """Make room for a network of which nothing is here yet."""
        self.db.execute("INSERT INTO network(id, name) VALUES (?, ?)", (id_, name))
        return self._replica(self.networks()[-1])

    def _replica(self, network: Network) -> Replica:
        """One for each network, so that what it keeps in memory is never behind the file."""
        if network.no not in self._replicas:
            self._replicas[network.no] = Replica(self, network)
        return self._replicas[network.no]

    @property
    def devices(self) -> dict[bytes, Device]:
        """Public key → device, the newest last."""
        if self._devices is None:
            rows = self.db.execute("SELECT key, secret, name, machine FROM device ORDER BY no")
            self._devices = {row[0]: Device(*row) for row in rows}
        return self._devices

    def device(self) -> Device:
        """The device that this home is on this machine; a new one where the home was copied."""
        self._machine = self._machine or keys.machine(self.path)
        own = [device for device in self.devices.values() if device.machine == self._machine]
        return own[-1] if own else self.new_device()

    def new_device(self, name: str = "") -> Device:
        """Speak with a new key from now on."""
        secret, key = keys.generate(self.random)
        device = Device(key, secret, name or keys.host(), keys.machine(self.path))
        self.db.execute(
            "INSERT INTO device(key, secret, name, machine) VALUES (?, ?, ?, ?)",
            (device.key, device.secret, device.name, device.machine),
        )
        self.devices[key] = device
        return device

    def opening(self, ticket: bytes) -> Opening | None:
        """What was begun with this ticket and has not come to its end."""
        row = self.db.execute(
            "SELECT key, page FROM opening WHERE ticket = ?", (ticket,)
        ).fetchone()
        return Opening(ticket, row[0], msgspec.msgpack.decode(row[1], type=Page)) if row else None

    def keep_opening(self, opening: Opening) -> None:
        self.db.execute(
            "INSERT INTO opening VALUES (?, ?, ?)",
            (opening.ticket, opening.key, msgspec.msgpack.encode(opening.page)),
        )

    def forget_opening(self, ticket: bytes) -> None:
        self.db.execute("DELETE FROM opening WHERE ticket = ?", (ticket,))


def default_folder() -> str:
    """`$KITH_HOME`, else the platform's place for data."""
    if folder := os.environ.get("KITH_HOME"):
        return folder
    from platformdirs import user_data_dir

    return user_data_dir("kith", appauthor=False)

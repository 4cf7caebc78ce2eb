"""A home: the one file of a person's networks on one machine, and the devices it speaks for."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

import msgspec

from kithbook.errors import NotFound
from kithbook.ids import NetworkId, fold_name
from kithbook_client import keys
from kithbook_client.networks import Network, named
from kithbook_client.replica import Replica
from kithbook_client.schema import connect, create, plain_errors, writing

FILE = "kith.db"
PRIVATE = "private"
"""What the network is called that `kith init` makes."""
PathLike = str | os.PathLike[str]


class Device(msgspec.Struct, frozen=True):
    """A key that this home speaks with, and the machine where it was made."""

    key: bytes
    secret: bytes
    name: str
    machine: str


def system_ms() -> int:
    return time.time_ns() // 1_000_000


class Home:
    """Opened here, or made by `create_home`. The clock and chance are arguments, for tests."""

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
        for replica in self._replicas.values():
            replica.close()
        self.db.close()

    def discard(self) -> None:
        """Remove the file: nothing came of what it was made for."""
        self.close()
        for beside in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.remove(self.path + beside)

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

    def networks(self, *, also_left: bool = False) -> list[Network]:
        """Every network this home is in, the private one first."""
        rows = self.db.execute(
            "SELECT no, id, name, server, private, current, left FROM network "
            "WHERE left IS NULL OR ? ORDER BY private DESC, no",
            (also_left,),
        )
        return [Network(row[0], NetworkId(row[1]), *row[2:]) for row in rows]

    def replica(self, network: str | None = None) -> Replica:
        """The replica of a network by its name or the start of its id; else the current one.

        One that was left can still be read.
        """
        if network is not None:
            return self._replica(named(self.networks(also_left=True), network))
        networks = self.networks()
        return self._replica(next((one for one in networks if one.current), networks[0]))

    def replicas(self) -> list[Replica]:
        """All networks that this home is in, the private one first."""
        return [self._replica(network) for network in self.networks()]

    @property
    def private(self) -> Replica:
        """The private network."""
        return self._replica(self.networks()[0])

    def free_name(self, name: str, no: int) -> str:
        """What to call a network here that its founder calls so: no two have one name."""
        rows = self.db.execute("SELECT name FROM network WHERE no <> ?", (no,))
        taken = {fold_name(other) for (other,) in rows}
        names = (name if n == 1 else f"{name} {n}" for n in count(1))
        return next(one for one in names if fold_name(one) not in taken)

    def use(self, replica: Replica) -> None:
        """Write to this network from now on, where nothing else is said."""
        with self.writing():
            self.db.execute("UPDATE network SET current = (no = ?)", (replica.no,))

    def make_private(self, replica: Replica) -> None:
        """Keep what is one's own in this network, and no more in the one where it was."""
        with self.writing():
            self.db.execute("UPDATE network SET private = (no = ?)", (replica.no,))
        for one in self._replicas.values():
            one.private = one is replica

    def replace_private(self, replica: Replica) -> None:
        """Let this network be one's own, and leave the one that was and holds nothing."""
        empty = self.private
        with self.writing():
            self.make_private(replica)
            self.leave(empty)
            for one, name in ((empty, replica.name), (replica, empty.name)):
                self.db.execute("UPDATE network SET name = ? WHERE no = ?", (name, one.no))
                one.name = name

    def leave(self, replica: Replica) -> None:
        """Be in a network no more. What is held of it stays; who joins it again has it back."""
        with self.writing():
            now = self.now_ms()
            self.db.execute(
                "UPDATE network SET left = ?, current = 0 WHERE no = ?", (now, replica.no)
            )

    def add(self, id_: NetworkId, name: str) -> Replica:
        """Make room for a network of which nothing is here yet; the first one is the private one.

        One that was left is back again.
        """
        self.db.execute(
            "INSERT INTO network(id, name, private) "
            "VALUES (?, ?, NOT EXISTS (SELECT 1 FROM network)) "
            "ON CONFLICT(id) DO UPDATE SET left = NULL",
            (id_, name),
        )
        return self._replica(next(one for one in self.networks() if one.id == id_))

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

    def drop_device(self, key: bytes) -> None:
        """Speak with this key no more, unless it has spoken already."""
        self.db.execute(
            "DELETE FROM device WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM log WHERE key = ?1)",
            (key,),
        )
        self._devices = None


def default_folder() -> str:
    """`$KITH_HOME`, else the platform's place for data."""
    if folder := os.environ.get("KITH_HOME"):
        return folder
    from platformdirs import user_data_dir

    return user_data_dir("kith", appauthor=False)

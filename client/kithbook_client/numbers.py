"""Numbers: ids as the small integers by which rows refer to people and events."""

from collections.abc import Collection

from kithbook.errors import Damaged
from kithbook_client.schema import REPAIR, Connection

SEQ_BITS = 32
MAX_SEQ = 2**SEQ_BITS - 1
NEVER = 2**63
MANY = 1_000
"""Looking up more people than this one by one takes longer than reading them all."""


def place(log: int, seq: int) -> int:
    """Where an event stands, as one number."""
    return log << SEQ_BITS | seq


class People(dict[bytes, int]):
    """Person → number in one network. One that is asked for and not there is made."""

    def __init__(self, db: Connection, network: int) -> None:
        super().__init__()
        self.db = db
        self.network = network
        self.first_new = NEVER
        """Numbers from here on were made in this transaction: no row tells of them yet."""
        self._ids: dict[int, bytes] = {}

    def __missing__(self, person: bytes) -> int:
        number = self.find(person)
        if number is None:
            row = self.db.execute(
                "INSERT INTO person(network, id) VALUES (?, ?)", (self.network, person)
            )
            number = row.lastrowid or 0
            self.first_new = min(number, self.first_new)
            self._keep(person, number)
        return number

    def find(self, person: bytes) -> int | None:
        """The number of somebody who has one already."""
        if person in self:
            return self[person]
        found = self.db.execute(
            "SELECT no FROM person WHERE id = ? AND network = ?", (person, self.network)
        ).fetchone()
        return self._keep(person, found[0]) if found else None

    def find_all(self, people: Collection[bytes]) -> list[int]:
        """The numbers of those who have one."""
        if len(people) > MANY:
            self.load()
        return [number for person in people if (number := self.find(person)) is not None]

    def id(self, number: int) -> bytes:
        """The person with this number."""
        found = self._ids.get(number)
        if found is None:
            row = self.db.execute("SELECT id FROM person WHERE no = ?", (number,)).fetchone()
            if row is None:
                raise Damaged(f"A row refers to person number {number}, who is not there.", REPAIR)
            found = bytes(row[0])
            self._keep(found, number)
        return found

    def know(self, numbers: Collection[int]) -> None:
        """Know these people at once, where there may be many."""
        unknown = [number for number in numbers if number not in self._ids]
        for person, number in self.db.execute(
            "SELECT id, no FROM person WHERE no IN (SELECT value FROM json_each(?))",
            (str(unknown),),
        ):
            self._keep(person, number)

    def load(self) -> None:
        """Know everybody at once, before work that touches many."""
        for person, number in self.db.execute(
            "SELECT id, no FROM person WHERE network = ?", (self.network,)
        ):
            self._keep(person, number)

    def forget(self) -> None:
        """Know nobody, after another process wrote or our own transaction came to nothing."""
        self.clear()
        self._ids.clear()
        self.first_new = NEVER

    def _keep(self, person: bytes, number: int) -> int:
        self[person] = number
        self._ids[number] = person
        return number

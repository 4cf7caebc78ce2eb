"""Naming: whom the names in a file mean, and the people whom its lines are the first to name."""

from kithbook.errors import Invalid
from kithbook.events import AnyEvent, Described
from kithbook.ids import NetworkId, fold_name, person_id
from kithbook.readings.merges import classes
from kithbook_client.handles import handle_of, is_handle
from kithbook_client.replica import Replica
from kithbook_client.typed import clean


class Naming:
    """Remembers what the file says for as long as it is read: who was meant by a name stays so."""

    def __init__(self, replica: Replica, now_ms: int) -> None:
        self.replica = replica
        self.me = replica.me
        self.now_ms = now_ms
        self.known: dict[str, bytes] = {}
        """Whom a name means, as it was written and folded."""
        self.called: dict[str, set[bytes]] = {}
        """Folded handle → people, as lines of this file say that they are called."""
        self.new: dict[str, bytes] = {}
        """The people whom the line in work is the first to name, by their names."""

    def who(self, name: str) -> bytes:
        """The person of exactly this name, alias or e-mail; a new one where there is none.

        Raises Invalid where it fits more than one human, or is no name.
        """
        found = self.known.get(name)
        if found is None:
            text = clean("name", name)
            folded = fold_name(text)
            found = self.known.get(folded) or self._find(text, folded)
            self.known[name] = self.known[folded] = found
        return found

    def made_by(self, event: AnyEvent) -> list[tuple[str, bytes]]:
        """Name and person of those whom the line of this event makes, now that it is one."""
        if isinstance(event, Described):
            self._note(event)
        made = list(self.new.items())
        self.new.clear()
        return made

    def take_back(self) -> None:
        """Forget the people whom a line was the first to name that came to nothing."""
        gone = set(self.new.values())
        if gone:
            self.known = {name: who for name, who in self.known.items() if who not in gone}
            self.new.clear()

    def _find(self, name: str, folded: str) -> bytes:
        if folded == "me":
            return self.me
        people: list[bytes] = list({*self.replica.lookup(folded), *self.called.get(folded, ())})
        if len(people) > 1:
            one = classes(self.replica.reading(self.now_ms).merges())
            people = list({one.get(person, person): person for person in people}.values())
        if len(people) > 1:
            raise Invalid(f"{len(people)} people here are called “{name}”.")
        if people:
            return people[0]
        person = person_id(NetworkId(self.replica.network), name)
        if not self.replica.names([person]):
            self.new[name] = person
        return person

    def _note(self, event: Described) -> None:
        if "name" in event.set:  # then nothing else has to name them
            self.new = {name: who for name, who in self.new.items() if who != event.person}
        for field, value in event.set.items():
            if is_handle(field):
                self.called.setdefault(handle_of(field, value), set()).add(event.person)

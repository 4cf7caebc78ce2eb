"""Short stories of people with names, for examples that read like what they test."""

from typing import Any

from kithbook.events import (
    Described,
    Helped,
    Merged,
    Met,
    Referred,
    Retracted,
    Ruled,
    Thanked,
    Trusted,
)
from kithbook.ids import Ref
from kithbook.readings.reader import Reader
from kithbook.when import DAY_US
from tests.oracle import Log, World, Written
from tests.shared.memory import Bytes, reader, receive, stored
from tests.strategies import LOGS, NAMES, PEOPLE, TODAY, History, check

DAY_0 = TODAY // DAY_US * DAY_US


def who(name: str) -> bytes:
    return PEOPLE[NAMES.index(name)]


class Story:
    """What the members wrote, one after another. Days count from today; a story is `read` today."""

    def __init__(self, *members: str, role: str = "owner") -> None:
        self.logs = [
            Log(log, who(name), "owner" if n == 0 else role)
            for n, (log, name) in enumerate(zip(LOGS, members or ("Ada",), strict=False))
        ]
        self.written: list[Written] = []

    def tell(self, event: Any, by: str = "", hlc: int = 0) -> Ref:
        """Append an event to the log of a member, or of the first one."""
        log = next(log.id for log in self.logs if log.person == who(by or NAMES[0]) or not by)
        seq = 1 + sum(w.log == log for w in self.written)
        hlc = hlc or 1 + max((w.hlc for w in self.written), default=0)
        self.written.append(Written(log, seq, hlc, check(log, seq), event))
        return Ref(log, seq, check(log, seq))

    def met(self, by: str, *people: str, day: int = 0, **said: Any) -> Ref:
        return self._say(Met, day, said, by=who(by), people=tuple(map(who, people)))

    def helped(self, by: str, to: str, *, day: int = 0, **said: Any) -> Ref:
        return self._say(Helped, day, {"what": "x"} | said, by=who(by), to=who(to))

    def thanked(self, by: str, to: str, *helps: Ref, day: int = 0, **said: Any) -> Ref:
        return self._say(Thanked, day, said, by=who(by), to=who(to), helps=helps)

    def referred(self, by: str, whom: str, to: str, *, day: int = 0, **said: Any) -> Ref:
        return self._say(Referred, day, said, by=who(by), who=who(whom), to=who(to))

    def trusted(self, by: str, whom: str, level: float | None, *, day: int = 0, **said: Any) -> Ref:
        tenths = None if level is None else round(level * 10)
        return self._say(Trusted, day, said, by=who(by), whom=who(whom), level=tenths)

    def described(self, person: str, *over: Ref, log: str = "", hlc: int = 0, **card: Any) -> Ref:
        unset = tuple(name for name, value in card.items() if value is None)
        given = {name: value for name, value in card.items() if value is not None}
        event = Described(at=DAY_0, person=who(person), set=given, unset=unset, over=over)
        return self.tell(event, log, hlc)

    def tagged(self, person: str, *tags: str) -> Ref:
        return self.described(person, **{f"tag:{tag}": tag for tag in tags})

    def merged(self, *people: str, log: str = "") -> Ref:
        return self.tell(Merged(at=DAY_0, people=tuple(map(who, people))), log)

    def retracted(self, event: Ref, log: str = "") -> Ref:
        return self.tell(Retracted(at=DAY_0, event=event), log)

    def ruled(self, setting: str, value: str, *, log: str = "", day: int = 0) -> Ref:
        return self.tell(Ruled(at=DAY_0 + day * DAY_US, setting=setting, value=value), log)

    def _say(self, type_: type, day: int, said: dict[str, Any], **fields: Any) -> Ref:
        log, hlc = said.pop("log", ""), said.pop("hlc", 0)
        return self.tell(type_(at=DAY_0 + day * DAY_US, **said, **fields), log, hlc)

    @property
    def history(self) -> History:
        return History(self.logs, self.written)

    def read(self, me: str = "Ada", now: int = TODAY) -> Reader:
        """What `me` can ask of all that has been told so far."""
        return reader(stored(self.history), self.history, who(me), now)

    def world(self, me: str = "Ada") -> World:
        return World(self.written, self.logs, who(me), TODAY)

    def folded_one_by_one(self) -> Bytes:
        store = Bytes()
        for w in self.written:
            receive(store, self.history, [w])
        return store

    def why_not(self, event: Ref) -> str | None:
        """Why an event does not count, or None when it does."""
        void = stored(self.history).load("void", (event.log, event.seq))
        return void.reason if void else None

    def score(self, to: str, start: str = "Ada", me: str = "Ada") -> float | None:
        return self.read(me).score(who(to), who(start)).score

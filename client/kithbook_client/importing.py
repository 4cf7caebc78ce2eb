"""Importing JSONL: one event a line, people by name, and nothing twice.

A line's source is a hash of what it says and of how many equal lines came before it in the file,
so a file can be taken in again, whole or grown, after whatever interrupted it.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import msgspec

from kithbook.errors import Ambiguous, Invalid, NotFound, TooLarge
from kithbook.events import Content, Described
from kithbook.facts.effects import Entry
from kithbook.ids import CHECK_BYTES, ID_BYTES, NetworkId, Ref, fold_name, person_id
from kithbook.readings.merges import classes
from kithbook_client.folding import uncollected
from kithbook_client.lines import AnyLine, DescribedLine, event_of, when
from kithbook_client.people import clean
from kithbook_client.replica import Replica

CHUNK = 50_000
"""Lines that go in together or not at all."""
BATCH_BYTES = 8
BOM = b"\xef\xbb\xbf"
NOWHERE = Ref(bytes(ID_BYTES), 1, bytes(CHECK_BYTES))
"""Where a dry run's events stand."""
_DOMAIN = b"kithbook line 1\0"

UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)

_decode = msgspec.json.Decoder(AnyLine).decode
_canonical = msgspec.json.Encoder(order="sorted").encode


class Problem(msgspec.Struct, frozen=True):
    """A line that was left out, and why."""

    line: int
    why: str


class ImportReport(msgspec.Struct):
    """`batch` names what one import added, in hexadecimal digits."""

    batch: str
    added: int = 0
    skipped: int = 0
    problems: list[Problem] = []


def import_lines(
    replica: Replica,
    lines: Iterable[bytes | str],
    *,
    dry_run: bool = False,
    now_ms: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Take in every line that makes an event; a bad line is a problem and the rest goes in.

    `progress` is told how many lines are done.
    """
    taking = _Import(replica, replica.home.random(BATCH_BYTES), now_ms, dry_run=dry_run)
    for done, chunk in _chunks(lines):
        taking.take(chunk)
        if progress:
            progress(done)
    taking.report.problems.sort(key=lambda problem: problem.line)
    return taking.report


def _chunks(lines: Iterable[bytes | str]) -> Iterator[tuple[int, list[tuple[int, bytes]]]]:
    """The number of lines so far, and the numbered lines of the next chunk, without empty ones."""
    number, chunk = 0, []
    for number, line in enumerate(lines, 1):
        text = (line.encode(errors="replace") if isinstance(line, str) else line).strip()
        if number == 1:
            text = text.removeprefix(BOM)
        if text:
            chunk.append((number, text))
        if len(chunk) == CHUNK:
            yield number, chunk
            chunk = []
    if chunk:
        yield number, chunk


class _Made(NamedTuple):
    """A line that became events: those that make the people it is first to name, then its own."""

    line: int
    events: list[Content]
    exported: str | None


class _Import:
    def __init__(
        self, replica: Replica, batch: bytes, now_ms: int | None, *, dry_run: bool
    ) -> None:
        self.replica = replica
        self.network = NetworkId(replica.network)
        self.me = replica.me
        self.batch = batch
        self.now_ms = replica.home.now_ms() if now_ms is None else now_ms
        self.dry_run = dry_run
        self.report = ImportReport(batch.hex())
        self.equal: dict[bytes, int] = {}
        """How often a line was met, by its hash."""
        self.people: dict[str, bytes] = {}
        """Whom a name means, as it was written and folded."""
        self.born: dict[str, bytes] = {}
        """The people whom the line in work is the first to name, by their names."""
        self.waiting: list[_Made] = []
        self.exported: dict[str, Ref | int | None] = {}
        """Exported id → the event here: its reference, its place, or None while it waits."""

    def take(self, chunk: list[tuple[int, bytes]]) -> None:
        """Take in some lines, in one transaction unless one refers to another among them."""
        with uncollected():
            told: list[tuple[int, bytes, AnyLine]] = []
            for number, text in chunk:
                try:
                    line = _decode(text)
                except UNREADABLE as error:
                    self._leave(number, _in_words(error))
                else:
                    told.append((number, self._source(line), line))
            counting = self.replica.index.counting(self.me, [source for _, source, _ in told])
            for number, source, line in told:
                if source in counting:
                    self._skip(line, counting[source])
                else:
                    self._make(number, source, line)
            self._write()

    def _source(self, line: AnyLine) -> bytes:
        said = sha256(_DOMAIN + _canonical(line)).digest()
        before = self.equal.get(said, 0)
        self.equal[said] = before + 1
        if before:
            said = sha256(said + before.to_bytes(8, "big")).digest()
        return said[:ID_BYTES]

    def _skip(self, line: AnyLine, place: int) -> None:
        self.report.skipped += 1
        if line.event:
            self.exported[line.event] = place

    def _make(self, number: int, source: bytes, line: AnyLine) -> None:
        try:
            at, zone = when(line.at) if line.at else (self.now_ms * 1000, 0)
            common = {
                "at": at, "zone": zone, "note": line.note, "source": source, "batch": self.batch
            }  # fmt: skip
            events = [event_of(line, self._who, self._which, common)]
        except (Ambiguous, Invalid, NotFound) as error:  # of the line; a full disk ends the import
            self._leave(number, error.message)
            self._unborn()
            return
        if isinstance(line, DescribedLine) and "name" in line.set:
            self.born.pop(line.person, None)  # the line names them itself
        if self.born:
            events[:0] = [
                Described(at=at, zone=zone, batch=self.batch, person=person, set={"name": name})
                for name, person in self.born.items()
            ]
            self.born.clear()
        self.waiting.append(_Made(number, events, line.event))
        if line.event:
            self.exported[line.event] = None

    def _who(self, name: str) -> bytes:
        found = self.people.get(name)
        if found is None:
            text = clean("name", name)
            folded = fold_name(text)
            found = self.people.get(folded) or self._find(text, folded)
            self.people[name] = self.people[folded] = found
        return found

    def _find(self, name: str, folded: str) -> bytes:
        if folded == "me":
            return self.me
        people = self.replica.lookup(folded)
        if len(people) > 1:
            one = classes(self.replica.reading(self.now_ms).merges())
            people = list({one.get(person, person): person for person in people}.values())
        if len(people) > 1:
            raise Invalid(f"{len(people)} people here are called “{name}”.")
        if people:
            return people[0]
        made = person_id(self.network, name)
        if not self.replica.names([made]):
            self.born[name] = made
        return made

    def _unborn(self) -> None:
        """Forget the people whom a line was the first to name that came to nothing."""
        gone = set(self.born.values())
        self.people = {name: who for name, who in self.people.items() if who not in gone}
        self.born.clear()

    def _which(self, event: str) -> Ref:
        if event in self.exported and self.exported[event] is None:
            self._write()
        found = self.exported.get(event)
        if isinstance(found, Ref):
            return found
        if isinstance(found, int):
            return next(self.replica.history.logged([found])).ref
        return self.replica.find_event(event).ref

    def _write(self) -> None:
        """Append what waits, all at once or, where that cannot be, each line by itself."""
        made, self.waiting = self.waiting, []
        try:
            self._append(made)
        except (Invalid, TooLarge):
            for one in made:
                try:
                    self._append([one])
                except (Invalid, TooLarge) as error:
                    self._leave(one.line, error.message)

    def _append(self, made: list[_Made]) -> None:
        events = [event for one in made for event in one.events]
        entries = iter([] if self.dry_run else self.replica.append(events, self.now_ms))
        for one in made:
            refs = [_ref(entry) for entry in islice(entries, len(one.events))]
            if one.exported:
                self.exported[one.exported] = refs[-1] if refs else NOWHERE
        self.report.added += len(made)

    def _leave(self, number: int, why: str) -> None:
        self.report.problems.append(Problem(number, why))


def _ref(entry: Entry) -> Ref:
    return Ref(entry.log, entry.seq, entry.check)


def _in_words(error: Exception) -> str:
    said = str(error)
    if said.endswith("`$.type`"):
        told = said.partition(" - ")[0].removeprefix("Invalid value ")
        return f"There is no type of event {told}."
    if said.endswith("`$.level`"):
        return "That is no level of trust; give 0 to 10, or null to withdraw it."
    return f"{said}."

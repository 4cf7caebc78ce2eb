"""Logs put straight into the stores of server and client, without a network between them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kithbook.envelope import NO_HASH, Head, chain
from kithbook.ids import NetworkId
from kithbook.replication import Accepted, Known, Page, accept
from kithbook_client.founding import create_home
from kithbook_client.replica import Replica
from kithbook_server.keys import verify
from kithbook_server.log.recorder import SQLiteLogRecorder


@contextmanager
def recorder_of(
    folder: Path, network: NetworkId, pages: Iterable[Page]
) -> Iterator[SQLiteLogRecorder]:
    """The server's log store with these pages in it."""
    recorder = SQLiteLogRecorder.open(folder / "server.db")
    try:
        with recorder.writing() as writing:
            for page in pages:
                held = writing.head(network, page.log)
                head = held.head if held else Head(page.log, 0, NO_HASH)
                key, hlc = (held.key, held.hlc) if held else (None, -1)
                known = Known(head, key, hlc, lambda seq, h=head: h.hash if seq else NO_HASH)
                part = accept(network, page, known, verify)
                assert isinstance(part, Accepted), part
                writing.append(network, part, received=0)
        yield recorder
    finally:
        recorder.close()


@contextmanager
def client_of(folder: Path, network: NetworkId, pages: Iterable[Page]) -> Iterator[Replica]:
    """A home with these pages in a network called `bench`, and no views of them yet."""
    home = create_home(folder, "Somebody Else")
    try:
        with home.writing():
            home.add(network, "bench")
        replica = home.replica("bench")
        with home.writing():
            for page in pages:
                log, first = replica.logs[page.log], page.first
                hashes = chain(network, page.log, first, page.previous, page.records)
                replica.index.note_acts(log, first, page.records)
                replica.logs.insert(log, page.records, hashes, 0)
        yield replica
    finally:
        home.close()

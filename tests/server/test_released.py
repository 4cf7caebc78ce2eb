"""Whatever a released server kept, today's opens. `tests/golden` has it."""

import gzip
from pathlib import Path

import pytest

from kithbook_server.audit import audit
from kithbook_server.keys import verify
from kithbook_server.settings import Settings
from kithbook_server.stores import Stores, open_stores
from tests.golden import write

RELEASES = sorted(
    path.name.removesuffix("-logs.sqlite.gz")
    for path in Path(write.__file__).parent.glob("*-logs.sqlite.gz")
)


@pytest.fixture(params=RELEASES)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    for name in ("accounts.sqlite", "logs.sqlite"):
        stored = Path(write.__file__).with_name(f"{request.param}-{name}.gz")
        (tmp_path / name).write_bytes(gzip.decompress(stored.read_bytes()))
    return open_stores(Settings(data=str(tmp_path)))


def test_it_holds_every_event_that_it_stored_and_hosts_for_whom_it_did(stores: Stores) -> None:
    report = audit(stores.recorder, verify)
    with stores.recorder.reading() as reading:
        (network,) = reading.networks()
        (head,) = reading.heads(network)

    assert (report.ok, report.events, head.seq) == (True, 16, 16)
    assert stores.accounts.has_been_set_up()
    assert stores.accounts.root_of(network) == network
    stores.close()

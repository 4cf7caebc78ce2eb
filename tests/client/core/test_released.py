"""Every home that a release wrote opens, with all that it held. `tests/golden` has them."""

import gzip
from pathlib import Path

import pytest

from kithbook.ids import fold_name
from kithbook_client.home import Home
from kithbook_client.verify import verify
from tests.client.core.world import met
from tests.golden import write

HOMES = sorted(Path(write.__file__).parent.glob("home-*.db.gz"))


@pytest.fixture(params=HOMES, ids=[path.name for path in HOMES])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    (tmp_path / "kith.db").write_bytes(gzip.decompress(request.param.read_bytes()))
    return Home.open(tmp_path)


def test_it_holds_what_was_recorded(home: Home) -> None:
    replica = home.replica()

    assert replica.count() == 16
    assert verify(replica, views=True).ok


def test_it_answers_as_it_did(home: Home) -> None:
    replica = home.replica()
    reader = replica.reader(home.now_ms())
    (carol,) = replica.lookup(fold_name("Carol Ng"))

    assert reader.score(carol).score == 5.0
    assert sorted(reader.names[contact.person] for contact in reader.contacts()) == [
        "Carol Ng",
        "Robert Smith",
    ]


def test_it_goes_on(home: Home) -> None:
    replica = home.replica()

    replica.append([met(replica, "Bob")])

    assert verify(replica, views=True).ok


def test_its_only_network_is_the_private_one(home: Home) -> None:
    (network,) = home.networks()

    assert (network.name, network.private, network.left) == ("private", True, None)

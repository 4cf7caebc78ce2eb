"""The server's views at a past moment, by what it had received and of what had happened."""

from typing import Any

from kithbook.events import Trusted
from kithbook.ids import NetworkId, person_id
from kithbook.readings.moment import NOW, Moment
from kithbook_server.views import PASTS, Views
from tests.devices import AT, NOW_MS, Log
from tests.server.served import Served
from tests.shared.told import told

HOUR_MS = 3_600_000


def read(views: Views, network: NetworkId, me: bytes, moment: Moment = NOW) -> dict[str, Any]:
    with views.reader(network, me, moment) as reader:
        return told(reader)


def test_it_says_at_a_past_moment_what_it_said_then(served: Served) -> None:
    ada = Log.found("Ada")
    device = served.host(ada)
    network = ada.network
    views, me = served.server.views, person_id(network, "Ada")
    bob, carol = person_id(network, "Bob"), person_id(network, "Carol")
    said = []
    for n, (by, whom, level) in enumerate([(me, bob, 100), (bob, carol, 90), (bob, carol, 10)]):
        served.now = NOW_MS + n * HOUR_MS
        ada.append(Trusted(at=AT - 10 + n, by=by, whom=whom, level=level))
        device.push(ada)
        said.append((served.now * 1000, read(views, network, me)))
    for known_at, then in said:
        assert read(views, network, me, Moment(known_at=known_at)) == then
    with views.reader(network, me, Moment(as_of=AT - 9)) as reader:
        assert reader.score(carol).score == 5
    past = views.past(network, Moment(as_of=AT - 9))
    assert [one.seq for one in past.newest(bob, 10)] == [2, 3]


def test_a_past_moment_is_kept_until_something_new_comes(served: Served) -> None:
    ada = Log.found("Ada")
    device = served.host(ada)
    views, me = served.server.views, person_id(ada.network, "Ada")
    bob, moment = person_id(ada.network, "Bob"), Moment(as_of=AT - 1)
    ada.append(Trusted(at=AT - 10, by=me, whom=bob, level=100))
    device.push(ada)
    first = views.past(ada.network, moment)
    assert views.past(ada.network, moment) is first
    ada.append(Trusted(at=AT - 5, by=me, whom=bob, level=40))
    device.push(ada)
    assert views.past(ada.network, moment).reader(me).score(bob).score == 4
    for ago in range(2, 9):
        views.past(ada.network, Moment(as_of=AT - ago))
    assert len(views._pasts) == PASTS

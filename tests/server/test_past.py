"""The server's views at a past moment, by what it had received and of what had happened."""

from typing import Any

from kithbook.events import Described, Merged, Trusted
from kithbook.ids import NetworkId, person_id
from kithbook.readings.moment import NOW, Moment
from kithbook.when import format_at
from kithbook_server.views import PASTS, Views
from tests.devices import AT, NOW_MS, Log
from tests.server.served import Device, Served
from tests.shared.told import told

HOUR_MS = 3_600_000
DAY_US = 24 * HOUR_MS * 1000


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


def asked(device: Device, view: str) -> Any:
    answer = device.served.client.get(
        f"/v1/networks/{device.log.network.hex()}/{view}", headers=device.headers
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_people_are_found_and_called_by_their_names_of_today(served: Served) -> None:
    ada = Log.found("Ada")
    device = served.host(ada)
    me, pia = person_id(ada.network, "Ada"), person_id(ada.network, "Pia")
    ada.append(Trusted(at=AT - 10 * DAY_US, by=me, whom=pia, level=70))
    ada.append(Described(at=AT, person=pia, set={"name": "Pia"}))
    ada.append(Described(at=AT, person=me, set={"name": "Ada"}))
    device.push(ada)
    then = format_at(AT - 5 * DAY_US, 0)[:10]
    for whom in ("Pia", "pia", pia.hex()):
        said = asked(device, f"trust?to={whom}&as_of={then}")
        assert (said["from"], said["to"], said["score"]) == ("Ada", "Pia", 7.0)
        assert asked(device, f"why?to={whom}&from=Ada&as_of={then}")["score"] == 7.0
    [row] = asked(device, f"trust?as_of={then}")["trust"]
    assert (row["from"], row["to"]) == ("Ada", "Pia")


def test_a_merged_person_is_found_by_either_name_and_id(served: Served) -> None:
    ada = Log.found("Ada")
    device = served.host(ada)
    me, names = person_id(ada.network, "Ada"), ("Tom", "Thomas")
    ids = [person_id(ada.network, name) for name in names]
    for person, name in zip(ids, names, strict=True):
        ada.append(Described(at=AT - 9, person=person, set={"name": name}))
    ada.append(Trusted(at=AT - 8, by=me, whom=ids[0], level=60))
    ada.append(Merged(at=AT - 7, people=tuple(ids)))
    device.push(ada)
    for whom in (*names, *(person.hex() for person in ids)):
        assert asked(device, f"trust?to={whom}")["score"] == 6.0
        assert asked(device, f"why?to={whom}&changes=true")["changes"]
    nobody = served.client.get(
        f"/v1/networks/{ada.network.hex()}/trust?to=Tim", headers=device.headers
    )
    assert nobody.status_code == 404


def test_only_a_history_has_bounds(served: Served) -> None:
    device = served.host(Log.found("Ada").write(2))
    path = f"/v1/networks/{device.log.network.hex()}/why?to=me&since=2026-01-01"
    answer = served.client.get(path, headers=device.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

"""The team's view of who knows whom: by each member's own word, and by no note of anybody's."""

from typing import Any

from kithbook.events import Described, Helped, Met, Trusted
from kithbook.ids import person_id
from tests.devices import AT, Log
from tests.server.served import Device, Served, problem

DAY = 86_400_000_000


def test_a_member_learns_who_on_the_team_knows_somebody_and_whom_to_thank(served: Served) -> None:
    ada = Log.found("Ada")
    me, bob, carol, dan = (person_id(ada.network, n) for n in ("Ada", "Bob", "Carol", "Dan"))
    own = ada.invite("Bob").join()
    for person, name in ((me, "Ada"), (bob, "Bob"), (carol, "Carol"), (dan, "Dan")):
        ada.append(Described(at=AT, person=person, set={"name": name}))
    ada.append(
        Trusted(at=AT, by=me, whom=bob, level=100, note="a secret"),
        Trusted(at=AT, by=bob, whom=carol, level=10, note="what Ada heard, and no more counts"),
        Trusted(at=AT, by=dan, whom=carol, level=50),
    )
    own.append(
        Trusted(at=AT, by=bob, whom=carol, level=90, note="a secret"),
        Met(at=AT + DAY, by=bob, people=(carol,), note="a secret"),
        Helped(at=AT, by=bob, to=me, what="a secret"),
    )
    device = served.host(ada)
    device.push(ada, own)

    told = asked(device, "Carol")
    bob_, dan_ = told["known_by"]
    assert (bob_["name"], bob_["member"], bob_["stated"], bob_["contacts"]) == ("Bob", True, 9, 1)
    assert (dan_["name"], dan_["member"], dan_["stated"], dan_["contacts"]) == ("Dan", False, 5, 0)
    assert (bob_["hand"], dan_["hand"]) == ("first-hand", "hearsay")
    [way] = told["ways"]
    assert way["ask"] == "Bob"
    assert way["thanks_owed"] == [f"{own.id.hex()}:4"]
    assert "secret" not in str(told)

    member = served.member(own)
    assert asked(member, "Carol")["ways"] == []
    assert [one["name"] for one in asked(member, "Carol")["known_by"]] == ["Bob"]
    nowhere = served.client.get(at(device, "?to=Zoe"), headers=device.headers)
    assert problem(nowhere) == (404, "not_found")


def at(device: Device, query: str) -> str:
    return f"/v1/networks/{device.log.network.hex()}/introductions{query}"


def asked(device: Device, to: str) -> Any:
    answer = device.served.client.get(at(device, f"?to={to}"), headers=device.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()

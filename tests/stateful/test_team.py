"""Several members, some with bad intent: everybody ends with the same facts all the same."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from kithbook.events import DeviceRevoked, Erased, Met, Removed, RoleGiven
from kithbook.ids import person_id
from kithbook.membership import last_of_member
from kithbook.protocol import SyncReply
from tests.stateful.place import LIES, NOW_MS, Host, Liar, first, invite, joining
from tests.stateful.test_convergence import (
    MOST_DEVICES,
    NAMES,
    Convergence,
    devices,
    people,
    ref,
)

AT = NOW_MS * 1000
roles = st.sampled_from(["owner", "owner", "member", "reader"])


class Team(Convergence):
    """Ada's network, in which Bob is an owner and Carol a member."""

    may_lack = frozenset(
        {"missing"}
    )  # what was erased by somebody who had no say, as it turned out

    def __init__(self) -> None:
        super().__init__()
        self.other = Host(self.folder / "other")

    @initialize(seed=st.integers(0, 1_000))
    def begin(self, seed: int) -> None:
        self.replies: list[SyncReply] = []
        self.homes = self.folder / str(seed)
        self.homes.mkdir()
        self.devices.append(first(self._home()))
        for name, role in (("Bob", "owner"), ("Carol", "member")):
            self.let_in(0, name, role)

    def let_in(self, n: int, name: str, role: str, times: int = 1) -> None:
        by = self._one(n)
        network = self.devices[0].replica.network
        seed = invite(by.replica, person_id(network, name), role)
        by.sync(self.host)
        for _ in range(times):
            device = joining(self._home(), network, seed)
            device.sync(self.host)
            self.devices.append(device)

    @precondition(lambda self: len(self.devices) < MOST_DEVICES)
    @rule(n=devices, who=people, role=roles)
    def somebody_joins(self, n: int, who: int, role: str) -> None:
        self.let_in(n, NAMES[who], role)

    @precondition(lambda self: len(self.devices) < MOST_DEVICES - 1)
    @rule(n=devices, who=people, role=roles)
    def two_use_one_link(self, n: int, who: int, role: str) -> None:
        self.let_in(n, NAMES[who], role, times=2)

    def _last(self, n: int, who: int) -> dict[bytes, int]:
        replica = self._one(n).replica
        return last_of_member(self._who(who), replica.heads(), replica.logs.standings())

    @rule(n=devices, who=people, role=roles)
    def give_a_role(self, n: int, who: int, role: str) -> None:
        event = RoleGiven(at=AT, person=self._who(who), role=role, last=self._last(n, who))
        self._one(n).replica.append([event])

    @rule(n=devices, who=people)
    def remove(self, n: int, who: int) -> None:
        event = Removed(at=AT, person=self._who(who), last=self._last(n, who))
        self._one(n).replica.append([event])

    @rule(n=devices, other=devices, is_early=st.booleans())
    def revoke(self, n: int, other: int, is_early: bool) -> None:
        replica, key = self._one(n).replica, self._one(other).replica.own()[0].key
        held = [log for log in replica.logs.held() if log.key == key]
        last = {log.id: log.seq // 2 if is_early else log.seq for log in held}
        replica.append([DeviceRevoked(at=AT, key=key, last=last)])

    @precondition(lambda self: self.entries)
    @rule(n=devices, which=st.integers(0, 1_000))
    def erase(self, n: int, which: int) -> None:
        entry = self.entries[which % len(self.entries)]
        self._one(n).replica.append([Erased(at=AT, events=(ref(entry),))])

    @rule(n=devices, lie=st.sampled_from(LIES))
    def sync_with_a_liar(self, n: int, lie: str) -> None:
        self._one(n).sync(self.liar(lie))

    def liar(self, lie: str) -> Liar:
        return Liar(self.host, lie, self.replies, self.other)

    @precondition(lambda self: len(self.devices) < MOST_DEVICES)
    @rule(n=devices, to=devices)
    def show_two_histories(self, n: int, to: int) -> None:
        """One log goes on in two ways, of which the server shows each to somebody else."""
        self.copy_a_device(n, is_noticed=False)
        one, twin, third = self._one(n), self.devices[-1], self._one(to)
        for device, to_whom in ((one, 1), (twin, 2)):
            event = Met(at=AT, by=self._who(0), people=(self._who(to_whom),))
            self.entries += device.replica.append([event])
        one.sync(self.host)
        twin.sync(self.liar("forks"))
        third.sync(self.host)
        before = third.replica.heads()
        report = third.sync(self.liar("forks"))

        told = {refusal.log for refusal in report.warnings}
        assert all(head.log in told for head in before if not third.holds(head))

    def teardown(self) -> None:
        self.other.close()
        super().teardown()


TestTeam = Team.TestCase
TestTeam.settings = settings(
    max_examples=settings.default.max_examples // 4,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_a_server_shows_each_half_of_a_team_another_history() -> None:
    machine = Team()
    machine.begin(seed=0)
    machine.show_two_histories(n=1, to=0)
    machine.sync_with_a_liar(n=2, lie="forks")
    third = machine.devices[0].replica
    assert third.logs.set_aside() > 0
    machine.teardown()


def test_a_fork_is_settled_of_which_the_server_lacks_a_body() -> None:
    """Found by the machine: what it lacked was heard, and that it had another branch was not."""
    machine = Team()
    machine.begin(seed=0)
    machine.show_two_histories(n=1, to=0)
    machine.sync_with_a_liar(n=2, lie="blanks")
    machine.empty_the_server()
    machine.sync(n=2)
    ada, *_, carol, _ = machine.devices
    assert not all(map(ada.holds, carol.replica.heads()))
    machine.sync(n=0)
    assert all(map(ada.holds, carol.replica.heads()))
    machine.teardown()


def test_a_branch_comes_where_a_body_was_missing_in_another() -> None:
    """Found by the machine: the body was put back into an event that had one."""
    machine = Team()
    machine.begin(seed=48)
    machine.show_two_histories(n=0, to=2)
    machine.sync_with_a_liar(n=1, lie="blanks")
    machine.show_two_histories(n=1, to=2)
    machine.teardown()


def test_a_branch_is_set_aside_again_after_its_body_was_erased() -> None:
    """Found by the machine: the log would not let go of a body that the branch still had."""
    machine = Team()
    machine.begin(seed=0)
    machine.reinstall_from_nothing(n=1)
    machine.show_two_histories(n=1, to=0)
    machine.remove(n=0, who=0)
    machine.erase(n=3, which=0)
    machine.reinstall_from_nothing(n=1)
    machine.reinstall_from_nothing(n=1)
    machine.reinstall_from_nothing(n=1)
    machine.reinstall_from_nothing(n=1)
    machine.reinstall_from_nothing(n=1)
    machine.show_two_histories(n=0, to=0)
    machine.teardown()


def test_a_retraction_comes_just_before_its_event_and_an_act() -> None:
    """Found by the machine: the event was folded out before it had been folded in."""
    machine = Team()
    machine.begin(seed=0)
    machine.append(a=0, b=0, day=0, kind=0, level=0, n=1)
    machine.retract(n=0, which=0)
    machine.give_a_role(n=1, role="owner", who=0)
    machine.teardown()

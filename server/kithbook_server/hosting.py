"""Whom the server lets in: devices that redeemed a link, and those that the logs make members."""

from collections.abc import Callable

from kithbook.envelope import Verify, opening_message, record_problem
from kithbook.errors import Invalid, NotFound, Refused
from kithbook.events import Joined
from kithbook.ids import NetworkId
from kithbook.membership import Act, act_in, standing
from kithbook.membership.standing import REMOVED
from kithbook.protocol import JoinRequest
from kithbook.replication import Page
from kithbook_server.accounts import Accounts
from kithbook_server.intake import Intake
from kithbook_server.members import Members, Roll


class Hosting:
    def __init__(
        self,
        accounts: Accounts,
        members: Members,
        intake: Intake,
        verify: Verify,
        now_ms: Callable[[], int],
        further_networks: int,
    ) -> None:
        self._further_networks = further_networks
        self._accounts = accounts
        self._members = members
        self._intake = intake
        self._verify = verify
        self._now_ms = now_ms

    def admit(self, network: NetworkId, key: bytes) -> None:
        """Let a device sync a network. Who is not in a network does not learn that there is one,
        not even by how long the answer takes.

        Raises Refused with the code `unknown_network`.
        """
        members = self._members
        roll = members.known(network)
        if roll and key in roll.devices:
            return
        roll = members.roll(network) if members.has_log(network, key) else None
        if roll and key in roll.devices:
            return
        if not (roll and key in roll.revoked) and self._accounts.hosts(network, key):
            return
        raise Refused(
            f"This server has no network {network.hex()} for this device.",
            "Join it with a link: kith join LINK",
            code="unknown_network",
        )

    def person(self, network: NetworkId, key: bytes) -> bytes:
        """Whom a device speaks for. Raises NotFound before its log has arrived."""
        person = self._members.roll(network).person(key)
        if person is None:
            raise NotFound(
                "Nothing of this device's has arrived here yet.", "Sync first: kith sync"
            )
        return person

    def knows(self, key: bytes) -> bool:
        """Whether a device is in any network here."""
        hosted = self._accounts.networks_of(key)
        return bool(self._members.networks_of(key)) or any(
            key not in self._members.roll(network).revoked for network in hosted
        )

    def host(self, network: NetworkId, key: bytes) -> None:
        """Host a further network, of a device that is in one here; again changes nothing.

        Raises Refused with `quota` when there are enough of them, and with `unknown_network` when
        it is hosted for others: nobody comes into a network by naming it.
        """
        if self._accounts.root_of(network) is not None or self._members.roll(network).acts:
            self.admit(network, key)
            return
        roots = {
            root
            for known in (*self._accounts.networks_of(key), *self._members.networks_of(key))
            if self._may_host(known, key) and (root := self._accounts.root_of(known))
        }
        self._accounts.host_further(network, key, roots, self._further_networks)

    def _may_host(self, network: NetworkId, key: bytes) -> bool:
        found = self._members.roll(network).devices.get(key)
        return found is None or found.role != "reader"

    def join(self, request: JoinRequest) -> None:
        """Redeem a link. Raises Refused with `link_unknown`, `link_expired` or `link_used`."""
        network = NetworkId(request.network)
        if request.secret is not None:
            secret = request.secret.decode("ascii", "replace")
            self._accounts.redeem(secret, network, request.key)
        else:
            self._join_with_ticket(network, request)

    def _join_with_ticket(self, network: NetworkId, request: JoinRequest) -> None:
        act, joined = _opening(request)
        if self._accounts.log_of(joined.ticket) != act.log:
            self._check_ticket(network, act, joined)
            self._check_page(network, request.pages[0])
            self._accounts.use_ticket(joined.ticket, act.log)
        self._intake.store(network, request.pages, lambda _, refused: refused).result()

    def _check_ticket(self, network: NetworkId, act: Act, joined: Joined) -> None:
        roll = self._members.roll(network)
        invitations = list(roll.invitations(joined.ticket))
        if not invitations:
            raise _refused("link_unknown", "This server knows no invitation that fits this link.")
        if self._is_used(roll, network, act.log, joined.ticket):
            raise _refused("link_used", "This link has been used.")
        now = self._now_ms()
        if all(invited.expires is not None and invited.expires < now for invited in invitations):
            raise _refused("link_expired", "This link has expired.")
        found = standing(network, (*roll.acts, act), self._verify)[act.log]
        if not found.counts(1):
            why = "it was taken back" if found.why == REMOVED else found.why
            raise _refused("link_unknown", f"This link opens nothing here: {why}.")

    def _is_used(self, roll: Roll, network: NetworkId, log: bytes, ticket: bytes) -> bool:
        return any(
            other != log and self._verify(ticket, joined.signature, opening_message(network, other))
            for other, joined in roll.uses(ticket)
        )

    def _check_page(self, network: NetworkId, page: Page) -> None:
        if refusal := self._intake.trial(network, page):
            raise Invalid(refusal.why, "The first page must hold the opening of a log, sealed.")


def _opening(request: JoinRequest) -> tuple[Act, Joined]:
    """The `joined` event that a request to join brings, where it stands."""
    page = request.pages[0] if request.pages else None
    if page and page.first == 1 and page.records and not record_problem(page.records[0]):
        act = act_in(page.log, 1, page.records[0])
        if act and isinstance(act.event, Joined) and act.event.key == request.key:
            return act, act.event
    raise Invalid(
        "This request brings neither the secret of a setup link nor the opening of a log.",
        "With a ticket, `pages` begins with the log whose first event is `joined`, by `key`.",
    )


def _refused(code: str, message: str) -> Refused:
    return Refused(message, "Ask whoever sent it for another one.", code=code)

"""Who may sync a network, as its own logs say: worked out once, and again when that changes."""

from collections.abc import Iterator

import msgspec

from kithbook.envelope import Verify
from kithbook.events import OPENINGS, Invited, Joined
from kithbook.ids import NetworkId
from kithbook.membership import Act, Standing, act_in, keys_of, standing
from kithbook_server.log import LogRecorder


class Roll(msgspec.Struct, frozen=True):
    """The membership acts of a network as far as `last_act`, and what follows from them."""

    last_act: int
    acts: tuple[Act, ...]
    standings: dict[bytes, Standing]
    devices: dict[bytes, Standing]
    revoked: frozenset[bytes]

    def invitations(self, ticket: bytes) -> Iterator[Invited]:
        """The invitations with this ticket that count."""
        for act in self.acts:
            if isinstance(act.event, Invited) and act.event.ticket == ticket:
                author = self.standings.get(act.log)
                if author is not None and author.counts(act.seq):
                    yield act.event

    def person(self, key: bytes) -> bytes | None:
        """Whom the device with this key speaks for."""
        found = self.devices.get(key)
        return found.person if found else None

    def uses(self, ticket: bytes) -> Iterator[tuple[bytes, Joined]]:
        """The logs that say this ticket opened them, whether or not it did."""
        for act in self.acts:
            if isinstance(act.event, Joined) and act.event.ticket == ticket:
                yield act.log, act.event


class Members:
    def __init__(self, recorder: LogRecorder, verify: Verify) -> None:
        self._recorder = recorder
        self._verify = verify
        self._rolls: dict[NetworkId, Roll] = {}

    def roll(self, network: NetworkId) -> Roll:
        if known := self.known(network):
            return known
        with self._recorder.reading() as held:
            last_act, rows = held.last_act(network), held.acts(network)
        acts = tuple(act for row in rows if (act := act_in(*row)))
        roll = self._call(network, last_act, acts)
        if acts:  # a network that does not exist must leave nothing behind
            self._rolls[network] = roll
        return roll

    def known(self, network: NetworkId) -> Roll | None:
        """The roll where it was called already and nothing has come since.

        As much work for any network at all, like `has_log`.
        """
        last_act = self._recorder.last_act(network)
        known = self._rolls.get(network)
        return known if known and known.last_act == last_act else None

    def has_log(self, network: NetworkId, key: bytes) -> bool:
        """Whether a device has opened a log in a network: as much work for any network at all."""
        with self._recorder.reading() as held:
            return network in held.networks_of(key)

    def networks_of(self, key: bytes) -> list[NetworkId]:
        """The networks in which the device with this key may speak."""
        with self._recorder.reading() as held:
            networks = held.networks_of(key)
        return [network for network in networks if key in self.roll(network).devices]

    def _call(self, network: NetworkId, last_act: int, acts: tuple[Act, ...]) -> Roll:
        standings = standing(network, acts, self._verify)
        devices = {key: found for key, (_, found) in keys_of(acts, standings).items()}
        cut = {log for log, found in standings.items() if found.until is not None}
        revoked = frozenset(
            act.event.key
            for act in acts
            if isinstance(act.event, OPENINGS) and act.seq == 1 and act.log in cut
        )
        return Roll(last_act, acts, standings, devices, revoked - devices.keys())

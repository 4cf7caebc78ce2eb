"""Erasing on the server: bodies that are to be destroyed are, and are dropped on receipt.

A body that is gone although nobody erased it is asked for, and put back when somebody brings it.
"""

from collections.abc import Iterator

import msgspec

from kithbook.envelope import CONTENT, Verify, erase_record, record_kind, reference
from kithbook.events import Erased
from kithbook.ids import CHECK_BYTES, NetworkId
from kithbook.membership import act_in, erasures, is_blank, standing, without_bodies
from kithbook.membership.erasing import Erasures
from kithbook.replication import Accepted, Page, Refusal
from kithbook_server.log import Reading, Writing

NOTHING: Erasures = frozenset()


class Erasing:
    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._gone: dict[NetworkId, tuple[int, Erasures]] = {}
        self._missing: dict[NetworkId, list[Refusal]] = {}
        self._looked: tuple[Reading | None, set[NetworkId]] = None, set()
        """The reading that last looked anew, and where."""

    def gone(self, held: Reading, network: NetworkId) -> Erasures:
        """What is to be destroyed, by what is committed."""
        last = held.last_act(network)
        known = self._gone.get(network)
        if known is None or known[0] != last:
            known = self._gone[network] = last, self.gone_now(held, network)
        return known[1]

    def gone_now(self, held: Reading, network: NetworkId) -> Erasures:
        """The same, by what is being written as well."""
        acts = [act for row in held.acts(network) if (act := act_in(*row))]
        if not any(isinstance(act.event, Erased) for act in acts):
            return NOTHING
        return erasures(acts, standing(network, acts, self._verify))

    def missing(self, held: Reading, network: NetworkId) -> list[Refusal]:
        """The first event of each log whose body is gone although nobody erased it, as far as
        this process knows: what others take in it sees after its own next push.
        """
        known = self._missing.get(network)
        if known is None:
            known = self._missing[network] = self._find(held, network)
        return known

    def missing_now(self, held: Reading, network: NetworkId) -> list[Refusal]:
        """The same where something was brought: this reading looks anew, once."""
        if self._looked[0] is not held:
            self._looked = held, set()
        if network not in self._looked[1]:
            self._looked[1].add(network)
            self._missing.pop(network, None)
        return self.missing(held, network)

    def _find(self, held: Reading, network: NetworkId) -> list[Refusal]:
        lost = _lost(held, network, self.gone(held, network))
        why = "The body of this event is gone here, and its writer did not erase it."
        firsts = {log: Refusal(log, seq, "missing", why) for log, seq in sorted(lost, reverse=True)}
        return list(firsts.values())


def without(part: Accepted, gone: Erasures) -> Accepted:
    """The part as it may be stored."""
    records = without_bodies(part.head.log, part.first, part.records, part.hashes, gone)
    return part if records is part.records else msgspec.structs.replace(part, records=records)


def destroy(writing: Writing, network: NetworkId, gone: Erasures) -> None:
    """Destroy those of these bodies that are held."""
    for ref in gone:
        head = writing.head(network, ref.log)
        if head is None or ref.seq > head.seq:
            continue
        [record] = writing.records(head, ref.seq - 1, ref.seq)
        if record_kind(record) != CONTENT or is_blank(record):
            continue
        if writing.hashes(head, ref.seq - 1, ref.seq)[0][:CHECK_BYTES] == ref.check:
            writing.replace(head, ref.seq, erase_record(record))


def mend(writing: Writing, network: NetworkId, page: Page, gone: Erasures) -> None:
    """Put back what is missing here from a page that was found to fit."""
    for log, seq in list(_lost(writing, network, gone)):
        if log == page.log and page.first <= seq <= page.last:
            record, head = page.records[seq - page.first], writing.head(network, log)
            if head is not None and not is_blank(record):
                writing.replace(head, seq, record)


def _lost(held: Reading, network: NetworkId, gone: Erasures) -> Iterator[tuple[bytes, int]]:
    for log, seq, hash_ in held.blanks(network):
        if reference(log, seq, hash_) not in gone:
            yield log, seq

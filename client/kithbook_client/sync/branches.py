"""Branches: logs that the two sides of a sync go on with differently, until they are taken over."""

from kithbook.envelope import Head
from kithbook.replication import Page, Refusal
from kithbook_client.intake import Received
from kithbook_client.replica import Replica


class Branches:
    def __init__(self, replica: Replica, remembered: dict[bytes, Head]) -> None:
        self.replica = replica
        self.remembered = remembered
        self.open: dict[bytes, tuple[int, Refusal]] = {}
        """Log → the last seq at which both may agree, and what was said."""
        self.tried: dict[bytes, set[int]] = {}
        self.taken_over: list[Refusal] = []
        """What is to be told of branches that were set aside."""

    def open_refusals(self) -> list[Refusal]:
        return [refusal for _, refusal in self.open.values()]

    def asked(self, head: Head) -> Head:
        """The head to give for a log, so that the other side sends its branch."""
        if head.log not in self.open:
            return head
        seq, _ = self.open[head.log]
        logs = self.replica.logs
        return Head(head.log, seq, logs.hash_at(logs[head.log], seq))

    def asks_further(self, asked: list[Head]) -> bool:
        """Whether the next round asks for more of a branch than the last one did."""
        seqs = {head.log: head.seq for head in asked}
        return any(seq > seqs.get(log, 0) for log, (seq, _) in self.open.items())

    def try_next(self, refusal: Refusal) -> bool:
        """Look for where the branches part: where both last agreed, else at the beginning."""
        tried = self.tried.setdefault(refusal.log, set())
        self.open.pop(refusal.log, None)
        for seq in (self._last_agreed(refusal), 0):
            if seq not in tried:
                tried.add(seq)
                self.open[refusal.log] = seq, refusal
                return True
        return False

    def _last_agreed(self, refusal: Refusal) -> int:
        head, logs = self.remembered.get(refusal.log), self.replica.logs
        log = logs[refusal.log]
        if head is None or head.seq >= refusal.seq or head.seq > log.seq:
            return 0
        return head.seq if logs.hash_at(log, head.seq) == head.hash else 0

    def take_over(self, log: bytes, branch: list[Page]) -> Received:
        """Take the other side's branch where it leaves ours; until then, ask for what follows."""
        _, refusal = self.open[log]
        common = self.replica.agreed(log, branch)
        if common >= branch[-1].last:
            self.open[log] = common, refusal
            return Received(0, [])
        received = self.replica.adopt(log, common, branch)
        if received.added:
            del self.open[log]
            why = (
                f"this log has two histories after seq {common}, both signed by its device; the "
                "one that was here was set aside. Its device was copied, or somebody shows others "
                "something else than us"
            )
            self.taken_over.append(Refusal(log, common + 1, "fork", why))
        return received

    def disagreements(self, theirs: dict[bytes, Head]) -> list[Refusal]:
        """The logs of which we hold as much as they do, and not the same."""
        logs = self.replica.logs
        return [
            Refusal(head.log, head.seq, "fork", f"both sides hold seq {head.seq}, and not the same")
            for head in theirs.values()
            if head.log not in self.open
            and (log := logs.get(head.log)) is not None
            and head.seq <= log.seq
            and logs.hash_at(log, head.seq) != head.hash
        ]

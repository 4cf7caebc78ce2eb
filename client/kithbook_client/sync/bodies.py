"""Bodies: what one side of a sync has lost and the other may still have."""

from collections.abc import Iterator
from itertools import islice

from kithbook.envelope import Head
from kithbook.replication import Page, Refusal, Span
from kithbook_client.erasing import missing
from kithbook_client.replica import Replica


class Bodies:
    """Bodies that are gone although nobody erased them."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.asked_for: set[bytes] = set()
        """Logs of which the last thing asked for did not help, or has not been answered yet."""
        self.given: set[tuple[bytes, int]] = set()
        self.to_give: list[Refusal] = []
        self.missing: dict[bytes, list[int]] = {}
        self.look()

    def look(self) -> None:
        """See anew what is missing here: where something came back, the rest may as well."""
        before, self.missing = self.missing, missing(self.replica.logs)
        self.asked_for -= {log for log, lost in self.missing.items() if lost != before.get(log)}

    def asked(self, head: Head) -> Head:
        """The head to give for a log, so that the other side sends what is missing here."""
        if head.log not in self.missing or head.log in self.asked_for:
            return head
        self.asked_for.add(head.log)
        logs, before = self.replica.logs, self.missing[head.log][0] - 1
        return Head(head.log, before, logs.hash_at(logs[head.log], before))

    def asks_further(self) -> bool:
        return bool(self.missing.keys() - self.asked_for)

    def give(self, asked: Refusal) -> None:
        """Note that the other side has lost a body, to send it once where we have it."""
        log = self.replica.logs.get(asked.log)
        if log and asked.seq <= log.seq and (asked.log, asked.seq) not in self.given:
            self.given.add((asked.log, asked.seq))
            self.to_give.append(asked)

    def gifts(self) -> Iterator[Page]:
        """The pages with what they have lost."""
        to_give, self.to_give = self.to_give, []
        for asked in to_give:
            span = Span(asked.log, asked.seq - 1, self.replica.logs[asked.log].seq)
            yield from islice(self.replica.pages.of(span), 1)

    def lost(self) -> list[Refusal]:
        """What is still missing here."""
        return [
            Refusal(log, seq, "missing", "its body is gone here, and its writer did not erase it")
            for log, seqs in self.missing.items()
            for seq in seqs[:1]
        ]

"""The history of a score: every event that moved it, by one of three clocks."""

from typing import NamedTuple, get_args

from kithbook.audit.answering import ChangeAnswer, ChangesAnswer, changes_answer
from kithbook.audit.history import By, Change, History
from kithbook.audit.lost import lost_sentence
from kithbook.readings.answers import Link
from kithbook.readings.explain import number, score_text
from kithbook.readings.listing import happened
from kithbook.when import DAY_US
from kithbook_client.book import score_history
from kithbook_client.cli.call import Call
from kithbook_client.cli.clocks import moment
from kithbook_client.cli.output import dim, plain, print_json, say, strong, table
from kithbook_client.cli.words import day, short_event, told

ORDERS: tuple[By, ...] = get_args(By)
SHOWN = 10
HEADING: dict[By, str] = {"at": "happened", "recorded": "recorded", "received": "came here"}


class Asked(NamedTuple):
    """Whose score about whom, between which times (µs since 1970)."""

    call: Call
    to: bytes
    start: bytes | None
    since: int | None = None
    until: int | None = None

    def history(self, by: By) -> History:
        """What moved it within these times; before → after of successive changes join up."""
        call = self.call
        found = score_history(
            call.replicas, self.to, self.start, by, now_ms=call.now_ms(), moment=moment(call)
        )
        return found.within(by, self.since, self.until)


def tell(call: Call, asked: Asked, by: By) -> None:
    """Every event that moved the score, the first at the top."""
    found = asked.history(by)
    answer = changes_answer(found, call.reader.names, call.network_name)
    if call.json:
        print_json(answer)
        return
    say(strong(plain(_heading(answer))))
    if not found.changes:
        say("No event moved it.")
        _say_what_was_erased(answer)
        return
    say()
    rows = [
        _row(call, change, one, by)
        for change, one in zip(found.changes, answer.changes, strict=True)
    ]
    headings = (HEADING[by], "score", "what", "through", "written by", "event", "")
    table(*call.placed(headings, rows, [one.network for one in answer.changes]))
    if by == "at" and any(change.late for change in found.changes):
        say(dim("What came late stands where it happened; --order received tells when it came."))
    _say_what_was_erased(answer)


def _say_what_was_erased(answer: ChangesAnswer) -> None:
    if not answer.erased:
        return
    many = len(answer.erased)
    say(dim(lost_sentence(many)))
    for one in answer.erased[:SHOWN]:
        by = f"erased by {one.author or '?'} {day(one.erased)}, {short_event(one.by)}"
        say(dim(plain(f"  {short_event(one.event)}, written {day(one.recorded)}, {by}")))
    if many > SHOWN:
        say(dim(f"  … {many - SHOWN:,} more (--json)"))


def _heading(answer: ChangesAnswer) -> str:
    if answer.score is None:
        return f"{answer.from_} has no trust score for {answer.to}."
    return f"{answer.from_} trusts {answer.to} {number(answer.score)}."


def _row(call: Call, change: Change, one: ChangeAnswer, by: By) -> tuple[str, ...]:
    note = f" | {one.note}" if one.note else ""
    moments = {"at": one.at, "recorded": one.recorded, "received": one.received}
    return (
        day(moments[by]),
        f"{score_text(one.before)} → {score_text(one.after)}",
        f"{told(change.logged.event, call.name)}{note}",
        path(one),
        f"{one.author or '?'}{f' on {one.device}' if one.device else ''}",
        short_event(one.event),
        late_text(change) or (one.void or ""),
    )


def path(change: ChangeAnswer) -> str:
    """Through whom trust comes after a change, and before it where that was another way."""
    after, before = _through(change.chain), _through(change.chain_before)
    if change.warning is not None:
        after = f"{after}, warned".removeprefix(", ")
    return f"{after} (before: {before})" if before and before != after else after


def _through(chain: list[Link]) -> str:
    return " → ".join(link.by for link in chain[1:])


def late_text(change: Change) -> str:
    """How long it took to get here, where that was long."""
    if not change.late:
        return ""
    days = (change.logged.received * 1000 - happened(change.logged)) // DAY_US
    return f"came {days:,} {'day' if days == 1 else 'days'} late"

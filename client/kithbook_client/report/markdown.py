"""The same report in Markdown, for a ticket or a mail."""

import re
from collections.abc import Iterator, Sequence

from kithbook.audit.lost import lost_sentence
from kithbook.readings.answers import GroundAnswer, Why
from kithbook.readings.explain import score_text
from kithbook.when import format_at
from kithbook_client.report.model import Report, Row
from kithbook_client.report.page import CLOCKS, MADE_BY

_MEANS_MORE = re.compile(r"([\\`*_{}\[\]()#+!|~<>&-])")


def markdown(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    why = report.why
    yield f"<!-- {MADE_BY} {report.version} -->"
    yield f"# How far {_text(why.from_)} trusts {_text(why.to)}"
    yield ""
    when = format_at(report.made, None)
    yield f"**{score_text(why.score)}** of 10 on {when}. {_text(why.sentence)}"
    if why.worked:
        yield f"\n    {why.worked}"
    yield "\n## What moved it"
    for by, rows in report.histories.items():
        name, about = CLOCKS[by]
        yield f"\n### {name}\n\n{about}\n"
        yield from _table(rows) if rows else ["Nothing has moved this score."]
    if report.erased:
        yield f"\n{lost_sentence(report.erased)}"
    yield from _today(why)
    yield "\n---\n"
    for one in report.networks:
        yield f"Network {_text(one.name)} `{one.id}`"
        yield f"with the digest `{one.digest}`."
    yield "Each event can be looked up with `kith log EVENT`."


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| | score | event | written by | happened | recorded | received | id and hash |"
    yield "|---|---|---|---|---|---|---|---|"
    for place, row in enumerate(rows, 1):
        event = row.event
        note = f" “{_text(event.note)}”" if event.note else ""
        late = f" ({_text(row.late)})" if row.late else ""
        cells = (
            f"{place}",
            f"{score_text(row.before)} → {score_text(row.after)}",
            f"{_text(row.said)}{note}{late}",
            _text(f"{event.author or '?'} on {event.device or '?'}"),
            event.at or "?",
            event.recorded,
            event.received,
            f"`{event.event}` `{row.hash}`",
        )
        yield f"| {' | '.join(cells)} |"


def _today(why: Why) -> Iterator[str]:
    yield "\n## What it rests on today\n"
    for ground in why.grounds:
        yield _ground(ground)
    yield f"\n{_text(why.raising)}"
    if why.opinion:
        yield f"\n{_text(why.opinion.sentence)}"
    if why.warned_by:
        warning = why.warned_by
        yield f"\nThe warning of {_text(warning.by)}, {warning.worked}:\n"
        for ground in warning.grounds:
            yield _ground(ground)
    if why.others:
        yield "\nWho else vouches:\n"
        for other in why.others:
            yield f"- {_text(other.by)}: {other.worked}"


def _ground(ground: GroundAnswer) -> str:
    events = [ground.statement, *(one.event for one in ground.evidence)]
    ids = ", ".join(f"`{event.event}`" for event in events if event)
    about = f"{_text(ground.by)} trusts {_text(ground.to)}"
    return f"- {about}: {ground.worked} ({ground.hand}; {ids})"


def _text(text: str) -> str:
    """Anybody's words on one line, with nothing that Markdown would take for more."""
    return _MEANS_MORE.sub(r"\\\1", " ".join(text.split()))

"""The page: a report as one HTML file that needs nothing else."""

from collections.abc import Iterable, Sequence
from importlib.resources import files

from kithbook.audit.history import By
from kithbook.audit.lost import lost_sentence
from kithbook.readings.answers import EventAnswer
from kithbook.readings.explain import score_text
from kithbook.when import format_at
from kithbook_client.report.markup import Markup, pairs, tag
from kithbook_client.report.model import Report, Row
from kithbook_client.report.plot import plot
from kithbook_client.report.today import today

MADE_BY = "kith report"
"""What tells a report of ours from another file."""
WIDE, NARROW = 760, 360
CLOCKS: dict[By, tuple[str, str]] = {
    "at": ("What was true", "By when things happened. What was taken back never was."),
    "recorded": ("What was written", "By when somebody wrote it down, corrections as well."),
    "received": ("What was known here", "By when it got to this copy, corrections as well."),
}
"""What each clock tells, and how."""


def page(report: Report) -> str:
    why = report.why
    title = f"How far {why.from_} trusts {why.to}"
    style = (files(__package__) / "style.css").read_text()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=f"{MADE_BY} {report.version}"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    body = tag(
        "body", tag("main", _head(report, title), _history(report), today(why), _foot(report))
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _head(report: Report, title: str) -> Markup:
    why = report.why
    return tag(
        "header",
        tag("p", f"{named(report)} · {format_at(report.made, None)}", class_="above"),
        tag("h1", title),
        tag("p", tag("strong", score_text(why.score)), " of 10", class_="score"),
        tag("p", why.sentence, class_="sentence"),
        tag("p", tag("code", why.worked)) if why.worked else None,
    )


def _history(report: Report) -> Markup:
    clocks = report.histories
    return tag(
        "section",
        tag("h2", "What moved it"),
        tag(
            "div",
            *(
                tag("input", type="radio", name="clock", id=f"by-{by}", checked=by == "at")
                for by in clocks
            ),
            tag(
                "p",
                *(tag("label", CLOCKS[by][0], for_=f"by-{by}", tabindex="-1") for by in clocks),
                class_="tabs",
            ),
            *(_panel(by, rows, report.made) for by, rows in clocks.items()),
            class_="clocks",
        ),
        tag("p", lost_sentence(report.erased), class_="about") if report.erased else None,
    )


def _panel(by: By, rows: Sequence[Row], made: int) -> Markup:
    name, about = CLOCKS[by]
    if not rows:
        inner: Iterable[Markup] = [tag("p", "Nothing has moved this score.", class_="about")]
    else:
        plots = (plot(rows, made, width, by) for width in (WIDE, NARROW))
        found = (_row(by, n, row) for n, row in enumerate(rows, 1))
        inner = [tag("figure", *plots), tag("ol", *found)]
    return tag("div", tag("h3", name), tag("p", about, class_="about"), inner, class_=f"panel {by}")


def _row(by: By, place: int, row: Row) -> Markup:
    fell = (row.after or 0.0) < (row.before or 0.0)
    event = row.event
    return tag(
        "li",
        tag(
            "p",
            tag("span", score_text(row.before), class_="before"),
            " → ",
            tag("strong", score_text(row.after)),
            class_="step fall" if fell else "step rise",
        ),
        tag(
            "div",
            tag("p", row.said, class_="said"),
            tag("blockquote", event.note) if event.note else None,
            tag("p", row.late, class_="late") if row.late else None,
            tag("p", row.path, class_="path") if row.path else None,
            _evidence(event, row.hash),
        ),
        id=f"{by}-{place}",
    )


def _evidence(event: EventAnswer, hash_: str) -> Markup:
    written = (
        f"{event.author or 'nobody who is known'} on {event.device or 'a device without name'}"
    )
    void = "" if event.counts else f"counts no more: {event.void}"
    return pairs(
        [
            ("written by", written),
            ("happened", event.at or "unknown"),
            ("recorded", _second(event.recorded)),
            ("received", _second(event.received)),
            ("event", tag("code", event.event)),
            ("hash", tag("code", hash_)),
            ("today", void),
        ]
    )


def _foot(report: Report) -> Markup:
    found = "network" if len(report.networks) == 1 else "networks"
    return tag(
        "footer",
        tag(
            "p",
            f"Made by kith {report.version} on {_second(format_at(report.made, 0))} from the "
            f"{found} {named(report)}. Whoever has a copy can look each event up with ",
            tag("code", "kith log EVENT"),
            ", check every hash with ",
            tag("code", "kith verify"),
            ", and see by the digest whether the copies agree.",
        ),
        pairs(
            [
                pair
                for one in report.networks
                for pair in (
                    (f"network {one.name}", tag("code", one.id)),
                    ("digest", tag("code", one.digest)),
                )
            ]
        ),
    )


def named(report: Report) -> str:
    """What the networks are called of which a report tells."""
    return ", ".join(one.name for one in report.networks)


def _second(text: str) -> str:
    """A date-time without fractions of a second."""
    whole, dot, rest = text.partition(".")
    return f"{whole}{rest.lstrip('0123456789')}" if dot else text

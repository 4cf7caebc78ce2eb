"""The plot: a score over time as a line of steps in SVG, with the events that moved it."""

from collections.abc import Sequence
from typing import NamedTuple

from kithbook.readings.explain import number
from kithbook.when import DAY_US
from kithbook_client.report.markup import Markup, join, tag
from kithbook_client.report.model import Row
from kithbook_client.report.ticks import ticks

HEIGHT = 250
LEFT, RIGHT, TOP, BOTTOM = 30, 14, 26, 30
LABEL = 74
"""Room that a date takes."""
APART = 17
"""Numbers of events closer than this would lie over each other."""
TOP_SCORE = 10
MANY = 25
"""More events than this are drawn smaller."""


class Frame(NamedTuple):
    """Where times and scores lie on the plot."""

    width: int
    first: int
    last: int
    top: float

    def x(self, at: int) -> float:
        share = (at - self.first) / (self.last - self.first)
        return round(LEFT + share * (self.width - LEFT - RIGHT), 1)

    def y(self, score: float | None) -> float:
        share = (score or 0.0) / self.top
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def plot(rows: Sequence[Row], until: int, width: int, prefix: str) -> Markup:
    """The history as a picture of this width; each mark links to `#prefix-N`, the N-th event."""
    frame = _frame(rows, until, width)
    return tag(
        "svg",
        tag("title", _told(rows)),
        _scores(frame),
        _dates(frame),
        _line(frame, rows),
        _marks(frame, rows, prefix),
        viewBox=f"0 0 {width} {HEIGHT}",
        role="img",
        class_=f"plot w{width}",
    )


def _frame(rows: Sequence[Row], until: int, width: int) -> Frame:
    times = [row.at for row in rows]
    first, last = min(times), max(*times, until)
    pad = max((last - first) // 40, DAY_US // 24)
    best = max((score for row in rows for score in (row.before, row.after) if score), default=0)
    top = next(top for top in (2, 4, 6, 8, TOP_SCORE) if best <= top)
    return Frame(width, first - pad, last + (pad if last > until else 0), top)


def _told(rows: Sequence[Row]) -> str:
    """The picture for who cannot see it."""
    steps = ", ".join(f"{_score(row.after)}" for row in rows)
    return f"The score over time: {_score(rows[0].before)}, then {steps}."


def _score(score: float | None) -> str:
    return "none" if score is None else number(score)


def _scores(frame: Frame) -> Markup:
    """Lines across, at whole scores."""
    lines = []
    for score in range(0, int(frame.top) + 1, 1 if frame.top <= 4 else 2):
        y = frame.y(score)
        lines += [
            tag("line", x1=LEFT, x2=frame.width - RIGHT, y1=y, y2=y, class_="grid"),
            tag("text", str(score), x=LEFT - 8, y=y + 4, class_="label end"),
        ]
    return join(lines)


def _dates(frame: Frame) -> Markup:
    room = (frame.width - LEFT - RIGHT) // LABEL
    found = ticks(frame.first, frame.last, room)
    low = HEIGHT - BOTTOM
    marks: list[Markup] = []
    for at, label in found:
        x = frame.x(at)
        marks.append(tag("line", x1=x, x2=x, y1=low, y2=low + 5, class_="tick"))
        if LEFT + LABEL / 3 <= x <= frame.width - RIGHT - LABEL / 3:
            marks.append(tag("text", label, x=x, y=low + 20, class_="label middle"))
    return join(marks)


def _line(frame: Frame, rows: Sequence[Row]) -> Markup:
    """Steps: flat until the next event, straight up or down there; dotted where there is none."""
    known: list[str] = []
    ends = [*(row.at for row in rows[1:]), frame.last]
    lines: list[Markup] = []
    for row, end in zip(rows, ends, strict=True):
        x, to, y = frame.x(row.at), frame.x(end), frame.y(row.after)
        if row.after is None:
            lines.append(tag("line", x1=x, x2=to, y1=y, y2=y, class_="nothing"))
        if row.before is not None:
            known.append(f"M{x:g} {frame.y(row.before):g}V{y:g}")
        elif row.after is not None:
            known.append(f"M{x:g} {y:g}")
        if row.after is not None:
            known.append(f"H{to:g}")
    return join(lines, tag("path", d="".join(known), class_="line"))


def _marks(frame: Frame, rows: Sequence[Row], prefix: str) -> Markup:
    marks: list[Markup] = []
    free = {False: 0.0, True: 0.0}
    for place, row in enumerate(rows, 1):
        x, y = frame.x(row.at), frame.y(row.after)
        fell = (row.after or 0.0) < (row.before or 0.0)
        kind = ("fall" if fell else "rise") + (" late" if row.late else "")
        shown = x >= free[fell]
        if shown:
            free[fell] = x + APART
        # Numbers stand where the line does not come from.
        beside = y + 20 if fell else y - 10
        told = tag("title", f"{place}. {row.said}: {_score(row.before)} → {_score(row.after)}")
        dot = tag("circle", cx=x, cy=y, r=5 if len(rows) <= MANY else 3.5, class_=kind)
        name = tag("text", str(place), x=x, y=beside, class_="label middle number")
        marks.append(tag("a", told, dot, name if shown else None, href=f"#{prefix}-{place}"))
    return join(marks)

"""Parts that the sections of a page share."""

from collections.abc import Iterable

from kithbook.readings.explain import number
from kithbook_client.report.markup import Markup, tag


def pairs(told: Iterable[tuple[str, str]]) -> Markup:
    return tag(
        "dl",
        *(
            tag("div", tag("dt", a), tag("dd", b), class_="long" if isinstance(b, Markup) else None)
            for a, b in told
            if b
        ),
    )


def shown(score: float | None) -> str:
    return "–" if score is None else number(score)

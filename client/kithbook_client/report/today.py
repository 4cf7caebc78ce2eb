"""What the score rests on today: the chain, the warning and who else vouches."""

from collections.abc import Sequence

from kithbook.readings.answers import EventAnswer, GroundAnswer, Why
from kithbook.readings.explain import number
from kithbook_client.report.markup import Markup, join, pairs, tag


def today(why: Why) -> Markup:
    warning = why.warned_by
    return tag(
        "section",
        tag("h2", "What it rests on today"),
        _chain(why.grounds) if why.grounds else tag("p", "Nobody vouches.", class_="about"),
        tag("p", why.raising, class_="about"),
        tag("p", why.opinion.sentence, class_="about") if why.opinion else None,
        join(
            tag("h3", f"The warning of {warning.by}"),
            tag("p", tag("code", warning.worked)),
            _chain(warning.grounds),
        )
        if warning
        else None,
        join(
            tag("h3", "Who else vouches"),
            tag(
                "ul",
                *(tag("li", f"{other.by}: ", tag("code", other.worked)) for other in why.others),
                class_="others",
            ),
        )
        if why.others
        else None,
    )


def _chain(grounds: Sequence[GroundAnswer]) -> Markup:
    return tag("ol", *map(_ground, grounds), class_="chain")


def _ground(ground: GroundAnswer) -> Markup:
    said = ground.statement
    return tag(
        "li",
        tag("p", tag("strong", number(ground.level)), class_="step"),
        tag(
            "div",
            tag("p", f"{ground.by} trusts {ground.to}", class_="said"),
            tag("blockquote", said.note) if said and said.note else None,
            tag("p", f"{ground.hand}: {ground.worked}", class_="path"),
            _source(said) if said else None,
            *(
                tag("div", tag("p", f"{one.kind}, weighs {number(one.weight)}"), _source(one.event))
                for one in ground.evidence
                if one.event
            ),
        ),
    )


def _source(event: EventAnswer) -> Markup:
    device = f" on {event.device}" if event.device else ""
    return pairs(
        [
            ("written by", f"{event.author or '?'}{device}"),
            ("happened", event.at or "unknown"),
            ("event", tag("code", event.event)),
        ]
    )

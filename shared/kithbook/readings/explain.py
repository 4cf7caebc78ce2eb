"""Explanations: a score in one English sentence and as a line of arithmetic.

Both are computed from the chain itself, and the numbers that `worked` prints give the score again.
"""

from kithbook.readings.grounds import Ground
from kithbook.readings.names import Names
from kithbook.readings.rules import Rules
from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.opinion import Opinion
from kithbook.readings.trust.raising import Raise
from kithbook.readings.trust.score import Score, Warned


def number(value: float) -> str:
    """A level or support as people read it: 9, 9.5, 0.833."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text or "0"


def score_text(score: float | None) -> str:
    """The same of a score, with a dash where there is none."""
    return "–" if score is None else number(score)


def sentence(score: Score, names: Names) -> str:
    """The score in words, with everyone's name and every number that matters."""
    a, b = names[score.start], names[score.to]
    result = number(score.score or 0.0)
    match score.basis:
        case "stated":
            level = score.chain[0].level
            extra = level.level - (level.stated or 0.0)
            dealings = f", and own dealings since add {number(extra)}" if extra > 0 else ""
            return f"{a} trusts {b} {number(level.stated or 0.0)}{dealings}; own word is final."
        case "inferred":
            return (
                f"{a} has said nothing about {b}, but own dealings give a weak {result}"
                f"{_less(score, names)}."
            )
        case "chain":
            return f"{_links(score.chain, names)}, so {a} trusts {b} {result}{_less(score, names)}."
        case "contested":
            return (
                f"{_links(score.chain, names)}, which would carry {number(score.support or 0.0)}, "
                f"but {_warner(score, names)}, so the score is 0."
            )
        case "warned":
            return f"Nobody {a} trusts vouches for {b}, and {_warner(score, names)}."
        case _:
            return f"Nothing that {a} knows of says how far to trust {b}."


def opinion_sentence(heard: Opinion, viewpoint: str, newest: str) -> str:
    """What is said on average, by how many, and how long ago; it has no part in the score."""
    if heard.people == 1:
        return f"One whom {viewpoint} trusts says {number(heard.mean)}, on {newest}."
    return (
        f"The {heard.people} whom {viewpoint} trusts say {number(heard.mean)} on average, "
        f"the newest on {newest}."
    )


def worked(score: Score, divisor: float) -> str:
    """The arithmetic, outwards from the viewpoint: `10 × 9/18 = 5.0`."""
    if not score.chain:
        return ""
    product = product_of(score.chain, divisor)
    if score.warning is not None and score.basis != "stated":
        weight = number(score.warning.weight)
        return f"{product} = {number(score.support or 0.0)}; less {weight} = {_total(score)}"
    return f"{product} = {_total(score)}"


def carried(chain: list[Step], support: float, divisor: float) -> str:
    """The arithmetic of a chain that is not the strongest one."""
    return f"{product_of(chain, divisor)} = {number(support)}"


def weighed(warning: Warned, divisor: float) -> str:
    """The arithmetic of a warning, which weighs what a 10 of its author would carry."""
    product = product_of(warning.chain, divisor)
    return f"{product} × 10/{number(divisor)} = {number(warning.weight)}"


def level_worked(ground: Ground, rules: Rules) -> str:
    """How one level comes about: `9`, `7 + 5/12 = 7.417`, `2 × 5/12 = 0.833`."""
    level = ground.step.level
    weight = sum(one.weight for one in ground.evidence)
    share = f"{number(weight)}/{number(rules.full)}"
    if weight > rules.full:
        share = f"min(1, {share})"
    if level.stated is None:
        return f"{number(rules.weak)} × {share} = {number(level.level)}"
    if not ground.evidence:
        return number(level.level)
    added = f"{number(level.stated)} + {share}"
    if level.stated + min(1.0, weight / rules.full) > 10:
        added = f"min(10, {added})"
    return f"{added} = {number(level.level)}"


def raise_sentence(found: Raise | None, score: Score, names: Names) -> str:
    """What one statement would raise the score the most."""
    a, b = names[score.start], names[score.to]
    if found is None:
        final = score.basis == "stated"
        own = f"{a}’s own word about {b}, or dealings with {b},"
        return (
            f"Only {own} can raise it." if final else f"No one statement but {own} would raise it."
        )
    by, result = names[found.by], number(found.score)
    if found.level is None:
        return f"It would be {result} if {by} took the warning back."
    instead = "" if found.before is None else f" instead of {number(found.before)}"
    return f"{by} trusting {names[found.to]} 10{instead} would make it {result}."


def product_of(chain: list[Step], divisor: float) -> str:
    """Level times level, outwards from the viewpoint."""
    first = chain[0].level
    text = number(first.stated if first.stated is not None else first.level)
    if first.stated is not None and first.level != first.stated:
        text = f"({text} + {number(first.level - first.stated)})"
    return text + "".join(f" × {number(step.level.level)}/{number(divisor)}" for step in chain[1:])


def _total(score: Score) -> str:
    value = score.score or 0.0
    return f"{value:.1f}" if round(value, 1) == round(value, 9) else number(value)


def _links(chain: list[Step], names: Names) -> str:
    parts = [
        f"{names[s.by]} {'trusts' if s.level.stated is not None else 'is inferred to trust'} "
        f"{names[s.to]} {number(s.level.level)}"
        for s in chain
    ]
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else parts[0]


def _warner(score: Score, names: Names) -> str:
    warning = score.warning
    if warning is None:
        return ""
    return f"{names[warning.by]} warns of {names[score.to]} (weight {number(warning.weight)})"


def _less(score: Score, names: Names) -> str:
    warner = _warner(score, names)
    return f" after {warner}" if warner else ""

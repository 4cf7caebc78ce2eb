"""The rules of a network that `ruled` events set: how trust carries and what evidence weighs."""

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from kithbook.errors import Invalid
from kithbook.facts.rows import EVIDENCE, Field


class Rules(msgspec.Struct, frozen=True):
    """`divisor` is 10 / transfer: 18 for 5/9, so that 10 and 9 give exactly 5."""

    divisor: float = 18.0
    cut: float = 0.05
    weights: tuple[float, ...] = (3.0, 2.0, 2.0, 1.0)
    full: float = 12.0
    weak: float = 2.0
    cadence: dict[str, float] = {}
    """Days by tag."""


DEFAULT = Rules()
CADENCE = "cadence:"
"""Prefix of the settings that give a tag's people a cadence."""


def parse_rule(setting: str, value: str) -> object:
    """The meaning of a setting's text: a number, or the field of Rules that it sets.

    Raises Invalid for a known setting with a value out of range; unknown settings give None.
    """
    try:
        return _parse(setting, value)
    except (ValueError, ZeroDivisionError) as error:
        raise Invalid(f"“{value}” is no value for the rule {setting}.", FORMS) from error


FORMS = (
    "transfer is a fraction over 0 and up to 1 (5/9), cut a score of 0 to 10, full and weak are "
    f"numbers, weights are four numbers ({', '.join(EVIDENCE)}), cadence:TAG is like 30d."
)


LONGEST = 40
"""Digits of a fraction; with an exponent a few of them would already be a number without end."""


def _parse(setting: str, value: str) -> object:
    if setting == "transfer":
        transfer = Fraction(value) if len(value) <= LONGEST and "e" not in value.lower() else 0
        if not 0 < transfer <= 1:
            raise ValueError(value)
        return float(10 / transfer)
    if setting == "weights":
        weights = tuple(float(part) for part in value.replace(",", " ").split())
        if len(weights) != len(EVIDENCE) or not all(0 <= w <= 1000 for w in weights):
            raise ValueError(value)
        return weights
    if setting in {"cut", "full", "weak"}:
        number = float(value)
        top = 1000 if setting == "full" else 10
        if not 0 <= number <= top or (setting == "full" and number == 0):
            raise ValueError(value)
        return number
    if setting.startswith(CADENCE):
        return parse_days(value)
    return None


UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}


def parse_days(text: str) -> float:
    """A length like 30d, 2w, 3m (of 30 days) or 1y (of 365), in days; else ValueError."""
    text = text.strip().lower()
    number, unit = (text[:-1], text[-1:]) if text[-1:] in UNITS else (text, "d")
    days = float(number) * UNITS[unit]
    if not 0 < days < 100_000:
        raise ValueError(text)
    return days


def rules_of(said: Iterable[tuple[str, Field]]) -> Rules:
    """The rules in force: of each setting the newest readable value by what was true when."""
    found: dict[str, object] = {}
    cadence: dict[str, float] = {}
    for setting, field in said:
        for value in sorted(field.values, key=lambda value: value.order, reverse=True):
            try:
                parsed = _parse(setting, value.value or "")
            except (ValueError, ZeroDivisionError):
                continue
            if parsed is None:
                break
            if setting.startswith(CADENCE):
                cadence[setting.removeprefix(CADENCE)] = float(str(parsed))
            else:
                found["divisor" if setting == "transfer" else setting] = parsed
            break
    return msgspec.structs.replace(DEFAULT, **found, cadence=cadence)

"""A score, and everything it was computed from."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.levels import Level

Basis = Literal["stated", "inferred", "chain", "contested", "warned", "none"]
SHOWN_FROM = 0.5


class Vouch(msgspec.Struct, frozen=True, gc=False):
    """The best chain through one last voucher, and the support it gives."""

    support: float
    chain: list[Step]


class Warned(msgspec.Struct, frozen=True, gc=False):
    """The strongest warning that reaches the viewpoint: its weight, and the chain to its author."""

    weight: float
    by: bytes
    chain: list[Step]
    level: Level


class Score(msgspec.Struct, frozen=True, gc=False):
    """How far trust carries from one person to another, with everything it was computed from.

    `others` are the best chains through each other last voucher, best first; they are only looked
    for when asked.
    """

    start: bytes
    to: bytes
    basis: Basis
    support: float | None = None
    warning: Warned | None = None
    chain: list[Step] = []
    others: list[Vouch] = []

    @classmethod
    def stated(cls, start: bytes, to: bytes, level: Level) -> "Score":
        """The score of somebody about whom the viewpoint has stated a level itself."""
        return cls(start, to, "stated", level.level, None, [Step(start, to, level)])

    @classmethod
    def of(
        cls,
        start: bytes,
        to: bytes,
        support: float | None,
        chain: list[Step],
        warning: Warned | None,
        others: list[Vouch],
    ) -> "Score":
        """The score that the strongest chain and the strongest warning make together."""
        basis: Basis
        if support is None:
            basis = "warned" if warning else "none"
        elif warning is not None and warning.weight >= support:
            basis = "contested"
        else:
            basis = "inferred" if len(chain) == 1 else "chain"
        return cls(start, to, basis, support, warning, chain, others)

    @property
    def score(self) -> float | None:
        """0 to 10, or None where there is nothing to score."""
        if self.support is None:
            return None
        return max(0.0, self.support - (self.warning.weight if self.warning else 0.0))

    @property
    def shown(self) -> int | None:
        """The score as a whole number, half up; None below 0.5."""
        score = self.score
        if score is None or score < SHOWN_FROM:
            return None
        return int(Decimal(score).quantize(Decimal(1), rounding=ROUND_HALF_UP))

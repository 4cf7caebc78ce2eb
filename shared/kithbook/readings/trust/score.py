"""A score, and everything it was computed from."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.levels import Level

Basis = Literal["stated", "inferred", "chain", "contested", "warned", "none"]
SHOWN_FROM = 0.5


class Vouch(msgspec.Struct, frozen=True):
    """The best chain through one last voucher, and the support it gives."""

    support: float
    chain: list[Step]


class Caution(msgspec.Struct, frozen=True):
    """The strongest warning that reaches the viewpoint: its weight, and the chain to its author."""

    weight: float
    by: bytes
    chain: list[Step]
    level: Level


class Score(msgspec.Struct, frozen=True):
    """How far trust carries from one person to another, with everything it was computed from.

    `others` are the best chains through each other last voucher, best first; they are only looked
    for when asked.
    """

    start: bytes
    to: bytes
    basis: Basis
    support: float | None = None
    warning: Caution | None = None
    chain: list[Step] = []
    others: list[Vouch] = []

    @classmethod
    def of(
        cls,
        start: bytes,
        to: bytes,
        best: Vouch | None,
        warning: Caution | None,
        others: list[Vouch],
    ) -> "Score":
        """The score that the strongest chain and the strongest warning make together."""
        basis: Basis
        if best is None:
            basis = "warned" if warning else "none"
            return cls(start, to, basis, None, warning, [], others)
        if warning is not None and warning.weight >= best.support:
            basis = "contested"
        elif len(best.chain) == 1:
            basis = "inferred"
        else:
            basis = "chain"
        return cls(start, to, basis, best.support, warning, best.chain, others)

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

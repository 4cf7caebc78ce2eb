"""Derivations: a score with everything that it was worked out from, down to the events."""

from kithbook.readings import answers
from kithbook.readings.answering import chain_answer, stated_by, trust_fields
from kithbook.readings.explain import (
    carried,
    level_worked,
    opinion_sentence,
    raise_sentence,
    sentence,
    weighed,
    worked,
)
from kithbook.readings.grounds import Ground, ground
from kithbook.readings.listing import Find, event_answer
from kithbook.readings.names import Names
from kithbook.readings.reader import Reader
from kithbook.readings.trust.chains import Step
from kithbook.readings.trust.opinion import Opinion
from kithbook.readings.trust.raising import Raise
from kithbook.readings.trust.score import Score, Vouch, Warned
from kithbook.when import format_at


def why_answer(reader: Reader, score: Score, find: Find) -> answers.Why:
    """A score with its explanation; `score` has its `others`."""
    names = reader.names
    derivation = Derivation(reader, find)
    raised, heard = reader.raising(score), reader.opinion(score)
    return answers.Why(
        **trust_fields(score, names),
        sentence=sentence(score, names),
        worked=worked(score, reader.rules.divisor),
        grounds=derivation.grounds(score.chain),
        warned_by=derivation.warning(score.to, score.warning) if score.warning else None,
        others=[derivation.vouching(vouch) for vouch in score.others],
        raised_by=_raise(raised, names) if raised else None,
        raising=raise_sentence(raised, score, names),
        opinion=_opinion(heard, names[score.start]) if heard else None,
    )


class Derivation:
    """Chains for one reader, opened down to the events that they rest on."""

    def __init__(self, reader: Reader, find: Find) -> None:
        self.reader = reader
        self.names = reader.names
        self.find = find

    def grounds(self, chain: list[Step]) -> list[answers.GroundAnswer]:
        return [self._ground(ground(self.reader, step)) for step in chain]

    def warning(self, to: bytes, warning: Warned) -> answers.WarningAnswer:
        chain = warning.chain
        return answers.WarningAnswer(
            self.names[warning.by],
            warning.weight,
            stated_by(warning.level),
            chain_answer(chain, self.names),
            weighed(warning, self.reader.rules.divisor),
            self.grounds([*chain, Step(warning.by, to, warning.level)]),
        )

    def vouching(self, vouch: Vouch) -> answers.Vouching:
        chain, grounds = vouch.chain, self.grounds(vouch.chain)
        text = carried(chain, vouch.support, self.reader.rules.divisor)
        return answers.Vouching(
            self.names[chain[-1].by],
            vouch.support,
            chain_answer(chain, self.names),
            text if len(chain) > 1 else grounds[0].worked,
            grounds,
        )

    def _ground(self, found: Ground) -> answers.GroundAnswer:
        step = found.step
        return answers.GroundAnswer(
            self.names[step.by],
            self.names[step.to],
            step.level.level,
            found.hand,
            level_worked(found, self.reader.rules),
            self._event(step.level.order),
            [
                answers.EvidenceAnswer(one.kind, one.weight, self._event(one.order))
                for one in found.evidence
            ],
        )

    def _event(self, order: tuple[int, int, bytes, int] | None) -> answers.EventAnswer | None:
        logged = self.find(*order[2:]) if order else None
        return event_answer(logged, self.names.__getitem__) if logged else None


def _opinion(heard: Opinion, viewpoint: str) -> answers.OpinionAnswer:
    newest = format_at(heard.newest, None)
    text = opinion_sentence(heard, viewpoint, newest)
    return answers.OpinionAnswer(heard.people, heard.mean, newest, text)


def _raise(found: Raise, names: Names) -> answers.RaiseAnswer:
    by, to = names[found.by], names[found.to]
    return answers.RaiseAnswer(by, to, found.level, found.before, found.score)

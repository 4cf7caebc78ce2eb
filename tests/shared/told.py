"""Everything that a reader can be asked, as one value to compare."""

from typing import Any

from kithbook.readings.answering import (
    accounts_in_order,
    contacts_answer,
    contacts_in_order,
    ledger_answer,
    scores_answer,
)
from kithbook.readings.reader import Reader


def told(reader: Reader) -> dict[str, Any]:
    people = sorted(reader.names.all)
    return {
        "names": reader.names.all,
        "cards": {person: reader.card(person) for person in people},
        "rules": reader.rules,
        "same": reader.one,
        "contacts": {p: contacts_answer(reader, p) for p in (None, *people)},
        "ledger": {p: ledger_answer(reader, p) for p in (None, *people)},
        "trust": {p: scores_answer(reader, p) for p in (None, *people)},
        "first": {
            p: (
                contacts_in_order(reader, p, 1),
                accounts_in_order(reader, p, 1),
                reader.best(2, p),
            )
            for p in (None, *people)
        },
        "pairs": {(a, b): reader.score(b, a, others=True) for a in people for b in people},
    }

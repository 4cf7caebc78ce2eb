"""The address book as a table (CSV), with what is between each person and you."""

import csv
import io

from kithbook.readings.answering import moment_text
from kithbook.readings.cards import LISTS, SINGLE, values
from kithbook.readings.contacts import Contact
from kithbook.readings.explain import number
from kithbook.readings.ledger import Account
from kithbook.readings.reader import Reader
from kithbook_client.exporting import Writer
from kithbook_client.exporting.entries import Entry, entries

FIELDS = (*LISTS, *(field for field in SINGLE if field != "name"))
COLUMNS = (
    *("id", "name", *FIELDS),
    *("state", "first_contact", "last_contact", "events", "given", "received", "trust"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Where a cell begins like this, a spreadsheet may work it out; the last four are wide ones."""
DAY = len("2026-11-23")


def export_table(reader: Reader, out: Writer, *, with_me: bool) -> int:
    """Write the table, a line of headings first; how many people are in it."""
    contacts = {contact.person: contact for contact in reader.contacts()}
    accounts = reader.ledger()
    scores = {score.to: score.score for score in reader.scores()}
    found = entries(reader, contacts, with_me=with_me)
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for entry in found:
        person = entry.person
        contact = contacts.get(person) or Contact(person)
        account = accounts.get(person) or Account(person)
        row = _row(entry, contact, account, scores.get(person))
        writer.writerow(map(_harmless, row))
    out.write(table.getvalue().encode())
    return len(found)


def _row(entry: Entry, contact: Contact, account: Account, score: float | None) -> list[str]:
    card = entry.card
    return [
        entry.person.hex(),
        entry.name,
        *("; ".join(values(card, field)) for field in LISTS),
        *(card.get(field, "") for field in FIELDS[len(LISTS) :]),
        contact.state or "",
        (moment_text(contact.first) or "")[:DAY],
        (moment_text(contact.last) or "")[:DAY],
        str(contact.events),
        str(sum(account.given)),
        str(sum(account.received)),
        "" if score is None else number(score),
    ]


def _harmless(cell: str) -> str:
    """The cell as a text, also for a spreadsheet."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell

"""Files of other programs, told from those that kith can take in."""

from pathlib import Path

from kithbook.errors import Invalid

ENDINGS = {
    ".vcf": "vCards",
    ".vcard": "vCards",
    ".ics": "a calendar",
    ".csv": "a table",
    ".tsv": "a table",
}
BEGINNINGS = {"BEGIN:VCARD": "vCards", "BEGIN:VCALENDAR": "a calendar"}


def refuse_foreign(file: str, first: bytes) -> None:
    """Refuse what by its first line is no JSONL, and by that line or its name is something else.

    Where neither says what it is, each line is judged by itself.
    """
    text = first.decode(errors="replace").lstrip("\ufeff").strip()
    if text.startswith("{"):
        return
    content = BEGINNINGS.get(text.upper()) or ENDINGS.get(Path(file).suffix.lower())
    if content is not None:
        name = "Standard input" if file == "-" else file
        raise Invalid(
            f"{name} holds {content}, and kith import reads JSONL: one event a line.",
            'Make lines of it such as {"type": "met", "people": ["Bob"], "at": "2026-11-23"}: '
            "docs/howto/import-a-history.md says how.",
        )

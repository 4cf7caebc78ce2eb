"""What was typed: taken without the space around it, or refused."""

from kithbook.errors import Invalid

MOST_LETTERS = 200
MOST_TEXT = 20_000
OBEYED = (
    range(0x20),
    range(0x7F, 0xA0),  # the other controls
    range(0x2028, 0x202F),  # line separators, and marks that turn the direction of writing
    range(0x2066, 0x206A),  # such marks as well
    range(0xD800, 0xE000),  # broken bytes
)
"""The letters that a terminal would obey, and those that it cannot be given at all."""


def clean(what: str, text: str, *, lines: bool = False) -> str:
    """The text without space around it.

    Raises Invalid when it is empty, too long, or holds characters that a terminal would obey;
    `lines` allows more than one line.
    """
    text = text.strip()
    if not any(letter.isprintable() and not letter.isspace() for letter in text):
        raise Invalid(f"The {what} is empty.", f"Write a {what} of at least one letter.")
    most = MOST_LETTERS if what == "name" else MOST_TEXT
    if len(text) > most:
        raise Invalid(
            f"The {what} has {len(text):,} letters, and at most {most:,} fit.", "Shorten it."
        )
    for letter in text if not text.isprintable() else "":
        if _is_obeyed(letter) and not (lines and letter in "\n\t"):
            raise Invalid(
                f"The {what} holds the control character U+{ord(letter):04X}.",
                "Leave it away." if lines else "Leave it away; only notes may have several lines.",
            )
    return text


def _is_obeyed(letter: str) -> bool:
    return any(ord(letter) in letters for letters in OBEYED)

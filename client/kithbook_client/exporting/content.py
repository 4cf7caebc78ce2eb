"""Content lines, of which vCards (RFC 6350) and calendars (RFC 5545) are made."""

OCTETS = 75
"""What a line may hold before its break."""


def escaped(text: str) -> str:
    """A text as a value, or as one part of a value that has several."""
    for letter in "\\,;":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("\n", "\\n")


def folded(line: str) -> bytes:
    """The line on as many as it needs; no letter stands on two of them."""
    octets = line.encode()
    parts = []
    start, room = 0, OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(octets[start:end])
        start, room = end, OCTETS - 1
    return b"\r\n ".join([*parts, octets[start:]]) + b"\r\n"

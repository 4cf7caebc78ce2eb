"""Markup: HTML and SVG put together so that no text can become a tag."""

from collections.abc import Iterable
from html import escape

VOID = {"meta", "input", "br", "circle", "line", "path", "rect"}
"""Elements that hold nothing."""


class Markup(str):
    """Text that is markup already; everything else is escaped when it goes in."""

    __slots__ = ()


Content = str | Iterable[str] | None


def tag(name: str, /, *content: Content, **attrs: str | float | bool | None) -> Markup:
    """An element. `class_` and `for_` stand for words that Python keeps; `_` for `-`.

    Attributes that are None or False are left out.
    """
    told = "".join(_attribute(name, value) for name, value in attrs.items())
    inner = join(*content)
    if name in VOID and not inner:
        return Markup(f"<{name}{told}/>")
    return Markup(f"<{name}{told}>{inner}</{name}>")


def pairs(told: Iterable[tuple[str, str]]) -> Markup:
    """A list of terms, each with what is told of it, but for those of which nothing is."""
    return tag(
        "dl",
        *(
            tag("div", tag("dt", a), tag("dd", b), class_="long" if isinstance(b, Markup) else None)
            for a, b in told
            if b
        ),
    )


def join(*content: Content) -> Markup:
    """Pieces one after another; None is nothing."""
    return Markup("".join(_escaped(piece) for piece in _flat(content)))


def _flat(content: Iterable[Content]) -> Iterable[str]:
    for piece in content:
        if isinstance(piece, str):
            yield piece
        elif piece is not None:
            yield from piece


def _escaped(piece: str) -> str:
    return piece if isinstance(piece, Markup) else escape(piece)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(text)}"'

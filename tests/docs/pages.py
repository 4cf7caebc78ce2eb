"""The pages: README.md and everything under docs/."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    """How a test calls a page."""
    return str(page.relative_to(ROOT))


def text(page: str) -> str:
    return (ROOT / page).read_text()


def prose(page: Path) -> str:
    """A page without its code."""
    return FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """What a link can point to within a page: its headings, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}

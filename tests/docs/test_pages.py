"""Pages are linked, short, and say nothing that is only true on one machine."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, anchors, name, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
REFERENCES = {
    "docs/cli.md",
    "docs/events.md",
    "docs/json.md",
    "docs/projections.md",
    "docs/protocol.md",
}
MACHINE = re.compile(r"/root/", re.IGNORECASE)

every_page = pytest.mark.parametrize("page", PAGES, ids=name)


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in LINK.findall(prose(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists():
                waiting.append(target)
    assert {name(page) for page in PAGES} == {name(page) for page in seen}


@every_page
def test_pages_are_short(page: Path) -> None:
    if name(page) not in REFERENCES:
        assert len(prose(page).splitlines()) < 150


@every_page
def test_headings_differ_so_that_links_are_clear(page: Path) -> None:
    headings = re.findall(r"^#{2,} (.+)$", prose(page), re.MULTILINE)
    assert len(headings) == len(set(headings))


@every_page
def test_no_path_of_a_machine_is_told(page: Path) -> None:
    assert not MACHINE.search(page.read_text())


def test_decisions_are_numbered_without_gaps() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))
    for number, record in zip(numbers, records, strict=True):
        assert record.read_text().startswith(f"# {number}. ")

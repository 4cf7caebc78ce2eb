"""A link that somebody opens in a browser."""

import shutil
from pathlib import Path

import pytest

from tests.bench.kithd import kithd
from tests.server.served import Served

CHROMIUM = shutil.which("chromium")


@pytest.mark.parametrize("kind", ["setup", "device", "invite"])
def test_a_link_says_in_a_browser_what_to_type(served: Served, kind: str) -> None:
    answer = served.client.get(f"/{kind}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "kith join 'LINK'" in answer.text
    assert "http" not in answer.text.replace("https?:", ""), "nothing comes from elsewhere"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.skipif(CHROMIUM is None, reason="apt-get install chromium")
def test_the_line_to_type_has_the_whole_link_unless_a_shell_could_obey_it(
    tmp_path: Path,
) -> None:
    from playwright.sync_api import sync_playwright

    with kithd(tmp_path) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        said = []
        for fragment in ("#AB-c_9", "#x'; rm -rf ~; '", "?a=b#AB", ""):
            page = browser.new_page()
            page.goto(f"{running.origin}/invite{fragment}")
            said.append(page.locator("pre code").inner_text())
        browser.close()
    assert said == [f"kith join '{running.origin}/invite#AB-c_9'", *["kith join 'LINK'"] * 3]

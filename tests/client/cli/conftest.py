"""A real home in a temporary folder, and `kith` run in this process as if it were typed."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from kithbook_client.cli.main import run

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=timezone(timedelta(hours=1)))


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class Typed:
    """Types command lines into one home at one moment."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.capsys = capsys
        self.now = NOW

    def run(self, *words: str) -> Ran:
        code = run(["--home", str(self.home), *words], self.now)
        return Ran(code, *self.capsys.readouterr())

    def __call__(self, *words: str) -> str:
        """What it prints; it has to work."""
        ran = self.run(*words)
        assert (ran.code, ran.err) == (0, ""), (words, ran)
        return ran.out

    def json(self, *words: str) -> Any:
        return msgspec.json.decode(self(*words, "--json"))

    def refused(self, *words: str, code: int = 1) -> dict[str, Any]:
        """The error that it ends with, in JSON."""
        ran = self.run("--json", *words)
        assert (ran.code, ran.out) == (code, ""), (words, ran)
        answer: dict[str, dict[str, Any]] = msgspec.json.decode(ran.err)
        assert set(answer) == {"error"}
        return answer["error"]

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(tmp_path / "home", capsys)


@pytest.fixture
def kith(empty: Typed) -> Typed:
    """The home of Ada."""
    empty("init", "--me", "Ada", "--device", "desk")
    return empty

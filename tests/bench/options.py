"""What a run of the benchmarks was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tests.bench.workload import PEOPLE


class Options(msgspec.Struct, frozen=True):
    events: int = 100_000
    quick: bool = False
    big: bool = False
    otc: Path | None = None

    @property
    def people(self) -> int:
        """Fewer people only where there are hardly any events."""
        return min(PEOPLE, max(100, self.events // 10))

    def rounds(self, usual: int) -> int:
        """How often contenders take turns; once is enough to see that a row works."""
        return 1 if self.quick else usual

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder of one's own for as long as a group runs."""
        with TemporaryDirectory(prefix="kith-bench-") as name:
            yield Path(name)

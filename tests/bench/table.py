"""The table: what was measured, how it compares, what it should reach, and whether it does."""

import importlib.metadata
import os
import platform
import sqlite3
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from time import perf_counter
from typing import NamedTuple

MISSED, REACHED, BEYOND = "missed", "ok", "beyond"
COLUMNS = ("what", "measured", "ratio", "at least", "beyond", "")
WIDTHS = (74, 22, 7, 8, 7, 6)
LIBRARIES = (
    "msgspec",
    "sqlite-utils",
    "click",
    "cryptography",
    "zstandard",
    "eventsourcing",
    "litestar",
    "uvicorn",
    "networkx",
)


class Goal(NamedTuple):
    """A ratio to reach; with `most` it is one to stay below."""

    least: float
    beyond: float | None = None
    most: bool = False

    def mark(self, ratio: float) -> str:
        def reaches(goal: float) -> bool:
            return ratio <= goal if self.most else ratio >= goal

        if not reaches(self.least):
            return MISSED
        return BEYOND if self.beyond is not None and reaches(self.beyond) else REACHED

    def cells(self) -> tuple[str, str]:
        sign = "≤" if self.most else "≥"
        beyond = "" if self.beyond is None else f"{sign} {self.beyond:g}"
        return f"{sign} {self.least:g}", beyond


class Figure(NamedTuple):
    """One line. A figure without a goal is reported and not judged."""

    what: str
    measured: str
    ratio: float | None = None
    goal: Goal | None = None

    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        if self.goal is None or self.ratio is None:
            return self.what, self.measured, ratio, "", "", ""
        return self.what, self.measured, ratio, *self.goal.cells(), self.goal.mark(self.ratio)

    def as_dict(self) -> dict[str, object]:
        *_, mark = self.cells()
        least, beyond = (self.goal.least, self.goal.beyond) if self.goal else (None, None)
        return {
            "what": self.what,
            "measured": self.measured,
            "ratio": self.ratio,
            "at_least": least,
            "beyond": beyond,
            "mark": mark or None,
        }


def per_second(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}/s"


def duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def line(cells: Iterable[str]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return f"| {' | '.join(padded)} |"


def heading() -> str:
    rule = "|".join("-" * (width + 2) for width in WIDTHS)
    return f"{line(COLUMNS)}\n|{rule}|"


def about(events: int) -> dict[str, str]:
    """The machine, the versions, the day and the size: without them no figure means anything."""
    libraries = (f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return {
        "date": date.today().isoformat(),  # noqa: DTZ011 - the day on this machine's calendar
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "libraries": ", ".join(libraries),
        "disk": f"one fsync takes {duration(_fsync())}",
        "load": f"{os.getloadavg()[0]:.1f} processes already at work",
        "events": f"{events:,}",
    }


def _fsync() -> float:
    """Median seconds until a few bytes more are on the disk."""
    with NamedTemporaryFile() as file:
        times = []
        for _ in range(21):
            start = perf_counter()
            file.write(bytes(200))
            file.flush()
            os.fsync(file.fileno())
            times.append(perf_counter() - start)
    return median(times)


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            names = (line.partition(":")[2].strip() for line in lines if "model name" in line)
            return next(names, platform.machine())
    except OSError:
        return platform.processor() or platform.machine()

"""The log on stderr: a line for each thing that happened, for machines or for people.

No line says who asked or what about: an address is its pattern, and a request is its id.
"""

import logging
from typing import Literal

import msgspec

FIELDS = ("request", "method", "path", "status", "ms")
"""What a line may have beside its time, its level and what happened."""
OURS = ("kithd", "uvicorn")


def write_logs(level: str, form: Literal["json", "text"]) -> None:
    """Log to stderr from now on. Of libraries only what is wrong is told, whatever the level."""
    handler = logging.StreamHandler()
    handler.setFormatter(JSONLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())


class JSONLines(logging.Formatter):
    """One JSON object a line: what happened, in which request, and where it failed."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class TextLines(logging.Formatter):
    """The same for people: `18:40:12 info answered method=POST status=200`, and then a trace."""

    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, "%H:%M:%S")
        told = [f"{name}={value}" for name, value in _fields(record).items()]
        line = " ".join([time, record.levelname.lower(), record.getMessage(), *told])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _fields(record: logging.LogRecord) -> dict[str, object]:
    found = record.__dict__
    return {name: found[name] for name in FIELDS if found.get(name) not in {None, ""}}

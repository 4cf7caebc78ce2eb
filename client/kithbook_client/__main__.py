"""Starts `kith`, and ends it without waiting for what a finished process no longer needs."""

import gc
import os
import sys
from typing import NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    try:
        _run()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


def _run() -> NoReturn:
    # A command is over before there is garbage worth looking for, the loading of modules included.
    gc.disable()
    # msgspec asks it for names that this Python's own typing has; whoever needs it loads it later.
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    import msgspec  # noqa: F401

    del sys.modules["typing_extensions"]
    from kithbook_client.cli.main import run

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    code = run(sys.argv[1:])
    # Taking the interpreter apart would take longer than recording an event.
    os._exit(code)


if __name__ == "__main__":
    main()

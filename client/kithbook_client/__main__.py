"""Starts `kith`, and ends it without waiting for what a finished process no longer needs."""

import gc
import os
import sys
from types import SimpleNamespace
from typing import Any, NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    try:
        _run()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


def _run() -> NoReturn:
    # A command is over before there is garbage worth looking for, the loading of modules included.
    gc.disable()
    _load_msgspec()
    from kithbook_client.cli.main import run

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    code = run(sys.argv[1:])
    # Taking the interpreter apart would take longer than recording an event.
    os._exit(code)


def _load_msgspec() -> None:
    """Load it first, without two modules that take long and of which little is asked here.

    Whoever needs them later loads them then.
    """
    # msgspec asks the one for names that this Python's own typing has, and uuid asks the other for
    # what the system calls itself.
    system = SimpleNamespace(system=lambda: os.uname().sysname)
    stand_ins: dict[str, Any] = {"typing_extensions": None, "platform": system}
    stand_ins = {name: one for name, one in stand_ins.items() if name not in sys.modules}
    sys.modules.update(stand_ins)
    import msgspec  # noqa: F401

    for name in stand_ins:
        del sys.modules[name]


if __name__ == "__main__":
    main()

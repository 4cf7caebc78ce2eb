"""Files written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from typing import BinaryIO


def write_whole(path: Path, content: bytes) -> None:
    """The whole file or none of it, on the disk when this returns."""
    with whole(path) as file:
        file.write(content)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """The file appears, or replaces what was there, once everything has been written to it.

    It keeps the rights of the one that it replaces; a new one is for its owner alone. A pipe or a
    device is written to as it is.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".kith-")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _give_rights_of(target, made)
        made.replace(target)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _give_rights_of(old: Path, new: Path) -> None:
    """Where there is no old file, or a stick has no rights to give, nothing is done."""
    if old.exists() and (mode := old.stat().st_mode) != new.stat().st_mode:
        new.chmod(S_IMODE(mode))

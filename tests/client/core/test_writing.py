"""Files written whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from kithbook_client.writing import whole, write_whole


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "file"


def test_what_fails_halfway_leaves_the_earlier_file_and_nothing_else(file: Path) -> None:
    write_whole(file, b"earlier")
    with pytest.raises(TypeError), whole(file) as out:
        out.writelines([b"half", None])
    assert file.read_bytes() == b"earlier"
    assert list(file.parent.iterdir()) == [file]


def test_a_new_file_is_for_its_owner_and_an_old_one_keeps_its_rights(file: Path) -> None:
    write_whole(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    write_whole(file, b"newer")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"newer", 0o640)


def test_a_link_goes_on_leading_to_the_file(file: Path, tmp_path: Path) -> None:
    write_whole(file, b"old")
    link = tmp_path / "link"
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_device_is_written_to_and_stays_one() -> None:
    write_whole(Path(os.devnull), b"gone")
    assert Path(os.devnull).is_char_device()


def test_what_cannot_be_written_is_called_as_it_was_asked_for(file: Path) -> None:
    for path in (file.parent, file / "no"):
        with pytest.raises(OSError) as raised:  # noqa: PT011 - which one is the system's to say
            write_whole(path, b"")
        assert raised.value.filename == str(path)

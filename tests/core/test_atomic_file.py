"""Files in one step, on systems that refuse what Linux allows: each of them is put into the place of this one."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from ubp_core.atomic_file import write_atomically, write_text
from ubp_core.errors import FileError

TEXT = "line\r\nline\n"


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As on Windows: what is synced must be open for writing, and no folder can be opened. Returns what was synced."""
    done: list[str] = []
    sync, open_it = os.fsync, os.open

    def fsync(handle: int) -> None:
        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(9, "Bad file descriptor")
        done.append(os.readlink(f"/proc/self/fd/{handle}"))
        sync(handle)

    def open_file(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied")
        return open_it(path, flags, mode)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "open", open_file)
    return done


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, synced: list[str], overwrite: bool) -> None:
    target = tmp_path / "file"
    write_atomically(target, lambda place: write_text(place, TEXT), overwrite=overwrite)
    assert [Path(name).name.endswith(".tmp") for name in synced] == [True]
    assert target.read_bytes() == TEXT.encode() and [*tmp_path.iterdir()] == [target]


def test_a_file_that_is_there_is_replaced(tmp_path: Path, synced: list[str]) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    write_atomically(target, lambda place: write_text(place, TEXT))
    assert target.read_bytes() == TEXT.encode() and [*tmp_path.iterdir()] == [target]


def test_where_there_are_no_hard_links_a_file_that_is_there_stays(
    tmp_path: Path, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: Path, target: Path) -> None:
        raise OSError(1, "Incorrect function")

    monkeypatch.setattr(os, "link", link)
    target = tmp_path / "file"
    write_atomically(target, lambda place: write_text(place, TEXT), overwrite=False)
    with pytest.raises(FileError, match="is there already"):
        write_atomically(target, lambda place: write_text(place, "other"), overwrite=False)
    assert target.read_bytes() == TEXT.encode() and [*tmp_path.iterdir()] == [target]


def test_a_file_that_another_program_holds_is_named_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(source: Path, target: Path) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(FileError, match="file: Access is denied"):
        write_atomically(tmp_path / "file", lambda place: write_text(place, TEXT))
    assert [*tmp_path.iterdir()] == []

"""The cache: tagged, emptied only where it is ours, set aside where it is older, left alone where it is newer."""

from __future__ import annotations

from pathlib import Path

import pytest

from ubp_core.storage import cache
from ubp_core.storage.cache import TAG, CacheError, Emptied, empty_cache, make_folder


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the cache of these tests is; not made yet."""
    monkeypatch.setenv("UBP_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "cache"


def test_a_folder_in_the_cache_is_made_with_the_tag(folder: Path, tmp_path: Path) -> None:
    make_folder(folder / "weights")
    text = (folder / TAG).read_text()
    assert text.startswith("Signature: 8a477f597d28d172789f06886806bc55\n") and "ubp-tui, layout 1\n" in text
    (folder / TAG).write_text(text + "# more\n")
    make_folder(folder / "weights")
    make_folder(folder)
    assert (folder / TAG).read_text() == text + "# more\n", "a tag that is there stays"
    make_folder(tmp_path / "torch" / "hub")
    assert [entry.name for entry in (tmp_path / "torch").iterdir()] == ["hub"], "elsewhere no tag is made"


def test_emptying_removes_what_is_there_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    assert empty_cache() == Emptied(0, 0) and not folder.parent.exists()
    make_folder(folder / "weights" / "more")
    (folder / "weights" / "one.pth").write_bytes(bytes(1000))
    (folder / "weights" / "more" / "two.pth").write_bytes(bytes(24))
    (folder / "three").write_bytes(bytes(100))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(bytes(5000))
    (folder / "weights" / "link").symlink_to(outside)
    (folder / "link").symlink_to(outside)
    emptied = empty_cache()
    assert emptied.files == 5 and 1124 < emptied.size_bytes < 5000, "links count as themselves"
    assert [entry.name for entry in folder.iterdir()] == [TAG] and (outside / "kept").stat().st_size == 5000
    assert empty_cache() == Emptied(0, 0)


@pytest.mark.parametrize("tag", [None, "", "Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n"])
def test_a_folder_of_somebody_else_is_neither_used_nor_emptied(folder: Path, tag: str | None) -> None:
    folder.mkdir(parents=True)
    (folder / "theirs").write_text("kept")
    if tag is not None:
        (folder / TAG).write_text(tag)
    with pytest.raises(CacheError, match="is no cache of ubp-tui"):
        empty_cache()
    with pytest.raises(CacheError, match="name another folder in UBP_HOME"):
        make_folder(folder / "weights")
    assert (folder / "theirs").read_text() == "kept" and not (folder / "weights").exists()


def test_an_older_cache_is_set_aside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for layout, names in ((2, ["cache", "cache.refused"]), (3, ["cache", "cache.refused", "cache.refused-2"])):
        make_folder(folder / "weights")
        (folder / "weights" / "w").write_text(str(layout))
        monkeypatch.setattr(cache, "LAYOUT", layout)
        make_folder(folder / "weights")
        assert not (folder / "weights" / "w").exists()
        assert sorted(entry.name for entry in folder.parent.iterdir()) == names
        assert (folder.parent / names[-1] / "weights" / "w").read_text() == str(layout)


def test_a_newer_cache_is_left_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(cache, "LAYOUT", 2)
        make_folder(folder / "things")
    with pytest.raises(CacheError, match=r"written by a newer ubp-tui \(form 2, this one knows 1\).*update ubp-tui"):
        make_folder(folder / "weights")
    assert sorted(entry.name for entry in folder.iterdir()) == [TAG, "things"]
    (folder / "things" / "x").touch()
    assert empty_cache().files == 1, "emptying is asked for by name"

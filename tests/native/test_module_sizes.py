"""Modules and folders of the native code are seen at a glance, as those of the app are (tests/test_layering.py)."""

from __future__ import annotations

from pathlib import Path

NATIVE = Path(__file__).parents[2] / "native"
MOST_LINES, MOST_MODULES = 300, 15
KINDS = {".cpp", ".h", ".inc", ".def", ".py", ".txt"}


def sources() -> list[Path]:
    found = [path for path in NATIVE.rglob("*") if path.suffix in KINDS and "__pycache__" not in path.parts]
    assert len(found) > 150
    return found


def test_no_module_is_long() -> None:
    lengths = {path.relative_to(NATIVE): len(path.read_text().splitlines()) for path in sources()}
    assert {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_folder_is_full() -> None:
    """A module is a source and its header."""
    modules: dict[Path, set[str]] = {}
    for path in sources():
        modules.setdefault(path.parent, set()).add(path.stem)
    assert {str(folder): len(stems) for folder, stems in modules.items() if len(stems) > MOST_MODULES} == {}


def test_every_include_of_ours_is_there() -> None:
    """Also of the files that this machine does not compile."""
    missing = []
    for path in sources():
        if path.suffix in (".py", ".txt"):
            continue
        for line in path.read_text().splitlines():
            if not line.startswith('#include "'):
                continue
            name = line.split('"')[1]
            places = (path.parent, NATIVE / "include", NATIVE / "src")
            if not any((place / name).is_file() for place in places):
                missing.append(f"{path.relative_to(NATIVE)}: {name}")
    assert missing == []

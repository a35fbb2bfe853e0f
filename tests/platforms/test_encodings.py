"""Every text is read and written as UTF-8 by its name: elsewhere another encoding stands where none is named.

Ruff's rule (PLW1514) knows a path only where it can tell its type; this looks at every call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("core", "ubp_tui", "native/bench", "examples", "screenshots", "hatch_build.py")
MODE_PLACE = {"open": 1, "fdopen": 1, "NamedTemporaryFile": 0, "TemporaryFile": 0}
"""Which argument the mode is; of a method of a path, the one before."""
BINARY = {"NamedTemporaryFile", "TemporaryFile"}
"""Where no mode means bytes."""
PATH_METHODS = {"read_text": 0, "write_text": 1}
"""Methods of paths, and which argument may be the encoding."""


def sources() -> Iterator[Path]:
    for name in SOURCES:
        yield from [ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py")


def opens_text(call: ast.Call) -> bool:
    """Whether a call opens or passes text, by its name."""
    method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = {word.arg: word.value for word in call.keywords}
    if method and name in PATH_METHODS:
        return len(call.args) <= PATH_METHODS[name]
    if name in MODE_PLACE:
        owner = getattr(call.func.value, "id", "") if isinstance(call.func, ast.Attribute) else ""
        if owner in ("Image", "os", "webbrowser") and name == "open":
            return False
        place = MODE_PLACE[name] - (method and name == "open" and owner != "io")
        mode = words.get("mode") or (call.args[place] if len(call.args) > place else None)
        if mode is None:
            return name not in BINARY
        return isinstance(mode, ast.Constant) and "b" not in str(mode.value)
    return any(isinstance(words.get(key), ast.Constant) for key in ("text", "universal_newlines"))


def find_unnamed(text: str) -> list[int]:
    """Lines with a call that leaves the encoding to the system."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if opens_text(call) and not {"encoding"} & {w.arg for w in call.keywords}]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("path.read_text()", True),
        ('path.read_text("utf-8")', False),
        ('path.write_text(text, encoding="utf-8")', False),
        ("path.write_text(text)", True),
        ("write_text(path, text)", False),
        ("open(name)", True),
        ('open(name, "rb")', False),
        ('path.open("ab")', False),
        ('path.open("a")', True),
        ('os.fdopen(number, "w", encoding="utf-8")', False),
        ("os.open(name, flags)", False),
        ("TemporaryFile()", False),
        ('tempfile.TemporaryFile("w+")', True),
        ("subprocess.run(command, text=True)", True),
        ('subprocess.run(command, encoding="utf-8")', False),
    ],
)
def test_what_leaves_the_encoding_open_is_found(line: str, found: bool) -> None:
    assert find_unnamed(line) == ([1] if found else [])


def test_every_text_has_its_encoding() -> None:
    found = {str(path.relative_to(ROOT)): find_unnamed(path.read_text(encoding="utf-8")) for path in sources()}
    assert len(found) > 400
    assert {path: lines for path, lines in found.items() if lines} == {}

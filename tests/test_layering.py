"""Who may import whom, beside the import contracts: what a fresh process loads, private Textual, sizes."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import ubp_core
import ubp_tui

HEADLESS = ("bench", "choices", "observing", "session", "work", "workspace")
"""Parts of the app that know no terminal."""
TERMINAL = {"textual", "rich", "plotext", "textual_plotext"}
APP = Path(ubp_tui.__path__[0])
MOST_LINES, MOST_MODULES = 300, 15


def library_modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(ubp_core.__path__, "ubp_core.")]
    return [name for name in names if not name.startswith("ubp_core.cli")]


def modules_after(statement: str) -> set[str]:
    """What a fresh process has loaded after a statement."""
    program = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_library_loads_no_terminal_code() -> None:
    loaded = modules_after("import " + ", ".join(library_modules()))
    assert not {"textual", "ubp_tui", "plotext"} & loaded


@pytest.mark.parametrize("module", ["ubp_core", "ubp_core.cli.main", "ubp_tui.main"])
def test_start_up_waits_for_nothing_slow(module: str) -> None:
    assert not {"torch", "torchvision", "textual"} & modules_after(f"import {module}")


def headless_modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(ubp_tui.__path__, "ubp_tui.")]
    kept = [name for name in names if name.split(".")[1] in HEADLESS]
    return [*kept, "ubp_tui.keys.registry", "ubp_tui.keys.key_action", "ubp_tui.looks.names"]


@pytest.mark.parametrize("module", headless_modules())
def test_what_decides_and_computes_loads_no_terminal_code(module: str) -> None:
    assert not TERMINAL & modules_after(f"import {module}")


def private_names(tree: ast.AST) -> set[str]:
    """Private modules of Textual that are imported, and the private parts of its objects that the app has used."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "textual":
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            found |= {name for name in names if name.startswith("_")}
        elif isinstance(node, ast.Attribute) and node.attr in ("_compositor", "_close_messages_no_wait"):
            found.add(node.attr)
    return found


def test_private_textual_stays_beside_the_terminal() -> None:
    users = {path.relative_to(APP) for path in APP.rglob("*.py") if private_names(ast.parse(path.read_text()))}
    assert users and {path.parts[0] for path in users} == {"terminal"}


@pytest.mark.parametrize("package", [ubp_core, ubp_tui])
def test_modules_and_folders_are_seen_at_a_glance(package: ModuleType) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in Path(package.__path__[0]).rglob("*.py")}
    assert {path.name for path, lines in lengths.items() if lines > MOST_LINES} == set()
    folders = [path.parent for path in lengths if path.name != "__init__.py"]
    assert {folder.name for folder in folders if folders.count(folder) > MOST_MODULES} == set()

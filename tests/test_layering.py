"""Who may import whom: the library knows no terminal app, and neither start-up waits for torch."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import ubp_core


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

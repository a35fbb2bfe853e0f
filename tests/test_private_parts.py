"""Private parts of a library stand in one module per library, with an upper bound for their sake in pyproject.toml."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import ubp_core
import ubp_tui

ROOT = Path(__file__).parents[1]
HOMES = {"torch": Path("core/ubp_core/torch_private.py"), "textual": Path("ubp_tui/terminal/textual_private.py")}
PYTHON = {"_exit", "_actions", "_ActionsContainer", "_ArgumentGroup"}
"""Of Python's own modules."""


def is_private(name: object) -> bool:
    return isinstance(name, str) and name.startswith("_") and not name.startswith("__") and name != "_"


def own_names(tree: ast.AST) -> Iterator[str]:
    """What modules and classes define by themselves: functions, fields and variables, attributes of `self`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr
        if isinstance(node, ast.Module | ast.ClassDef):
            targets = (child for statement in node.body for child in ast.iter_child_nodes(statement))
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def used_names(tree: ast.AST) -> Iterator[str]:
    """What it reaches for: attributes, also by `getattr`, and imported names and modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "hasattr", "setattr"):
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))


def trees(package: ModuleType) -> dict[Path, ast.AST]:
    return {path.relative_to(ROOT): ast.parse(path.read_text()) for path in Path(package.__path__[0]).rglob("*.py")}


@pytest.mark.parametrize(("package", "library"), [(ubp_core, "torch"), (ubp_tui, "textual")])
def test_what_is_private_elsewhere_is_used_in_one_module(package: ModuleType, library: str) -> None:
    found = trees(package)
    own = PYTHON.union(*map(own_names, found.values()))
    foreign = {path: {*filter(is_private, used_names(tree))} - own for path, tree in found.items()}
    assert {path for path, names in foreign.items() if names} == {HOMES[library]}


@functools.cache
def class_trees(module: str) -> dict[str, ast.AST]:
    nodes = ast.walk(ast.parse(inspect.getsource(importlib.import_module(module))))
    return {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}


def class_tree(kind: type) -> ast.AST:
    return class_trees(kind.__module__).get(kind.__name__, ast.Module([], []))


@functools.cache
def own_private_names(kind: type) -> frozenset[str]:
    return frozenset(filter(is_private, own_names(class_tree(kind))))


def app_classes() -> list[type]:
    """Every class that a module of the app defines."""
    names = [module.name for module in pkgutil.walk_packages(ubp_tui.__path__, "ubp_tui.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    return [kind for module in modules for kind in vars(module).values()
            if isinstance(kind, type) and kind.__module__ == module.__name__]  # fmt: skip


def touched_private_names(kind: type) -> set[str]:
    """Private names that a class of the app shares with a class of Textual that it is made from."""
    bases = [base for base in kind.__mro__ if base.__module__.split(".")[0] in ("textual", "textual_plotext")]
    kept = {name for base in bases for name in own_private_names(base)}
    return kept & {*own_private_names(kind), *used_names(class_tree(kind))}


def test_no_class_of_the_app_shares_a_private_name_with_its_textual_base() -> None:
    """Neither on purpose nor by chance, where a new version of Textual may come to use a name that we have."""
    home = ".".join(HOMES["textual"].with_suffix("").parts)
    touched = {kind.__qualname__: touched_private_names(kind) for kind in app_classes() if kind.__module__ != home}
    assert {name: names for name, names in touched.items() if names} == {}


def test_the_private_module_is_seen_to_touch_private_names() -> None:
    """The check above can fail."""
    home = importlib.import_module(".".join(HOMES["textual"].with_suffix("").parts))
    assert touched_private_names(home.FailingApp) >= {"_handle_exception", "_close_messages_no_wait"}


@pytest.mark.parametrize("library", HOMES)
def test_an_upper_bound_stands_beside_its_reason(library: str) -> None:
    text = (ROOT / "pyproject.toml").read_text()
    dependencies = tomllib.loads(text)["project"]["dependencies"]
    (bound,) = [requirement for requirement in dependencies if requirement.startswith(f"{library}>")]
    assert "<" in bound
    (line,) = [line for line in text.splitlines() if f'"{bound}"' in line]
    assert HOMES[library].as_posix() in line

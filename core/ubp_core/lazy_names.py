"""Names of a package that are imported when they are first used: torch and adbutils are slow to import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def list_names(module: Mapping[str, Any], names: Iterable[str]) -> Callable[[], list[str]]:
    """Build the `__dir__` of a package, so that names which are not imported yet are shown too.

    Args:
        module: its `globals()`.
        names: its `__all__`.
    """
    return lambda: sorted({*module, *names})


def import_at_use(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Build the `__getattr__` of a package.

    Args:
        package: its `__name__`.
        homes: the module of the package that owns each name.

    Returns:
        A function that imports the module which owns a name; it raises AttributeError for others, as modules do.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return find

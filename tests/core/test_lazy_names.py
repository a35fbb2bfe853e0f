"""Packages whose names are imported at their first use: every name is there, and no other."""

from __future__ import annotations

from importlib import import_module

import pytest

PACKAGES = ("", ".benchmark", ".devices", ".export", ".history", ".models", ".network", ".plan", ".pruning")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_of_a_package_can_be_imported(package: str) -> None:
    module = import_module(f"ubp_core{package}")
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match=f"'{module.__name__}' has no attribute 'nothing'"):
        _ = module.nothing

"""The parts of torch that it does not promise to keep: used here and nowhere else.

`pyproject.toml` has an upper bound of torch's version for their sake; before it is raised, the tests of models, of
whole networks and of checkpoints are run with the new one. They are here because torch has no public way to them:

- A state dict carries the versions of its modules in an attribute. Without them batch norms of old files lack a
  counter, and mnasnet refuses to be filled.
- An operation of `torch.export` tells its name and its arguments' names by its schema only.
- `torch.compile` wraps a module and keeps it in an attribute.
- `torch.export` flattens what a module returns, however it is nested; only its own function does so in its order.
- What all kinds of batch norm have in common, users' own ones too, is one class.
- Its tracer prints a traceback of what it raises, by a logger that is known by a private module's name.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm
from torch.utils._pytree import tree_leaves

__all__ = [
    "TRACER",
    "BatchNorm",
    "compiled_module",
    "schema_of",
    "set_versions",
    "tree_leaves",
    "version_of",
    "versions_of",
]

TRACER = logging.getLogger("torch._subclasses.fake_tensor")
"""Of the tracer of `torch.export`."""


def versions_of(state: object) -> Any:
    """The versions of a state dict's modules, as it carries them; None where it has none."""
    return getattr(state, "_metadata", None)


def set_versions(state: object, versions: Mapping[str, Any]) -> None:
    """Gives a state dict the versions of its modules."""
    state._metadata = versions  # type: ignore[attr-defined]


def version_of(module: nn.Module) -> int | None:
    """The version of a module's own entries in a state dict."""
    return getattr(module, "_version", None)


def compiled_module(model: object) -> object:
    """The module that `torch.compile` has wrapped; None for another one."""
    return getattr(model, "_orig_mod", None)


def schema_of(operation: object) -> Any:
    """Name and arguments of an operation; None for a plain function."""
    return getattr(operation, "_schema", None)

"""Networks and checkpoints as lists of layers: `load_model` and the dataclasses it returns.

Owns everything between a model's name or file and its fp32 weight arrays. Must not select, prune or print.
Importing this package is cheap: numpy, torch and torchvision are imported where they are first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ubp_core.models.catalogue import DEFAULT_MODEL, MODEL_NAMES

if TYPE_CHECKING:
    from ubp_core.models.layers import Layer, LoadedModel
    from ubp_core.models.loading import load_model
    from ubp_core.models.torchvision_models import available_models

__all__ = ["DEFAULT_MODEL", "MODEL_NAMES", "Layer", "LoadedModel", "available_models", "load_model"]

_HOMES = {
    "Layer": "layers",
    "LoadedModel": "layers",
    "available_models": "torchvision_models",
    "load_model": "loading",
}


def __getattr__(name: str) -> Any:
    """Import the module that owns `name` at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""Networks and checkpoints as lists of layers: `load_model` and the dataclasses it returns.

Owns everything between a model's name or file and its fp32 weight arrays. Must not select, prune or print.
Importing this package is cheap: numpy, torch and torchvision are imported where they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.lazy_names import import_at_use, list_names
from ubp_core.models.catalogue import DEFAULT_MODEL, MODEL_NAMES

if TYPE_CHECKING:
    from ubp_core.models.layers import Layer, LoadedModel
    from ubp_core.models.loading import load_model
    from ubp_core.models.own_modules import as_model
    from ubp_core.models.torchvision_models import available_models

__all__ = ["DEFAULT_MODEL", "MODEL_NAMES", "Layer", "LoadedModel", "as_model", "available_models", "load_model"]

_HOMES = {
    "Layer": "layers",
    "LoadedModel": "layers",
    "as_model": "own_modules",
    "available_models": "torchvision_models",
    "load_model": "loading",
}

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)

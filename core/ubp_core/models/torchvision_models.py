"""The classification networks of torchvision: their names, building one, and the address of its weights."""

from __future__ import annotations

from difflib import get_close_matches
from types import ModuleType
from typing import Any

from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models.catalogue import OWN_MODELS

_TRAINING_HEADS = ("googlenet", "inception_v3")
"""Have auxiliary heads that only training uses, and a slow initialisation of their own."""


def _library() -> ModuleType:
    """Import torchvision's models (1 to 3 s at the first call)."""
    try:
        from torchvision import models
    except Exception as error:  # an ImportError, or a RuntimeError where it was built for another torch
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"torchvision does not load ({reason}); reinstall torch and torchvision together") from error
    library: ModuleType = models
    return library


def available_models() -> tuple[str, ...]:
    """Every network that `load_model` knows by name."""
    models = _library()
    return (*OWN_MODELS, *models.list_models(module=models))


def check_name(name: str) -> None:
    """Refuse an unknown name.

    Raises:
        ModelError: the line offers similar names.
    """
    names = available_models()
    if name in names:
        return
    close = get_close_matches(name.lower().replace("-", "_"), names, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else "see `ubp layers --help` for names"
    raise ModelError(f"unknown model {name!r}: {hint} (a checkpoint file needs its suffix, .safetensors, .pt or .pth)")


def build(name: str, num_classes: int, input_size: int) -> nn.Module:
    """Build a network with its default initialisation.

    Args:
        name: a name that `check_name` accepts.
        num_classes: outputs of the classifier.
        input_size: height and width of the images; only vision transformers are built for one size.
    """
    options: dict[str, Any] = {"num_classes": num_classes}
    if name in _TRAINING_HEADS:
        options |= {"aux_logits": False, "init_weights": False}
    if name.startswith("vit_"):
        options["image_size"] = input_size
    network: nn.Module = _library().get_model(name, weights=None, **options)
    return network


def default_weights(name: str) -> Any:
    """Torchvision's own choice of its weights of a network; None where it has none, or no such network."""
    models = _library()
    choices = models.get_model_weights(name) if name in models.list_models(module=models) else ()
    return choices.DEFAULT if len(choices) else None  # type: ignore[union-attr]


def find_weights(name: str) -> tuple[str, str, int | None]:
    """Where torchvision's trained weights of a network are.

    Returns:
        Address, label such as IMAGENET1K_V2, and the image size the network must have (vision transformers only).

    Raises:
        ModelError: it has none.
    """
    best = default_weights(name)
    if best is None:
        raise ModelError(f"torchvision has no trained weights for {name}: use --weights random")
    size = best.meta["min_size"][0] if name.startswith("vit_") else None
    return best.url, best.name, size


def prepare_for_weights(name: str, module: nn.Module) -> None:
    """Switch on what a network must do to its input when it runs with torchvision's own weights."""
    if name in _TRAINING_HEADS:
        module.transform_input = True  # type: ignore[assignment]

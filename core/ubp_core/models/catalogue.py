"""Names of models and kinds of files, as plain text: what a command line needs before anything heavy is imported."""

from __future__ import annotations

import os
import re
from pathlib import Path

DEFAULT_MODEL = "efficientnet_lite0"
"""The demo: real ImageNet weights that come as a Python package."""

OWN_MODELS = (DEFAULT_MODEL, "mobilenet_v1")
"""Names that torchvision doesn't know."""

MODEL_NAMES = (
    *OWN_MODELS,
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "resnet18",
    "resnet50",
    "efficientnet_b0",
    "convnext_tiny",
    "vgg16",
)
"""What `--help` lists; every classification network of torchvision works by its name there."""

SAFETENSORS_SUFFIX = ".safetensors"
TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".tar")
CHECKPOINT_SUFFIXES = (SAFETENSORS_SUFFIX, *TORCH_SUFFIXES)
_INSIDE = re.compile(r"(.*(?:\.safetensors|\.pth?|\.ckpt|\.bin|\.tar|\.json)):([^:/\\]+)", re.IGNORECASE | re.DOTALL)


def is_checkpoint(model: str) -> bool:
    """Whether MODEL means a file: it has a checkpoint's suffix, a folder in front, or it is there.

    Args:
        model: what the user wrote.
    """
    path = Path(split_inside(model)[0])
    if path.suffix.lower() in CHECKPOINT_SUFFIXES or len(path.parts) > 1:
        return True
    return model not in MODEL_NAMES and os.path.isfile(model)


def split_inside(model: str) -> tuple[str, str | None]:
    """A checkpoint's path and, behind a colon, the keys that lead to one of its state dicts: `gan.pth:generator`.

    Args:
        model: what the user wrote; a file of exactly that name is taken as it is.
    """
    match = _INSIDE.fullmatch(model)
    if match is None or os.path.exists(model):
        return model, None
    return match[1], match[2]

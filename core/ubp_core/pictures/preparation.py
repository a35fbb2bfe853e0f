"""How a picture becomes a network's input: scaled, cut out of the middle, normalised as the weights were trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ubp_core.errors import UsageError
from ubp_core.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
USUAL_RATIO = 256 / 224
"""The shorter edge of the scaled picture over the side that is cut out of it."""
LITE_MARGIN = 32
"""Pixels that EfficientNet-Lite's own evaluation leaves around the cut, both sides together."""


@dataclass(frozen=True)
class Preparation:
    """What is done to every picture."""

    height: int
    """Of the input, in pixels."""
    width: int
    ratio: float = USUAL_RATIO
    """Pixels of the scaled picture over those of the input."""
    bicubic: bool = False
    """How it is scaled; otherwise bilinear. Both smooth where a picture becomes smaller."""
    mean: tuple[float, ...] = IMAGENET_MEAN
    """Of each channel, in 0..1; taken away. As many as the network has channels: one is brightness."""
    deviation: tuple[float, ...] = IMAGENET_DEVIATION
    """Of each channel; divides."""

    def apply(self, picture: Image) -> NDArray[np.float32]:
        """The input, float32 [channels, height, width]."""
        from PIL import ImageOps
        from torchvision.transforms import InterpolationMode, functional

        upright = ImageOps.exif_transpose(picture).convert("L" if len(self.mean) == 1 else "RGB")
        edges = upright.height, upright.width
        short = round(min(edges) * self.ratio * max(self.height / edges[0], self.width / edges[1]))
        size = [
            max(short * edge // min(edges), least) for edge, least in zip(edges, (self.height, self.width), strict=True)
        ]
        mode = InterpolationMode.BICUBIC if self.bicubic else InterpolationMode.BILINEAR
        cut = functional.center_crop(functional.resize(upright, size, mode), [self.height, self.width])
        ready = functional.normalize(functional.to_tensor(cut), list(self.mean), list(self.deviation))
        array: NDArray[np.float32] = ready.numpy()
        return array

    def __str__(self) -> str:
        """In words, for people."""
        how = "bicubic" if self.bicubic else "bilinear"
        numbers = (", ".join(f"{number:.3g}" for number in numbers) for numbers in (self.mean, self.deviation))
        mean, deviation = numbers
        return (
            f"scaled to {self.ratio:.3g} times {self.height}x{self.width} ({how}), cut out of the middle, "
            f"mean {mean}, deviation {deviation}"
        )


def preparation_for(name: str, channels: int, height: int, width: int) -> Preparation:
    """What the weights of a network were trained with.

    Torchvision's weights say it themselves; EfficientNet-Lite's are those of its authors' evaluation; all others get
    ImageNet's usual one.

    Args:
        name: of the network, as `load_model` knows it.
        channels: of its input, 1 or 3.
        height: of its input, in pixels.
        width: of its input.

    Raises:
        UsageError: pictures have other channels.
    """
    if channels not in (1, 3):
        raise UsageError(f"the network takes {channels} channels, pictures have 3 or 1")
    if channels == 1:
        return Preparation(height, width, mean=(0.5,), deviation=(0.5,))
    if name == DEFAULT_MODEL:
        ratio = (height + LITE_MARGIN) / height
        return Preparation(height, width, ratio, True, (127 / 255,) * 3, (128 / 255,) * 3)
    preset = find_preset(name)
    if preset is None:
        return Preparation(height, width)
    return Preparation(
        height,
        width,
        preset.resize_size[0] / preset.crop_size[0],
        preset.interpolation.value == "bicubic",
        tuple(preset.mean),
        tuple(preset.std),
    )


def find_preset(name: str) -> Any:
    """The transforms that torchvision's weights of this network come with; None where it knows no such weights."""
    from ubp_core.models.torchvision_models import default_weights

    weights = default_weights(name)
    return None if weights is None else weights.transforms()

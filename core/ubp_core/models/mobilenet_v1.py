"""MobileNet version 1 (Howard et al. 2017, arXiv 1704.04861, table 1): depthwise-separable blocks, width multiplier.

The table gives the last depthwise convolution stride 2, but its sizes (7x7 in and out) need stride 1, as used here.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

STEM_CHANNELS = 32
MIN_CHANNELS = 8
"""No layer gets thinner than this, whatever the width."""

BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)
"""Output channels at width 1 and stride of each depthwise-separable block."""


def _convolution(channels_in: int, channels_out: int, kernel: int, stride: int, groups: int = 1) -> nn.Conv2d:
    """A convolution without bias that keeps the image's size at stride 1."""
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False)


def _separable(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    """Depthwise 3x3, then pointwise 1x1, each with normalisation and ReLU (figure 3 of the paper)."""
    return nn.Sequential(
        OrderedDict(
            depthwise=_convolution(channels_in, channels_in, 3, stride, groups=channels_in),
            depthwise_norm=nn.BatchNorm2d(channels_in),
            depthwise_relu=nn.ReLU(inplace=True),
            pointwise=_convolution(channels_in, channels_out, 1, 1),
            pointwise_norm=nn.BatchNorm2d(channels_out),
            pointwise_relu=nn.ReLU(inplace=True),
        )
    )


class MobileNetV1(nn.Module):
    """The network of table 1, every channel count multiplied by `width`."""

    def __init__(self, width: float = 1.0, num_classes: int = 1000) -> None:
        """Build the network.

        Args:
            width: the paper's alpha; 1, 0.75, 0.5 and 0.25 there.
            num_classes: outputs of the classifier.
        """
        super().__init__()
        counts = [max(MIN_CHANNELS, int(c * width)) for c in (STEM_CHANNELS, *(c for c, _ in BLOCKS))]
        self.stem = nn.Sequential(
            OrderedDict(
                conv=_convolution(3, counts[0], 3, 2), norm=nn.BatchNorm2d(counts[0]), relu=nn.ReLU(inplace=True)
            )
        )
        self.blocks = nn.Sequential(
            *(_separable(counts[i], counts[i + 1], stride) for i, (_, stride) in enumerate(BLOCKS))
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(counts[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Classify images `[B, 3, H, W]`: scores `[B, num_classes]`."""
        features: Tensor = self.pool(self.blocks(self.stem(images)))
        scores: Tensor = self.classifier(features.flatten(1))
        return scores

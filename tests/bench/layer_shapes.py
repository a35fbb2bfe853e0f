"""The layers of native/shapes/*.txt, which the tables of docs/performance.md are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Shape:
    """One line of native/shapes/*.txt; `times`: how often the network has the layer."""

    network: str
    name: str
    rows: int
    channels: int
    height: int
    width: int
    kernel_h: int
    kernel_w: int
    stride: int
    pad: int
    times: int

    @property
    def columns(self) -> int:
        return self.channels * self.kernel_h * self.kernel_w

    @property
    def option(self) -> str:
        kernel = (self.kernel_h, self.kernel_w, self.stride, self.pad)
        return "--layer " + ",".join(map(str, (self.rows, self.channels, self.height, self.width, *kernel)))


def read_shapes(*networks: str) -> list[Shape]:
    shapes = []
    for network in networks:
        for line in (ROOT / "native" / "shapes" / f"{network}.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                name, *numbers = line.split()
                shapes.append(Shape(network, name, *map(int, numbers)))
    return shapes


def network_shapes() -> list[Shape]:
    return read_shapes("mobilenet_v1", "resnet50")


def over_layers(shapes: Sequence[Shape], values: Iterable[float]) -> list[float]:
    """Each value as often as its layer occurs."""
    return [value for shape, value in zip(shapes, values, strict=True) for _ in range(shape.times)]

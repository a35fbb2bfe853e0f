"""Prints the tables of docs/performance.md about rounding: 3x3 layers of a photograph, plain and by Winograd.

    python tests/bench/bench_rounding.py

The layers of stride 1 of a ResNet-50 with torchvision's initial weights and batch norms of the picture itself, for
scikit-image's `astronaut`; against convolutions in double precision of the same inputs and weights. fp16 is emulated
where this machine lacks it. Judges nothing.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
import torch
from bench_kernels import header
from numpy.typing import NDArray

from ubp_core.packed.layer import PackedLayer

Arrays = tuple[NDArray[np.float32], NDArray[np.float32]]


def layers_of_picture() -> list[Arrays]:
    """Input [channels, height, width] and weight [rows, channels, 3, 3] of each layer."""
    from skimage.data import astronaut
    from torchvision.models import resnet50

    torch.manual_seed(0)
    network = resnet50(weights=None).train()
    found: list[Arrays] = []
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d) and (module.kernel_size, module.stride) == ((3, 3), (1, 1)):
            module.register_forward_hook(
                lambda conv, given, _: found.append((given[0][0].numpy().copy(), conv.weight.detach().numpy().copy()))
            )
    picture = torch.from_numpy(astronaut()[32:480:2, 32:480:2].astype(np.float32) / 255).permute(2, 0, 1)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        network(((picture - mean[:, None, None]) / deviation[:, None, None])[None])
    return found


def errors(x: NDArray[np.float32], weight: NDArray[np.float32], dtype: str, winograd: bool) -> tuple[float, float]:
    """Largest error over the largest output, and root mean square over that of the outputs."""
    given, weights = x.astype(dtype), weight.astype(dtype)
    exact = torch.nn.functional.conv2d(
        torch.from_numpy(given).double()[None], torch.from_numpy(weights).double(), padding=1
    )[0].numpy()
    empty = np.zeros(0, np.uint32)
    layer = PackedLayer(
        weight.shape, 0, empty, empty.astype(np.uint16), weights.reshape(len(weights), -1),
        np.zeros(len(weights), np.float32), padding=(1, 1),
    )  # fmt: skip
    difference = layer.run(given.astype(np.float32), kernel="dense", winograd=winograd) - exact
    return float(np.abs(difference).max() / np.abs(exact).max()), float(difference.std() / exact.std())


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    by_shape: dict[tuple[int, ...], list[Arrays]] = defaultdict(list)
    for x, weight in layers_of_picture():
        by_shape[x.shape].append((x, weight))
    ways = [("float32", False), ("float32", True), ("float16", False), ("float16", True)]
    names = ("fp32, plain", "fp32, Winograd", "fp16, plain", "fp16, Winograd")
    print(header("largest error; root mean square over that of the outputs", names))
    for shape, layers in by_shape.items():
        found = [np.max([errors(*layer, dtype, winograd) for layer in layers], 0) for dtype, winograd in ways]
        cells = " | ".join(f"{most:.1e}; {mean:.1e}" for most, mean in found)
        print(f"| {shape[0]} channels, {shape[1]}x{shape[2]} | {cells} |", flush=True)


if __name__ == "__main__":
    main()

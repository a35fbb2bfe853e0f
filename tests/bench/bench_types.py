"""What fp16 costs EfficientNet-Lite0 with its ImageNet weights: the class it picks, against fp32, on photographs.

    python tests/bench/bench_types.py

Photographs of scikit-image, whole, and crops of them; each also mirrored. Both networks run by our own runtime, in
their own arithmetic (on a machine without fp16 arithmetic it is emulated, with the same rounding).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from ubp_core import importance, select_blocks
from ubp_core.models import LoadedModel, load_model
from ubp_core.network import export_network
from ubp_core.network.types.conversions import NetworkTypes
from ubp_core.network.types.costs import type_costs
from ubp_core.network.types.trial import run_natively
from ubp_core.pictures.preparation import preparation_for
from ubp_core.selection import Selection

NAMES = (
    *("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass", "gravel"),
    *("hubble_deep_field", "immunohistochemistry", "moon", "page", "retina", "rocket", "text"),
)
CROPS = ((0, 0, 1, 1), (0.2, 0.2, 0.8, 0.8), (0, 0, 0.6, 0.6), (0.4, 0, 1, 0.6), (0, 0.4, 0.6, 1), (0.4, 0.4, 1, 1))
"""Left, top, right, bottom, as shares of the sides."""
TYPES = {
    "fp16": NetworkTypes("fp16"),
    "fp16, stem in fp32": NetworkTypes("fp16", {"_conv_stem": "fp32"}),
    "fp16, all sums in fp32": NetworkTypes("fp16", wide_sums=True),
}
SIDE = 224
SURE = 0.1
"""Probability of the class that fp32 picks from which on it is more than a guess."""


def photographs() -> Iterator[Image.Image]:
    """All pictures."""
    for name in NAMES:
        picture = Image.fromarray(getattr(data, name)()).convert("RGB")
        for box in CROPS:
            crop = picture.crop(tuple(round(share * side) for share, side in zip(box, picture.size * 2, strict=True)))
            yield from (crop, ImageOps.mirror(crop))


def select(model: LoadedModel, sparsity: float) -> dict[str, Selection]:
    """Blocks of every prunable layer; none at 0."""
    if not sparsity:
        return {}
    return {layer.name: select_blocks(importance(layer.weight), 4, sparsity, "optimal") for layer in model.prunable}


def rows(model: LoadedModel, images: list[NDArray[np.float32]], sparsity: float) -> Iterator[str]:
    """Lines of the table for one sparsity."""
    selections, shape = select(model, sparsity), (1, 3, SIDE, SIDE)
    full = run_natively(export_network(model, selections, shape).packed, images)
    scores = np.concatenate([run[0] for run in full])
    sure = softmax(scores).max(1) >= SURE
    name = f"N = 4, s = {sparsity:g}, optimal" if sparsity else "dense"
    for label, types in TYPES.items():
        packed = export_network(model, selections, shape, types=types).packed
        runs = run_natively(packed, images)
        (cost,) = type_costs(runs, full)
        same = np.concatenate([run[0] for run in runs]).argmax(1) == scores.argmax(1)
        wide = sum(layer.wide_sums for layer in packed.layers)
        agreement = [f"{part.sum()} of {part.size} ({part.mean():.1%})" for part in (same, same[sure])]
        cells = name, label, f"{wide} of {len(packed.layers)}", *agreement, f"{cost.largest:.2%}", f"{cost.mean:.2%}"
        yield f"| {' | '.join(cells)} |"


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """[pictures, classes] probabilities."""
    powers = np.exp(scores - scores.max(1, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(1, keepdims=True)
    return shares


def main(arguments: list[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sparsities", default="0,0.5,0.75", help="0 is the dense network (default: %(default)s)")
    options = parser.parse_args(arguments)
    model, preparation = load_model("efficientnet_lite0"), preparation_for("efficientnet_lite0", 3, SIDE, SIDE)
    images = [preparation.apply(picture)[None] for picture in photographs()]
    print(f"{len(images)} pictures, {preparation}\n", flush=True)
    titles = ("network", "type", "layers with sums in fp32", "same class as fp32", f"where that has {SURE:.0%} or more")
    print(f"| {' | '.join(titles)} | largest error | mean error |\n| --- | --- |{' ---: |' * 5}")
    for sparsity in map(float, options.sparsities.split(",")):
        for line in rows(model, images, sparsity):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

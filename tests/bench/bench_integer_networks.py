"""What int8 costs every network of docs/export.md, dense and pruned, against fp32 on photographs.

    python tests/bench/bench_integer_networks.py
    python tests/bench/bench_integer_networks.py --sparsities 0.75 --networks mobilenet_v1,mobilenet_v2,resnet18

Exported as `ubp export --dtype int8` does it: calibrated on the left halves of every other one of scikit-image's
photographs, and judged on the right halves of all. The native library runs all of them, the reference the first few,
whose numbers must be the same. Only EfficientNet-Lite0 has trained weights here; the others' are random, so that their
scores say how exact the integers are, and nothing about classes.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import torch
from bench_quantisation import Box, crops
from bench_types import select

from ubp_core.models import load_model
from ubp_core.network.exporting import NetworkExporter
from ubp_core.network.types.trial import run_natively
from ubp_core.packed.format import Op
from ubp_core.pictures.preparation import preparation_for
from ubp_core.quantisation.exports.exporting import CHECKED, Calibrating, with_integers
from ubp_core.quantisation.quantising import Recipe
from ubp_core.vocabulary import INT8

NETWORKS = (
    *("mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_lite0", "resnet18"),
    *("resnet34", "resnet50", "mnasnet1_0", "alexnet", "densenet121", "efficientnet_b0", "googlenet", "inception_v3"),
    *("regnet_x_400mf", "regnet_y_400mf", "resnext50_32x4d", "squeezenet1_1", "vgg11_bn", "wide_resnet50_2"),
)
CALIBRATED: tuple[Box, ...] = ((0, 0, 0.5, 1),)
JUDGED: tuple[Box, ...] = ((0.5, 0, 1, 1),)
TITLES = ("network", "weights", "pixels", "sparsity", "rounding", "layers in int8", "in fp32 besides", "same class")
FIGURES = ("classes", "error")
WHOLE = ("alexnet", "vgg11_bn", "efficientnet_lite0")
"""Of 224 pixels a side in any case: two can't be exported for others, one was trained on them."""


def row(name: str, sparsity: float, asked_side: int, recipe: Recipe) -> str:
    """A network, exported and measured."""
    begin = time.perf_counter()
    side = 224 if name in WHOLE else asked_side
    trained = name == "efficientnet_lite0"
    model = load_model(name, weights="default" if trained else "random", input_size=side)
    preparation = preparation_for(name, 3, side, side)
    calibrated = list(crops(CALIBRATED, preparation, mirrored=False))[::2]
    judged = list(crops(JUDGED, preparation, mirrored=False))
    selections = select(model, sparsity)
    full = NetworkExporter(model, (1, 3, side, side)).export(selections)
    calibrating = Calibrating(calibrated, f"{len(calibrated)} pictures", recipe)
    packed = with_integers(full, selections, calibrating, images=judged).packed
    exact, scores = (np.concatenate([run[0] for run in run_natively(one, judged)]) for one in (full.packed, packed))
    same = scores.argmax(1) == exact.argmax(1)
    error = np.linalg.norm(scores - exact) / np.linalg.norm(exact - exact.mean(1, keepdims=True))
    graph = packed.graph
    assert graph is not None
    others = [
        node.name
        for index, node in enumerate(graph.nodes)
        if node.op not in (Op.LAYER, Op.CONVERT) and graph.tensors[graph.output_of(index)].dtype != INT8
    ]
    whole = sum(layer.dtype == INT8 for layer in packed.layers)
    cells = (
        name,
        "ImageNet" if trained else "random",
        str(side),
        f"{sparsity:g}" if sparsity else "dense",
        "least squares" if recipe.least_squares else "to nearest",
        f"{whole} of {len(packed.layers)}",
        ", ".join(others) or "nothing",
        f"{same.sum()} of {same.size} ({same.mean():.1%})",
        str(len(set(exact.argmax(1).tolist()))),
        f"{error:.1%}",
    )
    print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default=",".join(NETWORKS), help="default: all of docs/export.md")
    parser.add_argument("--sparsities", default="0", help="0 is the dense network (default: %(default)s)")
    parser.add_argument("--side", type=int, default=224, help="of the images, in pixels (default: %(default)s)")
    parser.add_argument("--nearest", action="store_true", help="weights to nearest: worse, and much faster to make")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    print(f"the reference and the library made the same numbers of {CHECKED} pictures of each, or there is no row\n")
    titles = (*TITLES, *FIGURES)
    print(f"| {' | '.join(titles)} |\n|{' --- |' * len(TITLES)}{' ---: |' * len(FIGURES)}", flush=True)
    recipe = Recipe(least_squares=not options.nearest)
    for sparsity in map(float, options.sparsities.split(",")):
        for name in options.networks.split(","):
            print(row(name, sparsity, options.side, recipe), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What int8 costs every network of docs/export.md, dense and pruned, against fp32 on photographs.

    python tests/bench/bench_integer_networks.py
    python tests/bench/bench_integer_networks.py --sparsities 0.75 --networks mobilenet_v1,mobilenet_v2,resnet18

Exported as `ubp export --dtype int8` does it: calibrated on crops of the left halves of scikit-image's photographs, and
judged on crops of their right halves, each also mirrored. The native library runs all of them, the reference the first
few, whose numbers must be the same. Only EfficientNet-Lite0 has trained weights here; the others' are random, so that
their scores say how exact the integers are, and nothing about classes.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import torch
from bench_quantisation import Box, crops
from bench_types import SIDE, select

from ubp_core.models import load_model
from ubp_core.network.exporting import NetworkExporter
from ubp_core.network.types.trial import run_natively
from ubp_core.packed.format import Op
from ubp_core.pictures.preparation import preparation_for
from ubp_core.quantisation.exporting import CHECKED, Calibrating, with_integers
from ubp_core.vocabulary import INT8

NETWORKS = (
    *("mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_lite0", "resnet18"),
    *("resnet34", "resnet50", "mnasnet1_0", "alexnet", "densenet121", "efficientnet_b0", "googlenet", "inception_v3"),
    *("regnet_x_400mf", "regnet_y_400mf", "resnext50_32x4d", "squeezenet1_1", "vgg11_bn", "wide_resnet50_2"),
)
CALIBRATED: tuple[Box, ...] = ((0, 0, 0.5, 1),)
JUDGED: tuple[Box, ...] = ((0.5, 0, 1, 1),)
TITLES = ("network", "weights", "sparsity", "layers in int8", "in fp32 besides", "same class", "classes", "error", "s")


def row(name: str, sparsity: float) -> str:
    """A network, exported and measured."""
    begin = time.perf_counter()
    trained = name == "efficientnet_lite0"
    model = load_model(name, weights="default" if trained else "random", input_size=SIDE)
    preparation = preparation_for(name, 3, SIDE, SIDE)
    calibrated = list(crops(CALIBRATED, preparation, mirrored=False))
    judged = list(crops(JUDGED, preparation, mirrored=True))
    selections = select(model, sparsity)
    full = NetworkExporter(model, (1, 3, SIDE, SIDE)).export(selections)
    calibrating = Calibrating(calibrated, f"{len(calibrated)} pictures")
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
        f"{sparsity:g}" if sparsity else "dense",
        f"{whole} of {len(packed.layers)}",
        ", ".join(others) or "nothing",
        f"{same.sum()} of {same.size} ({same.mean():.1%})",
        str(len(set(exact.argmax(1).tolist()))),
        f"{error:.1%}",
        f"{time.perf_counter() - begin:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default=",".join(NETWORKS), help="default: all of docs/export.md")
    parser.add_argument("--sparsities", default="0", help="0 is the dense network (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    print(f"the reference and the library made the same numbers of {CHECKED} pictures of each, or there is no row\n")
    print(f"| {' | '.join(TITLES)} |\n| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: |", flush=True)
    for sparsity in map(float, options.sparsities.split(",")):
        for name in options.networks.split(","):
            print(row(name, sparsity), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What int8 costs EfficientNet-Lite0 with its ImageNet weights: the class it picks, against fp32, on photographs.

    python tests/bench/bench_quantisation.py

Calibrated on crops of the left halves of scikit-image's photographs, judged on crops of their right halves, each also
mirrored: no pixel is in both. The integers are run by the library's reference (docs/format.md, "Integers"). With onnx
and onnxruntime installed, which this project does not depend on, the same pictures go through onnxruntime's static
quantisation, too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from bench_types import NAMES, SIDE, SURE, select, softmax
from numpy.typing import NDArray
from onnx_network import quantised_scores
from PIL import Image, ImageOps
from skimage import data

from ubp_core.models import LoadedModel, load_model
from ubp_core.network import export_network
from ubp_core.network.types.trial import run_natively
from ubp_core.packed.file import PackedFile
from ubp_core.pictures.preparation import Preparation, preparation_for
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.observers import OBSERVERS
from ubp_core.quantisation.quantising import Recipe, quantise

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the sides."""
CALIBRATED: tuple[Box, ...] = ((0, 0, 0.5, 1), (0, 0, 0.5, 0.5), (0, 0.5, 0.5, 1))
JUDGED: tuple[Box, ...] = ((0.5, 0, 1, 1), (0.5, 0, 1, 0.5), (0.5, 0.5, 1, 1), (0.5, 0.25, 1, 0.75))
ROUNDINGS = {
    "to nearest": (False, False),
    "to nearest, bias corrected": (False, True),
    "least squares": (True, False),
    "least squares, bias corrected": (True, True),
}
"""Whether weights are rounded by least squares, and whether the bias is corrected."""
ONNX_METHODS = ("MinMax", "Entropy", "Percentile")
Scores = NDArray[np.float32]
"""[pictures, classes]."""


@dataclass(frozen=True)
class Row:
    """What is measured for one line."""

    network: str
    label: str
    observer: str
    score: Callable[[], Scores]
    """Runs all judged pictures."""


@dataclass(frozen=True, eq=False)
class Bench:
    """A network and the pictures."""

    name: str
    packed: PackedFile
    calibrated: Sequence[NDArray[np.float32]]
    judged: Sequence[NDArray[np.float32]]

    def row(self, label: str, recipe: Recipe) -> Row:
        """Ours."""
        return Row(self.name, label, recipe.observer, lambda: self._integers(recipe))

    def onnx_row(self, method: str) -> Row:
        """Theirs."""

        def score() -> Scores:
            return quantised_scores(self.packed, self.calibrated, self.judged, method)

        return Row(self.name, "onnxruntime, static, per channel", method, score)

    def _integers(self, recipe: Recipe) -> Scores:
        network = quantise(self.packed, [[image] for image in self.calibrated], recipe)
        return np.concatenate([run_integers(network, [image])[0] for image in self.judged])

    def line(self, row: Row, full: Scores) -> str:
        """A row, measured."""
        begin = time.perf_counter()
        try:
            scores = row.score()
        except ImportError as error:
            return f"| {row.network} | {row.label} | {row.observer} | left out: {error} | | | |"
        same, sure = scores.argmax(1) == full.argmax(1), softmax(full).max(1) >= SURE
        agreement = [f"{part.sum()} of {part.size} ({part.mean():.1%})" for part in (same, same[sure])]
        spread = np.linalg.norm(full - full.mean(1, keepdims=True))
        error = f"{np.linalg.norm(scores - full) / spread:.1%}"
        seconds = f"{time.perf_counter() - begin:.0f}"
        return f"| {' | '.join((row.network, row.label, row.observer, *agreement, error, seconds))} |"


def crops(boxes: Sequence[Box], preparation: Preparation, mirrored: bool) -> Iterator[NDArray[np.float32]]:
    """Inputs made of parts of every photograph."""
    for name in NAMES:
        picture = Image.fromarray(getattr(data, name)()).convert("RGB")
        for box in boxes:
            crop = picture.crop(tuple(round(share * side) for share, side in zip(box, picture.size * 2, strict=True)))
            yield preparation.apply(crop)[None]
            if mirrored:
                yield preparation.apply(ImageOps.mirror(crop))[None]


def rows(bench: Bench, dense: bool) -> Iterator[Row]:
    """What is measured of a network: everything of the dense one."""
    for label, (least_squares, correct_bias) in ROUNDINGS.items():
        if dense or least_squares == correct_bias:
            yield bench.row(label, Recipe(least_squares=least_squares, correct_bias=correct_bias))
    if dense:
        default = Recipe()
        last = list(ROUNDINGS)[-1]
        yield from (bench.row(last, Recipe(observer=name)) for name in OBSERVERS if name != default.observer)
        yield bench.row(f"{last}, scores in 8 bit", Recipe(exact_outputs=False))
        yield from (bench.onnx_row(method) for method in ONNX_METHODS)


def prune(model: LoadedModel, sparsity: float) -> PackedFile:
    """The network in fp32, pruned in unaligned blocks of 4."""
    return export_network(model, select(model, sparsity), (1, 3, SIDE, SIDE)).packed


def main(arguments: list[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sparsities", default="0,0.5,0.75", help="0 is the dense network (default: %(default)s)")
    parser.add_argument("--only", default="", help="rows whose words have this in them")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    model, preparation = load_model("efficientnet_lite0"), preparation_for("efficientnet_lite0", 3, SIDE, SIDE)
    calibrated = list(crops(CALIBRATED, preparation, mirrored=False))
    judged = list(crops(JUDGED, preparation, mirrored=True))
    print(f"calibrated on {len(calibrated)} pictures, judged on {len(judged)} others; {preparation}\n", flush=True)
    titles = "network", "weights", "observer", "same class as fp32", f"where that has {SURE:.0%} or more", "error", "s"
    print(f"| {' | '.join(titles)} |\n| --- | --- | --- |{' ---: |' * 4}", flush=True)
    for sparsity in map(float, options.sparsities.split(",")):
        name = f"N = 4, s = {sparsity:g}, optimal" if sparsity else "dense"
        bench = Bench(name, prune(model, sparsity), calibrated, judged)
        full = np.concatenate([run[0] for run in run_natively(bench.packed, judged)])
        for row in rows(bench, dense=not sparsity):
            if options.only in f"{row.network} {row.label} {row.observer}":
                print(bench.line(row, full), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Networks of the catalogue in int8, by small images: the library makes of each file what the reference does, in every
byte, however many threads and whatever kernels run it. `tests/bench/bench_integer_networks.py` has all of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from natural_images import natural_images
from ubp_core import importance, select_blocks
from ubp_core.models import load_model
from ubp_core.network import Network
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.quantisation.exports.exporting import Calibrating, export_integers
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.packed_network import unpack_integers
from ubp_core.quantisation.quantising import Recipe

SIZE = 64


@pytest.mark.parametrize(
    ("name", "columns", "has"),
    [
        ("mobilenet_v3_small", 0, Op.MULTIPLY),
        ("squeezenet1_1", 0, Op.CONCAT),
        ("regnet_y_400mf", 0, Op.MULTIPLY),
        ("resnet18", 1, Op.MAX_POOL),
        ("mobilenet_v1", 4, Op.AVERAGE_POOL),
    ],
)
def test_the_library_computes_what_the_reference_does(name: str, columns: int, has: Op, tmp_path: Path) -> None:
    model = load_model(name, weights="random", input_size=SIZE)
    selections = {
        layer.name: select_blocks(importance(layer.weight), 4, 0.75, "bed", threads=1, block_columns=columns)
        for layer in (model.prunable if columns else ())
    }
    images = [image[None] for image in natural_images(SIZE)]
    calibrating = Calibrating(images[:2], "2 pictures", Recipe(least_squares=False))
    made = export_integers(model, selections, (1, 3, SIZE, SIZE), calibrating, images=images[2:])
    made.packed.save(path := tmp_path / "net.ubp")
    packed = PackedFile.load(path)
    assert packed.graph is not None and has in {node.op for node in packed.graph.nodes}
    assert {layer.dtype for layer in packed.layers} == {"int8"}
    assert {layer.block_columns for layer in packed.layers if not layer.dense} == ({columns} if columns else set())
    assert made.costs[0].mean < 0.25
    network = unpack_integers(packed)
    expected = [run_integers(network, [image])[0] for image in images]
    for threads, kernel in ((1, "sparse"), (2, "measured"), (1, "dense")):
        with Network.load(path, threads=threads, kernel=kernel) as runtime:
            for image, scores in zip(images, expected, strict=True):
                mine = runtime.run(image)
                assert isinstance(mine, np.ndarray) and np.array_equal(mine.view(np.uint32), scores.view(np.uint32))

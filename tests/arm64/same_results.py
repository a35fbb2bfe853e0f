"""Runs on ARM64 and on x86-64 alike: one line per case, with a digest of every bit of its result. Needs no torch.

    python same_results.py FOLDER      prints the lines; networks and what they compute are left in the folder

The first line says on which machine, and whether torch could be imported there.

Inputs are drawn from whole numbers, by exact steps: no library of mathematics, which might round otherwise, has a part.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from random_networks import random_network

from ubp_core import METHODS, Network, importance, pack, select_blocks, select_global
from ubp_core.errors import CandidatesExhausted
from ubp_core.packed.file import PackedFile

KERNELS = ("sparse", "dense", "ubp")
"""Not "measured", which a clock decides, nor "abp", which these networks have no blocks for."""
NETWORKS = 12
DIVIDING = {"sigmoid", "silu"}
"""Activations with a division, for which ARM64 takes two steps of Newton's method: some results differ in last bits."""
NEARLY = "nearly"
"""First word of a line on a network with one of them; of any other line every bit is the same everywhere."""
Lines = Iterator[tuple[str, str]]


class ExactGenerator(np.random.Generator):
    """Draws evenly from [-2, 2) where a bell curve is asked for, which would need logarithms."""

    def __init__(self, seed: int) -> None:
        super().__init__(np.random.PCG64(seed))

    def standard_normal(self, size: Any = None, *_: Any, **__: Any) -> Any:
        return self.random(size) * 4 - 2

    def normal(self, *_: Any, size: Any = None, **__: Any) -> Any:
        return self.random(size) * 4 - 2


def digest(*values: NDArray[Any] | bytes | float | None) -> str:
    """Of every bit; a float as Python writes its digits in base 16."""
    made = hashlib.sha256()
    for value in values:
        made.update(value.hex().encode() if isinstance(value, float) else b"" if value is None else bytes(value))
    return made.hexdigest()[:16]


def select_lines() -> Lines:
    """Every method, on layers with and without ties, with spreads that float32 alone can't hold."""
    for kind, method, block_size in itertools.product(sorted(LAYERS), METHODS, (1, 4, 8)):
        try:
            selection = select_blocks(LAYERS[kind], block_size, 0.7, method, threads=2)
        except CandidatesExhausted as error:
            yield f"select {kind} {method} {block_size}", str(error)
            continue
        figures = selection.retained, selection.upper_bound, selection.achieved_sparsity
        yield f"select {kind} {method} {block_size}", digest(selection.rows, selection.columns, *figures)


def layer_kinds() -> dict[str, NDArray[Any]]:
    """Importances by the name of their kind."""
    draw = ExactGenerator(11)
    weight = draw.normal(size=(96, 12, 3, 3)).astype(np.float32)
    return {
        "l1": importance(weight),
        "l2": importance(weight, "l2"),
        "ties": draw.integers(0, 4, (61, 40)).astype(np.float32),
        "spread": np.ldexp(draw.random((70, 33)), draw.integers(-140, 120, (70, 33))),
        "constant": np.full((40, 25), 0.1, np.float32),
    }


LAYERS = layer_kinds()


def global_lines() -> Lines:
    """One budget over all layers."""
    for method in METHODS:
        selections = select_global(LAYERS, 4, 0.7, method, threads=2).layers
        for name, selection in sorted(selections.items()):
            yield f"global {method} {name}", digest(selection.rows, selection.columns, selection.retained)


def pack_lines(folder: Path) -> Lines:
    """Packed layers, and files of them as they are written."""
    for block_size, kind in itertools.product((1, 2, 4, 8, 16), ("l1", "l2")):
        weight = ExactGenerator(5).normal(size=(96, 12, 3, 3)).astype(np.float32)
        layer = pack(weight, select_blocks(LAYERS[kind], block_size, 0.7, "optimal", threads=1))
        PackedFile((layer,)).save(path := folder / f"layer_{kind}_{block_size}.ubp")
        unpacked = PackedFile.load(path).layers[0].unpack()
        yield f"pack {kind} {block_size}", digest(path.read_bytes(), unpacked)


def network_files(folder: Path) -> Iterator[Path]:
    """Networks with every operation, activation and kind of layer, written here."""
    for seed in range(NETWORKS):
        (path := folder / f"network_{seed}.ubp").write_bytes(random_network(ExactGenerator(seed))[2])
        yield path


def run_lines(folder: Path) -> Lines:
    """What networks compute, by every kernel."""
    for path, kernel in itertools.product(network_files(folder), KERNELS):
        with Network.load(path, 2, kernel) as network:
            draw = ExactGenerator(8)
            outputs = network.run(*(draw.normal(size=shape).astype(np.float32) for shape in network.inputs))
        arrays = outputs if isinstance(outputs, tuple) else (outputs,)
        np.savez(folder / f"{path.stem}_{kernel}.npz", *arrays)
        yield f"{'run' if has_same_bits(path) else NEARLY} {path.stem} {kernel}", digest(*arrays)


def has_same_bits(path: Path) -> bool:
    """Whether nothing in a network divides."""
    network = PackedFile.load(path)
    assert network.graph is not None
    return DIVIDING.isdisjoint(part.activation for part in (*network.layers, *network.graph.nodes))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print(platform.machine(), "with torch" if importlib.util.find_spec("torch") else "without torch")
    for name, line in itertools.chain(select_lines(), global_lines(), pack_lines(folder), run_lines(folder)):
        print(f"{line}  {name}")


if __name__ == "__main__":
    main()

"""Random networks, exported and run natively, against PyTorch.

    python tests/native/stress.py [--runs 500] [--seed 1]

Each seed makes one torch module (random_modules.py): it is exported dense, with all weights in blocks, and pruned, and
runs on images with and without NaN and infinities; and one graph of packed layers (random_networks.py). The first that
is wrong ends the run with its seed and how to run it again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests" / "core"), str(ROOT / "tests" / "native")]

from native_network import run_network  # noqa: E402
from plain_network import run_plain  # noqa: E402
from random_modules import random_image, random_module  # noqa: E402
from random_networks import random_network  # noqa: E402

from network.conftest import wrapped  # noqa: E402
from ubp_core import Network  # noqa: E402
from ubp_core.criteria import importance  # noqa: E402
from ubp_core.models import LoadedModel  # noqa: E402
from ubp_core.network.exporting import NetworkExporter, masked_module  # noqa: E402
from ubp_core.selection import Selection, select_blocks  # noqa: E402


def check_seed(seed: int) -> None:
    """Raises AssertionError, or whatever went wrong, for a seed whose networks are not right."""
    check_module(seed)
    check_graph(seed)


def check_module(seed: int) -> None:
    """The module of a seed in three forms."""
    module, shape = random_module(seed)
    model = wrapped(module)
    if not model.layers:  # such a network is refused, as tests/core/network/test_capture.py has it
        return
    exporter = NetworkExporter(model, shape)
    block_size = (1, 2, 4, 8)[seed % 4]
    whole, pruned = (select(model, block_size, sparsity) for sparsity in (0.0, 0.75))
    for selections, shares in (({}, (0.0, 0.01, 0.2)), (whole, (0.0, 0.01, 0.2)), (pruned, (0.0,))):
        packed = exporter.export(selections).packed
        with tempfile.TemporaryDirectory() as folder:
            packed.save(Path(folder) / "network.ubp")
            for share in shares:
                # Winograd spreads what is no number over a tile, as docs/export.md says.
                with Network.load(Path(folder) / "network.ubp", 1 + seed % 3, winograd=share == 0) as network:
                    image = random_image(np.random.default_rng([seed, int(1000 * share)]), shape, share)
                    compare(network.run(image), masked_module(module, selections), image)


def select(model: LoadedModel, block_size: int, sparsity: float) -> dict[str, Selection]:
    """Blocks of the layers whose rows divide into blocks; the others stay dense."""
    layers = [layer for layer in model.prunable if layer.weight.shape[0] % block_size == 0]
    return {layer.name: select_blocks(importance(layer.weight), block_size, sparsity) for layer in layers}


def compare(mine: object, module: nn.Module, image: NDArray[np.float32]) -> None:
    """The same numbers within rounding, the same infinities, NaN at the same places as torch in double precision."""
    with torch.no_grad():
        wanted = module.double()(torch.from_numpy(image).double()).numpy()
    assert isinstance(mine, np.ndarray)
    largest = max(1.0, float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)))
    np.testing.assert_allclose(mine, wanted.reshape(mine.shape), rtol=1e-4, atol=1e-4 * largest)


def check_graph(seed: int) -> None:
    """The graph of a seed, with any number of threads."""
    graph, layers, data = random_network(seed, in_place=seed % 2 == 0)
    image = np.random.default_rng(seed).normal(size=graph.tensors[0].shape).astype(np.float32)
    values = run_plain(graph, layers, [image])
    # A softmax hands on the rounding of what it is made of, which is that of the largest numbers before it.
    largest = max(1.0, *(float(value.abs().max()) for value in values))
    for mine, number in zip(run_network(data, image, threads=1 + seed % 4), graph.outputs, strict=True):
        wanted = values[number].numpy().reshape(mine.shape)
        np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-5 * largest)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=500, help="seeds to try; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="the first; default: %(default)s")
    options = parser.parse_args()
    for seed in range(options.seed, options.seed + options.runs):
        try:
            check_seed(seed)
        except Exception:
            traceback.print_exc()
            print(f"FAILED seed {seed}; again: make stress RUNS=1 SEED={seed}", file=sys.stderr)
            return 1
        if (seed - options.seed) % 100 == 99:
            print(f"{seed - options.seed + 1} seeds are right", flush=True)
    print(f"{options.runs} seeds from {options.seed} on are right")
    return 0


if __name__ == "__main__":
    sys.exit(main())

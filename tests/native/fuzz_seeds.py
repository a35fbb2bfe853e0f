"""Valid packed files, small and various, for the fuzzer to change: python tests/native/fuzz_seeds.py FOLDER."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))

from graph_samples import every_operation, half_network, random_network
from integer_samples import integer_layer_bytes, integer_network, network_file_bytes, random_integer_network
from packed_samples import file_bytes, network_bytes, random_layer
from ubp_core.network.types.half import to_half


def seed_files() -> dict[str, bytes]:
    """Files by name: each block size, aligned, dense, linear, without blocks, and graphs."""
    rng = np.random.default_rng(11)
    files = {"network": network_bytes()}
    for size in (0, 1, 2, 4, 8, 16):
        files[f"conv_{size}"] = file_bytes(random_layer(rng, (max(size, 2) + 5, 2, 2, 2), size, 0.6))
        files[f"linear_{size}"] = file_bytes(random_layer(rng, (max(size, 1), 9), size, 0.9, aligned=True))
    files["empty"] = file_bytes(random_layer(rng, (3, 7), 8))
    layer = random_layer(rng, (6, 1, 3, 3), 2, name="ä" * 20)
    layer = replace(layer, stride=(2, 3), padding=(1, 0), dilation=(1, 2), image_hw=(14, 7), activation="hard_swish")
    files["geometry"] = file_bytes(layer)
    files["half"] = file_bytes(
        to_half(random_layer(rng, (7, 3, 2, 2), 4)), to_half(random_layer(rng, (5, 3), 0, name="d"))
    )
    files["integers"] = integer_layer_bytes()
    files["integer_graph"] = network_file_bytes(integer_network())
    for index in range(4):
        files[f"integer_graph_{index}"] = network_file_bytes(random_integer_network(np.random.default_rng(index), 3))
    files["graph"] = network_file_bytes(every_operation())
    files["half_graph"] = network_file_bytes(half_network())
    for index in range(4):
        files[f"graph_{index}"] = network_file_bytes(random_network(np.random.default_rng(index), 3 + 2 * index))
    files["many"] = file_bytes(*(random_layer(rng, (2, 2), index % 3, name=f"l{index}") for index in range(12)))
    return files


def write_seeds(folder: Path) -> list[Path]:
    """Writes the files and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seed_files().items():
        (folder / f"{name}.ubp").write_bytes(data)
    return sorted(folder.glob("*.ubp"))


if __name__ == "__main__":
    write_seeds(Path(sys.argv[1]))

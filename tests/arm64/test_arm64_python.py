"""ARM64 Linux under qemu-user: Python there, without torch, computes bit for bit what it computes here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import arm64_python
import numpy as np
import pytest

HERE = Path(__file__).parent
SAMPLES = (HERE.parent / "core", HERE.parent / "native")
TOLERANCE = 1e-5
"""As between the runtime and PyTorch."""
BENCHMARK = """
import pathlib, sys
import numpy as np
from ubp_core.benchmark import BenchSettings, make_variants, pack_variants, run_comparison
from ubp_core.devices import open_device
from ubp_core.models import Layer

weight = (np.arange(24 * 16, dtype=np.float32) % 7 - 3).reshape(24, 16, 1, 1)
layer = Layer(name="toy", kind="conv", weight=weight, output_hw=(5, 5))
packed = pack_variants(layer, make_variants(), pathlib.Path(sys.argv[1]))
run = run_comparison(open_device("host"), [packed], BenchSettings(runs=3, warmup=1, limit_s=200), "toy")
assert not run.failure, run.failure
for variant in run.layers[0].variants:
    print(variant.method, variant.check, len(variant.samples_ns), variant.instructions, run.facts["abis"][0])
"""


@pytest.fixture(scope="module", autouse=True)
def arm64() -> None:
    """Provides that Python, with the library."""
    if tool := arm64_python.missing_tool():
        pytest.skip(f"{tool} is not installed: no ARM64 Python can be had or run here")
    sys.path.insert(0, str(arm64_python.CHECKOUT / "native"))
    from building.running import build

    arm64_python.provide()
    arm64_python.lay_out_package(*build(["library-linux_aarch64", "bench-linux_aarch64"]))


def lines_here(folder: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, SAMPLES), *sys.path])}
    command = [sys.executable, HERE / "same_results.py", folder]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


def test_results_have_the_same_bits(tmp_path: Path) -> None:
    """Selections, packed layers and files, and what networks compute by every kernel; see NEARLY in the script."""
    facts, *theirs = arm64_python.run_arm64(HERE / "same_results.py", tmp_path / "there", beside=SAMPLES).splitlines()
    assert facts == "aarch64 without torch"
    mine = lines_here(tmp_path / "here")[1:]
    assert sum("  run " in line for line in mine) >= 12
    differing = [pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1]]
    assert [pair for pair in differing if " nearly " not in pair[0]] == []
    for name in (line.split(" nearly ")[1].replace(" ", "_") for line, _ in differing):
        assert_near(tmp_path, f"{name}.npz")


def assert_near(folder: Path, name: str) -> None:
    """The outputs of one network on the two machines."""
    with np.load(folder / "here" / name) as mine, np.load(folder / "there" / name) as theirs:
        assert list(mine) == list(theirs)
        for key in mine:
            assert np.abs(mine[key] - theirs[key]).max() <= TOLERANCE * max(1, np.abs(mine[key]).max())


def test_the_host_is_benchmarked(tmp_path: Path) -> None:
    """Every output is checked; ubp_bench sees that it is emulated, and times nothing."""
    lines = arm64_python.run_arm64("-c", BENCHMARK, tmp_path).splitlines()
    assert lines == [f"{method} ok 0 None aarch64" for method in ("dense", "abp", "bed", "optimal")]

"""Instructions counted in the emulator: right to the last one, the same at every run; or said why there are none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ubp_core.benchmark import BenchRun, BenchSettings, make_variants, pack_variants, run_comparison
from ubp_core.devices import instruction_counter, open_device
from ubp_core.devices.instruction_counter import find_counter, probe_program, try_counter
from ubp_core.devices.local_devices import QEMU
from ubp_core.models import Layer

BUILD = Path(__file__).parents[3] / "native" / "build.py"


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    subprocess.run([sys.executable, str(BUILD), "bench-arm64", "qemu-count"], check=True, timeout=600)


@pytest.fixture
def qemu() -> str:
    found = shutil.which(QEMU)
    if found is None:
        pytest.skip("qemu-user is missing: run sh tests/install_tools.sh")
    return found


@pytest.fixture
def forgetful() -> Iterator[None]:
    """What was tried before is forgotten, before and after."""
    try_counter.cache_clear()
    yield
    try_counter.cache_clear()


def run_twice(tmp_path: Path, threads: int = 1) -> list[BenchRun]:
    weight = np.random.default_rng(3).standard_normal((48, 32, 1, 1)).astype(np.float32)
    layer = Layer("conv", "conv", weight, bias=None, groups=1, stride=(1, 1), padding=(0, 0), dilation=(1, 1),
                  output_hw=(9, 9), skip_reason=None)  # fmt: skip
    packed = pack_variants(layer, make_variants(sparsities=(0.5, 0.9)), tmp_path)
    return [run_comparison(open_device("emulator"), [packed], BenchSettings(threads=threads)) for _ in range(2)]


def test_a_known_program_has_its_known_number_of_instructions(qemu: str, forgetful: None, tmp_path: Path) -> None:
    counter = find_counter(qemu)
    assert counter.options and counter.reason == ""
    program = tmp_path / "probe"
    program.write_bytes(probe_program())
    program.chmod(0o755)
    assert subprocess.run([qemu, program], check=False).returncode == 0  # it is a program without the plugin too
    for nops in (0, 1, 999):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(instruction_counter, "NOPS", nops)
            program.write_bytes(probe_program())
        done = subprocess.run([qemu, *counter.options, program], capture_output=True, text=True, check=True)
        assert done.stderr == f'{{"counted":0,"instructions":{nops}}}\n'


def test_counts_repeat_and_follow_the_work(qemu: str, tmp_path: Path) -> None:
    first, second = run_twice(tmp_path)
    assert first.figure == "instructions" and first.complete
    (layer,) = first.layers
    counts = {variant.label: variant.instructions for variant in layer.variants}
    assert counts == {variant.label: variant.instructions for variant in second.layers[0].variants}
    for method in ("abp", "bed", "optimal"):
        less, more = counts[f"{method} N=4 s=0.9"], counts[f"{method} N=4 s=0.5"]
        dense = counts["dense"]
        assert less and more and dense and less < more < dense
    assert all(variant.median_ns is None and variant.check == "ok" for variant in layer.variants)
    assert layer.fewer_instructions(layer.variants[0]) == 1.0 and layer.speedup(layer.variants[1]) is None


def test_threads_are_counted_together(qemu: str, tmp_path: Path) -> None:
    (one, _), (two, _) = run_twice(tmp_path), run_twice(tmp_path, threads=2)
    for alone, shared in zip(one.layers[0].variants, two.layers[0].variants, strict=True):
        assert alone.instructions and shared.instructions
        assert 0.8 < shared.instructions / alone.instructions < 2


@pytest.mark.parametrize("how", ["missing", "refused"])
def test_without_the_plugin_results_are_still_checked(
    how: str, qemu: str, forgetful: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "ubp,count.so"
    if how == "refused":
        plugin.write_bytes(b"no library")
    monkeypatch.setattr(instruction_counter, "COUNTER", plugin)
    info = open_device("emulator").info()
    assert info.ready and not info.counts and "\n" not in info.advice
    assert "instructions are not counted: " in info.advice
    run, _ = run_twice(tmp_path)
    assert run.figure == "not timed" and run.complete
    assert all(v.instructions is None and v.check == "ok" for v in run.layers[0].variants)

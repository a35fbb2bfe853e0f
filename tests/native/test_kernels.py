"""Every case of the kernel and operator tests (native/tests/test_*.cpp) on this machine and as ARM64 under qemu."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "native"))

MINUTES = 5 * 60


@functools.cache
def command_of(target: str) -> list[str]:
    from building.running import build

    (program,) = build([target])
    if target.endswith("arm64"):
        return ["qemu-aarch64", str(program)]
    return [str(program)]


def runs() -> list[tuple[str, str]]:
    """Program and case. Emulation is slow, so ARM64 gets N = 4 in full and of the others what differs by N."""
    listed = subprocess.run([*command_of("test_convolution"), "--list"], capture_output=True, text=True, check=True)
    host = [("test_convolution", case) for case in listed.stdout.split()]
    emulated = [
        case
        for _, case in host
        if case.startswith(("n4_", "winograd_")) or case.endswith(("_starts", "_batches", "_measured", "_not_finite"))
    ]
    return [
        *host,
        *(("test_convolution_arm64", case) for case in [*emulated, "dense_images", "dense_stems", "n16_sparsities"]),
    ]


PLANAR_EMULATED = (
    "depthwise_3x3_s1",
    "depthwise_5x5_s2",
    "depthwise_many",
    "pooling",
    "activations",
    "softmax",
    "not_finite",
)


def planar_runs() -> list[tuple[str, str]]:
    """The same for depthwise, pooling and element-wise operators."""
    listed = subprocess.run([*command_of("test_planar"), "--list"], capture_output=True, text=True, check=True)
    host = [("test_planar", case) for case in listed.stdout.split()]
    return [*host, *(("test_planar_arm64", case) for case in PLANAR_EMULATED)]


@pytest.mark.parametrize(("target", "case"), [*runs(), *planar_runs()])
def test_case(target: str, case: str) -> None:
    if target.endswith("arm64") and not shutil.which("qemu-aarch64"):
        pytest.skip("qemu-aarch64 is not installed: ARM64 programs can't be run here")
    done = subprocess.run([*command_of(target), "--case", case], capture_output=True, text=True, timeout=MINUTES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip(), "a case that says nothing has not run"

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
        if case.startswith(("n4_", "winograd_", "f16_n4_", "f16_n8_", "wide_", "widened_", "refusals"))
        or case.endswith(("_starts", "_batches", "_measured", "_not_finite", "_odd", "_rounding", "_sets_agree"))
        or case.endswith("_long_sums")
    ]
    more = [
        "dense_images",
        "dense_stems",
        "f16_dense_stems",
        "f16_dense_images",
        "n16_sparsities",
        "f16_n16_sparsities",
    ]
    return [*host, *(("test_convolution_arm64", case) for case in dict.fromkeys([*emulated, *more]))]


PLANAR_EMULATED = (
    "depthwise_3x3_s1",
    "depthwise_5x5_s2",
    "depthwise_many",
    "pooling",
    "activations",
    "softmax",
    "not_finite",
    "f16_depthwise_3x3_s1",
    "f16_depthwise_3x3_s2",
    "f16_depthwise_5x5_s1",
    "f16_depthwise_5x5_s2",
    "f16_depthwise_others",
    "f16_depthwise_many",
    "f16_pooling",
    "f16_linear",
    "f16_binary",
    "f16_activations",
    "f16_not_finite",
    "f16_concatenation",
    "conversion",
)


def planar_runs() -> list[tuple[str, str]]:
    """The same for depthwise, pooling and element-wise operators."""
    listed = subprocess.run([*command_of("test_planar"), "--list"], capture_output=True, text=True, check=True)
    host = [("test_planar", case) for case in listed.stdout.split()]
    return [*host, *(("test_planar_arm64", case) for case in PLANAR_EMULATED)]


def integer_runs() -> list[tuple[str, str]]:
    """The same for kernels, operators and networks of integers, all of them on both."""
    found = []
    for program in ("test_integers", "test_integer_planar", "test_integer_network"):
        listed = subprocess.run([*command_of(program), "--list"], capture_output=True, text=True, check=True)
        found += [(target, case) for target in (program, f"{program}_arm64") for case in listed.stdout.split()]
    return found


@pytest.mark.parametrize(("target", "case"), [*runs(), *planar_runs(), *integer_runs()])
def test_case(target: str, case: str) -> None:
    if target.endswith("arm64") and not shutil.which("qemu-aarch64"):
        pytest.skip("qemu-aarch64 is not installed: ARM64 programs can't be run here")
    done = subprocess.run([*command_of(target), "--case", case], capture_output=True, text=True, timeout=MINUTES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip(), "a case that says nothing has not run"


@pytest.mark.parametrize("case", ["refusals", "widened_n4_images", "f16_n4_images", "n4_images"])
def test_core_without_fp16_arithmetic(case: str) -> None:
    """The same program where no core computes in fp16: its kernels are refused, and nothing calls them."""
    run_on("cortex-a53", "test_convolution_arm64", case)


@pytest.mark.parametrize(
    ("program", "case"),
    [
        ("test_integers_arm64", "dense_shapes"),
        ("test_integers_arm64", "zipped4_results"),
        ("test_integers_arm64", "grouped4_extremes"),
        ("test_integer_planar_arm64", "depthwise_many"),
        ("test_integer_network_arm64", "dense"),
        ("test_integer_network_arm64", "ubp"),
    ],
)
def test_core_without_dot_product(program: str, case: str) -> None:
    """The same program where no core has the dot product: the same bits by widening multiplies."""
    run_on("cortex-a53", program, case)


def test_half_network() -> None:
    """A network of fp16 in all arithmetics, on this machine."""
    done = subprocess.run(command_of("test_half_network"), capture_output=True, text=True, timeout=MINUTES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("core", ["cortex-a53", "cortex-a76"])
@pytest.mark.parametrize("case", ["arithmetics", "threads", "refused"])
def test_half_network_on_core(core: str, case: str) -> None:
    """The A53 has no fp16 arithmetic and runs the network in fp32."""
    run_on(core, "test_half_network_arm64", case)


def run_on(core: str, target: str, case: str) -> None:
    """Runs a case of a program for ARM64 on a core that qemu emulates."""
    if not shutil.which("qemu-aarch64"):
        pytest.skip("qemu-aarch64 is not installed: ARM64 programs can't be run here")
    _, program = command_of(target)
    command = ["qemu-aarch64", "-cpu", core, program, "--case", case]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MINUTES)
    assert done.returncode == 0, done.stdout + done.stderr

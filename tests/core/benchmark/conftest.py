"""Benchmarks are tested with the real ubp_bench against a real adb server and test phones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from phone.fixtures import actor, adb_server, address, client, start_phone  # noqa: F401

from ubp_core.benchmark import PackedVariants, make_variants, pack_variants
from ubp_core.models import Layer

BUILD = Path(__file__).parents[3] / "native" / "build.py"
BUILD_LIMIT_S = 600


@pytest.fixture(scope="session", autouse=True)
def bench_programs() -> None:
    """Compiles ubp_bench for this machine and for ARM64, where that hasn't been done."""
    subprocess.run([sys.executable, str(BUILD), "bench-host", "bench-arm64"], check=True, timeout=BUILD_LIMIT_S)


def make_layer(name: str, rows: int = 24, columns: int = 16) -> Layer:
    """A small 1x1 convolution on a 5x5 image."""
    weight = np.random.default_rng(len(name)).standard_normal((rows, columns, 1, 1)).astype(np.float32)
    return Layer(name=name, kind="conv", weight=weight, bias=None, groups=1, stride=(1, 1), padding=(0, 0),
                 dilation=(1, 1), output_hw=(5, 5), skip_reason=None)  # fmt: skip


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[PackedVariants, ...]:
    """Two layers, one with a name that no shell may see unquoted, each in four variants."""
    folder = tmp_path_factory.mktemp("packed files;$(id)")
    names = ("features.0", "block 1;$(id)'\"\\Ü")
    return tuple(pack_variants(make_layer(n), make_variants(), folder / str(i)) for i, n in enumerate(names))

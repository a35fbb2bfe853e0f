"""`examples/classify.cpp` on this machine and for ARM64 under qemu: the class that the network's best output is."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from native_network import run_network
from numpy.typing import NDArray
from random_networks import NetworkBuilder

from ubp_core.packed.format import Op
from ubp_core.packed.graph import Node, Window

sys.path.insert(0, str(Path(__file__).parents[2] / "native"))

Pixels = NDArray[np.uint8]
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
EXAMPLE = Path(__file__).parents[2] / "examples" / "classify.cpp"


@functools.cache
def command_of(target: str) -> list[str]:
    from building.running import build

    (program,) = build([target])
    return ["qemu-aarch64", str(program)] if target.endswith("arm64") else [str(program)]


@functools.cache
def network() -> bytes:
    """A small one for pictures of 20 x 30."""
    net = NetworkBuilder(np.random.default_rng(4), 1, (3, 20, 30))
    stem = net.add_layer((0,), 8, 3, stride=(2, 2), padding=(1, 1), activation="relu")
    deep = net.add_layer((stem,), 8, 3, groups=8, padding=(1, 1), activation="relu6")
    wide = net.add_layer((deep,), 16, 1, 4, activation="hard_swish")
    mean = net.add(Node("pool", Op.AVERAGE_POOL, (wide,), window=Window(net.shapes[wide][1:], (1, 1))))
    logits = net.add_layer((mean,), 10, 1)
    return net.finish((logits,), in_place=True)[1]


def picture(height: int, width: int) -> Pixels:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)


def write_picture(path: Path, pixels: Pixels) -> Path:
    path.write_bytes(b"P6\n%d %d\n255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes())
    return path


def scaled(pixels: Pixels, to_height: int = 20, to_width: int = 30) -> NDArray[np.float32]:
    """The middle square, nearest pixels, as the network takes it."""
    height, width, _ = pixels.shape
    side = min(height, width)
    rows = (height - side) // 2 + np.arange(to_height) * side // to_height
    columns = (width - side) // 2 + np.arange(to_width) * side // to_width
    normal = (pixels[rows][:, columns] / 255 - MEAN) / DEVIATION
    return normal.transpose(2, 0, 1)[None].astype(np.float32)


@pytest.fixture(params=["classify", "classify_arm64"])
def command(request: pytest.FixtureRequest) -> list[str]:
    if request.param.endswith("arm64") and not shutil.which("qemu-aarch64"):
        pytest.skip("qemu-aarch64 is not installed: ARM64 programs can't be run here")
    return command_of(request.param)


def test_the_best_class(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "net.ubp").write_bytes(network())
    (tmp_path / "labels.txt").write_text("".join(f"class {i}\n" for i in range(10)))
    for size in ((20, 30), (41, 37), (33, 90)):
        pixels = picture(*size)
        path = write_picture(tmp_path / "picture.ppm", pixels)
        (outputs,) = run_network(network(), scaled(pixels))
        done = subprocess.run(
            [*command, str(tmp_path / "net.ubp"), str(path), str(tmp_path / "labels.txt")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        best = int(outputs.argmax())
        number, *label, value = done.stdout.split()
        assert (int(number), " ".join(label)) == (best, f"class {best}")
        assert float(value) == pytest.approx(float(outputs.flat[best]), rel=1e-4)


def test_what_it_refuses(tmp_path: Path) -> None:
    command = command_of("classify")
    (tmp_path / "net.ubp").write_bytes(network())
    (tmp_path / "bad.ubp").write_bytes(network()[:-64])
    (tmp_path / "short.ppm").write_bytes(b"P6\n4 4\n255\nabc")
    good = write_picture(tmp_path / "good.ppm", picture(8, 8))
    cases = [
        ([], "usage"),
        (["missing.ubp", str(good)], "No such file"),
        ([str(tmp_path / "bad.ubp"), str(good)], "file_size"),
        ([str(tmp_path / "net.ubp"), str(tmp_path / "net.ubp")], "no 8-bit PPM"),
        ([str(tmp_path / "net.ubp"), str(tmp_path / "short.ppm")], "ends too early"),
    ]
    for arguments, line in cases:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True)
        assert done.returncode == 2 and line in done.stderr and done.stderr.count("\n") == 1


def test_it_stays_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 60

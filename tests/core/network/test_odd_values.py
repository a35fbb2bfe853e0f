"""NaN and infinities go through every operation as in torch, zeros around an image too; odd inputs are one line."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from graph_samples import every_operation
from network.conftest import select_all, wrapped
from ubp_core import Network
from ubp_core.errors import ModelError, UbpError
from ubp_core.network.exporting import export_network
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.run import run_layer

ODD = (np.nan, np.inf, -np.inf)


class Function(nn.Module):
    """A function of the image by itself."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.function(x)
        return result


class Scaled(nn.Module):
    """A number for each channel from the image's mean."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.mean((2, 3), keepdim=True).sigmoid()


ACTIVATIONS = {
    "none": nn.Identity, "relu": nn.ReLU, "relu6": nn.ReLU6, "hard_swish": nn.Hardswish,
    "hard_sigmoid": nn.Hardsigmoid, "silu": nn.SiLU, "sigmoid": nn.Sigmoid,
}  # fmt: skip
POOLS: dict[str, nn.Module] = {
    "max 2": nn.MaxPool2d(2),
    "max 3, rounded up": nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "max 3, every place": nn.MaxPool2d(3, 1, 1),
    "max 5, step 3": nn.MaxPool2d(5, 3, 2),
    "mean 2": nn.AvgPool2d(2),
    "mean 3, padding counts": nn.AvgPool2d(3, 2, 1),
    "mean 3, padding does not": nn.AvgPool2d(3, 2, 1, count_include_pad=False, ceil_mode=True),
    "mean of all": nn.AdaptiveAvgPool2d(1),
}
OTHERS: dict[str, nn.Module] = {
    "sum": Function(lambda x: x + x.relu()),
    "product": Function(lambda x: x * x.sigmoid()),
    "scaled channels": Scaled(),
    "batch norm": nn.BatchNorm2d(8),
    "joined": Function(lambda x: torch.cat([x, x.relu()], 1)),
    "softmax": Function(lambda x: x.mean((2, 3)).softmax(1)),
}
ALONE = {f"{name} alone": nn.Sequential(nn.MaxPool2d(3, 1, 1), kind()) for name, kind in ACTIVATIONS.items()}
"""Nothing takes these activations into itself."""
WHOLE = {
    name: nn.Sequential(nn.Conv2d(8, 8, 1, groups=8), module) for name, module in {**ALONE, **POOLS, **OTHERS}.items()
}


def layers(activation: str) -> dict[str, nn.Module]:
    """One of each kind of layer; all weights are kept, and none is 0."""
    act = ACTIVATIONS[activation]
    return {
        "1x1": nn.Sequential(nn.Conv2d(8, 16, 1), act()),
        "3x3": nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), act()),
        "3x3, step 2": nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), act()),
        "depthwise 3x3": nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8), act()),
        "depthwise 5x5, step 2": nn.Sequential(nn.Conv2d(8, 8, 5, 2, 2, groups=8), act()),
        "depthwise 7x7": nn.Sequential(nn.Conv2d(8, 16, 7, padding=3, groups=8), act()),
        "groups": nn.Sequential(nn.Conv2d(8, 16, 3, padding=1, groups=2), act()),
        "linear": nn.Sequential(nn.Flatten(), nn.Linear(8 * 9 * 11, 16), act()),
        "residual": nn.Sequential(Residual(act())),
    }


class Residual(nn.Module):
    """A layer with an addend."""

    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.layer, self.act = nn.Conv2d(8, 8, 3, padding=1), act

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.act(self.layer(x) + x)
        return result


def odd_image(seed: int, share: float) -> NDArray[np.float32]:
    """An image of 8 channels in which some numbers are none."""
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((2, 8, 9, 11), np.float32)
    places = rng.random(image.shape) < share
    image[places] = rng.choice(np.array(ODD, np.float32), int(places.sum()))
    return image


def check(module: nn.Module, path: Path, block_size: int = 0) -> None:
    """Runs natively and in torch, in double precision: the same numbers and infinities, NaN at the same places.

    Winograd is off: there what is no number reaches its whole tile (native/tests/test_winograd.cpp).
    """
    model = wrapped(module)
    selections = select_all(model, block_size, sparsity=0.0) if block_size else {}
    export_network(model, selections, (2, 8, 9, 11)).packed.save(path)
    with Network.load(path, threads=2, winograd=False) as network:
        for seed, share in itertools.product(range(2), (0.002, 0.05)):
            image = odd_image(seed, share)
            mine = network.run(image)
            with torch.no_grad():
                wanted = module.double()(torch.from_numpy(image).double()).numpy()
            assert isinstance(mine, np.ndarray)
            np.testing.assert_allclose(mine, wanted.reshape(mine.shape), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", WHOLE)
def test_operations_treat_what_is_no_number_as_torch_does(name: str, tmp_path: Path) -> None:
    check(WHOLE[name], tmp_path / "network.ubp")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", layers("none"))
def test_layers_treat_what_is_no_number_as_torch_does(kind: str, activation: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check(layers(activation)[kind], tmp_path / "network.ubp")


@pytest.mark.parametrize("block_size", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("kind", ["1x1", "3x3", "3x3, step 2"])
def test_pruned_layers_treat_what_is_no_number_as_torch_does(kind: str, block_size: int, tmp_path: Path) -> None:
    torch.manual_seed(2)
    check(layers("relu6")[kind], tmp_path / "network.ubp", block_size)


@pytest.mark.parametrize("size", range(1, 12))
def test_one_nan_reaches_the_maximum_of_its_window_alone(size: int, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 1), nn.MaxPool2d(2, 2, ceil_mode=True))
    export_network(wrapped(module), {}, (1, 3, size, size)).packed.save(tmp_path / "network.ubp")
    network = Network.load(tmp_path / "network.ubp")
    for at in range(size):
        image = np.ones((1, 3, size, size), np.float32)
        image[0, :, at, size - 1 - at] = np.nan
        result = np.isnan(network.run(image))
        assert result[0, :, at // 2, (size - 1 - at) // 2].all() and result.sum() == 8


def normalised(channels: int) -> nn.BatchNorm2d:
    """A normalisation with statistics of its own."""
    norm = nn.BatchNorm2d(channels)
    for tensor in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(tensor)  # type: ignore[arg-type]
    nn.init.uniform_(norm.running_var, 0.5, 2)  # type: ignore[arg-type]
    return norm


PADDED: dict[str, nn.Module] = {
    "norm": nn.Sequential(nn.Conv2d(8, 8, 3), nn.ZeroPad2d(1), normalised(8)),
    "norm without a layer": nn.Sequential(normalised(8), nn.ZeroPad2d(1), normalised(8)),
    "factor": nn.Sequential(nn.Conv2d(8, 8, 3), nn.ZeroPad2d(1), Function(lambda x: x * 0.5)),
    "offset": nn.Sequential(nn.Conv2d(8, 8, 3), nn.ZeroPad2d(1), Function(lambda x: x + 1)),
    "quotient": nn.Sequential(nn.Conv2d(8, 8, 3), nn.ZeroPad2d(1), Function(lambda x: x / 3)),
    "two norms": nn.Sequential(nn.Conv2d(8, 8, 3), nn.ZeroPad2d(2), normalised(8), normalised(8)),
    "twice": nn.Sequential(nn.ZeroPad2d(1), normalised(8), nn.ZeroPad2d(2), normalised(8), nn.Conv2d(8, 8, 3)),
    "more below": nn.Sequential(nn.Conv2d(8, 8, 3), nn.ZeroPad2d((0, 1, 1, 3)), normalised(8), nn.ReLU()),
    "norm, activation, layer": nn.Sequential(
        nn.Conv2d(8, 8, 3), nn.ZeroPad2d(1), normalised(8), nn.ReLU(), nn.Conv2d(8, 8, 3)
    ),
    "1x1 layer": nn.Sequential(nn.ZeroPad2d(3), nn.Conv2d(8, 16, 1), normalised(16)),
    "depthwise": nn.Sequential(nn.ZeroPad2d(2), nn.Conv2d(8, 8, 5, groups=8), normalised(8)),
    "wider than the kernel": nn.Sequential(nn.ZeroPad2d(4), nn.Conv2d(8, 8, 3, groups=8), normalised(8)),
}
"""Zeros around an image, then something whose offset shows in the border."""


@pytest.mark.parametrize("name", PADDED)
def test_zeros_in_front_of_a_scale_are_exact(name: str, tmp_path: Path) -> None:
    check(PADDED[name], tmp_path / "network.ubp")
    if any(isinstance(part, nn.Conv2d) and part.groups == 1 for part in PADDED[name]):  # type: ignore[attr-defined]
        check(PADDED[name].float(), tmp_path / "pruned.ubp", block_size=4)


@pytest.mark.parametrize(
    "rest", [nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.ZeroPad2d(1)]
)
def test_zeros_in_front_of_anything_else_are_named(rest: nn.Module) -> None:
    with pytest.raises(ModelError, match="pad at 1 is not in front of a convolution"):
        export_network(wrapped(nn.Sequential(nn.Conv2d(8, 8, 3), nn.ZeroPad2d(1), rest)), {}, (1, 8, 9, 11))


@pytest.fixture
def network(tmp_path: Path) -> Network:
    every_operation().save(tmp_path / "every.ubp")
    return Network.load(tmp_path / "every.ubp")


IMAGE = np.zeros((1, 4, 6, 6), np.float32)
ODD_INPUTS: dict[str, tuple[object, str]] = {
    "complex": (IMAGE.astype(np.complex64), "input 0: need real numbers; got complex numbers"),
    "booleans": (IMAGE > 0, "got booleans"),
    "text": (np.full(IMAGE.shape, "1.0"), "got text"),
    "one text": ("picture.png", "got text"),
    "bytes": (b"1234", "got bytes"),
    "dates": (np.zeros(IMAGE.shape, "datetime64[s]"), "got datetime64"),
    "objects": (IMAGE.astype(object), "got objects"),
    "nothing": (None, "got objects"),
    "rows of different length": ([[1.0], [1.0, 2.0]], "can't be taken as a numpy array"),
    "gradients": (
        torch.zeros(IMAGE.shape, requires_grad=True),
        r"input 0: the tensor requires gradients.*\.detach\(\)",
    ),
    "bfloat16": (torch.zeros(IMAGE.shape, dtype=torch.bfloat16), "can't be taken as a numpy array"),
    "sparse": (torch.zeros(IMAGE.shape).to_sparse(), "can't be taken as a numpy array"),
    "a number": (1.0, r"need shape \[1, 4, 6, 6\]; got \[\]"),
}


@pytest.mark.parametrize("name", ODD_INPUTS)
def test_odd_inputs_are_one_line(name: str, network: Network) -> None:
    given, line = ODD_INPUTS[name]
    with pytest.raises(UbpError, match=line) as caught:
        network.run(given, np.zeros((1, 6), np.float32))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_layer_by_itself_takes_and_refuses_the_same(network: Network) -> None:
    layer: PackedLayer = next(
        layer for layer in every_operation().layers if len(layer.shape) == 4 and layer.groups == 1
    )
    x = np.zeros((1, layer.shape[1], 6, 6), np.float32)
    with pytest.raises(UbpError, match="x: need real numbers; got complex numbers"):
        run_layer(layer, x.astype(np.complex128))
    with pytest.raises(UbpError, match="x: the tensor requires gradients"):
        run_layer(layer, torch.from_numpy(x).requires_grad_())  # type: ignore[arg-type]
    assert np.array_equal(run_layer(layer, x.astype(np.int16)), run_layer(layer, x))


@pytest.mark.filterwarnings("error")
def test_numbers_beyond_float32_are_infinite(network: Network) -> None:
    image, scale = np.full(IMAGE.shape, 1e300), np.ones((1, 6), np.float32)
    infinite = network.run(np.full(IMAGE.shape, np.inf, np.float32), scale)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(network.run(image, scale), infinite, strict=True))


@pytest.mark.parametrize("threads", [1.5, "2", True, 0, -1, 65, np.float32(2), [1]])
def test_odd_threads_are_one_line(threads: object, tmp_path: Path) -> None:
    every_operation().save(tmp_path / "every.ubp")
    with pytest.raises(UbpError, match="threads: need a whole number from 1 to 64"):
        Network.load(tmp_path / "every.ubp", threads=threads)  # type: ignore[arg-type]
    assert Network.load(tmp_path / "every.ubp", threads=np.int64(2)).inputs  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [None, 3, b"every.ubp", ["every.ubp"], "every.ubp\0"])
def test_odd_paths_are_one_line(path: object) -> None:
    with pytest.raises(UbpError, match=r"^path: "):
        Network.load(path)  # type: ignore[arg-type]


@pytest.mark.parametrize("kernel", [None, 0, ["sparse"], "Sparse"])
def test_odd_kernels_are_one_line(kernel: object, tmp_path: Path) -> None:
    with pytest.raises(UbpError, match=r"kernel: .* is unknown"):
        Network.load(tmp_path / "none.ubp", kernel=kernel)  # type: ignore[arg-type]


def test_softmax_sees_a_nan_wherever_it_stands(tmp_path: Path) -> None:
    module = Function(lambda x: F.softmax(x.flatten(1), 1))
    export_network(
        wrapped(nn.Sequential(nn.Conv2d(7, 7, 1, groups=7), nn.AdaptiveAvgPool2d(1), module)), {}, (1, 7, 2, 2)
    ).packed.save(tmp_path / "network.ubp")
    network = Network.load(tmp_path / "network.ubp")
    for at in range(7):
        image = np.zeros((1, 7, 2, 2), np.float32)
        image[0, at] = np.nan
        assert np.isnan(network.run(image)).all()

"""Where a network's numbers are converted: layer by layer, as few times as possible, and with the same result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ubp_core.errors import ModelError, SelectionError
from ubp_core.network import Network
from ubp_core.network.exporting import NetworkExporter
from ubp_core.network.reference import run_reference
from ubp_core.network.types.conversions import NetworkTypes
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op

SHAPE = (1, 3, 12, 10)


class Net(nn.Module):
    """A residual block, a gate, and a head with softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.body = nn.Conv2d(8, 8, 3, padding=1)
        self.gate = nn.Conv2d(8, 8, 1)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x).relu()
        x = (self.body(x) + x).relu()
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        return self.head(x.mean((2, 3))).softmax(1)


@pytest.fixture(scope="module")
def exporter() -> NetworkExporter:
    torch.manual_seed(0)
    return NetworkExporter(Net().eval(), SHAPE)


def dtypes_of(packed: PackedFile) -> dict[str, str]:
    """Type of what every node makes, by its name."""
    assert packed.graph is not None
    tensors = packed.graph.tensors[packed.graph.input_count :]
    return {node.name: tensor.dtype for node, tensor in zip(packed.graph.nodes, tensors, strict=True)}


def conversions(packed: PackedFile) -> int:
    assert packed.graph is not None
    return sum(node.op == Op.CONVERT for node in packed.graph.nodes)


def test_everything_between_two_conversions(exporter: NetworkExporter) -> None:
    exported = exporter.export({}, types=NetworkTypes("fp16"))
    packed = exported.packed
    assert packed.graph is not None
    assert conversions(packed) == 2 and {layer.dtype for layer in packed.layers} == {"fp16"}
    assert packed.graph.tensors[0].dtype == "fp32" and packed.graph.tensors[packed.graph.outputs[0]].dtype == "fp32"
    assert dtypes_of(packed)["body"] == "fp16"
    (cost,) = exported.costs
    assert 0 < cost.mean <= cost.largest < 0.01 and cost.agreement == 1


def test_inputs_and_outputs_in_fp16(exporter: NetworkExporter) -> None:
    packed = exporter.export({}, types=NetworkTypes("fp16", io="fp16")).packed
    assert packed.graph is not None
    assert packed.graph.tensors[0].dtype == packed.graph.tensors[packed.graph.outputs[0]].dtype == "fp16"
    assert conversions(packed) == 2  # softmax takes fp32, what it makes goes back


def test_a_layer_of_another_type(exporter: NetworkExporter) -> None:
    packed = exporter.export({}, types=NetworkTypes("fp16", {"body": "fp32"})).packed
    assert [layer.dtype for layer in packed.layers] == ["fp16", "fp32", "fp16", "fp16"]
    # In and out; the stem once, although it is the addend too; the mean of the body for the gate, and the body for it.
    assert conversions(packed) == 5


def test_results_are_those_of_fp32_but_for_rounding(exporter: NetworkExporter) -> None:
    image = np.random.default_rng(1).standard_normal(SHAPE, np.float32)
    full = run_reference(exporter.export({}).packed, [image])[0]
    for types in (NetworkTypes("fp16"), NetworkTypes("fp16", {"body": "fp32"}), NetworkTypes("fp32", {"stem": "fp16"})):
        half = run_reference(exporter.export({}, types=types).packed, [image])[0]
        assert 0 < np.abs(half - full).max() < 0.005 * np.abs(full).max()


def test_memory_is_half(exporter: NetworkExporter) -> None:
    full, half = (exporter.export({}, types=NetworkTypes(dtype, io=dtype)).arena_bytes for dtype in ("fp32", "fp16"))
    assert half <= 0.6 * full


def test_no_such_layer(exporter: NetworkExporter) -> None:
    with pytest.raises(ModelError, match=r"nothing\.here: the network does not apply this layer"):
        exporter.export({}, types=NetworkTypes("fp16", {"nothing.here": "fp32"}))


def test_weights_beyond_fp16_name_their_layer() -> None:
    net = Net().eval()
    with torch.no_grad():
        net.body.weight[0, 0, 0, 0] = 1e6
    with pytest.raises(SelectionError, match=r"body: its largest weight, 1e\+06, is beyond fp16"):
        NetworkExporter(net, SHAPE).export({}, types=NetworkTypes("fp16"))
    exported = NetworkExporter(net, SHAPE).export({}, types=NetworkTypes("fp16", {"body": "fp32"}))
    assert exported.packed.layer("body").dtype == "fp32"


def test_sums_that_overflow_are_widened() -> None:
    """A layer whose products cancel: exact sums are small, sums in fp16 pass 65504 on the way."""
    net = Net().eval()
    with torch.no_grad():
        net.body.weight[:] = 3_000.0
        net.body.weight[:, 4:] = -3_000.0
        net.body.weight[:, :, 0, 0] += 1
        net.stem.weight.zero_()
        net.stem.bias.fill_(1.0)
    exported = NetworkExporter(net, SHAPE).export({}, types=NetworkTypes("fp16"))
    assert exported.packed.layer("body").wide_sums
    assert any(note.startswith("body: sums in fp32, fp16 sums overflow") for note in exported.notes)
    assert not exported.packed.layer("head").wide_sums


def test_all_layers_may_sum_in_fp32(exporter: NetworkExporter) -> None:
    types = NetworkTypes("fp16", {"head": "fp32"}, wide_sums=True)
    packed = exporter.export({}, types=types).packed
    assert [layer.wide_sums for layer in packed.layers] == [True, True, True, False]


def test_a_layer_that_is_applied_twice_is_widened_where_it_needs_it() -> None:
    """Its sums are whole numbers, at most 1,548 at first; what it makes is 96 times larger."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Conv2d(8, 8, 1, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(self.body(x).relu())

    net = Twice().eval()
    with torch.no_grad():
        net.body.weight[:] = 3_000.0
        net.body.weight[:, 4:] = -3_000.0
        net.body.weight[:, :, 0, 0] += 96 * torch.eye(8)
    image = np.full((1, 8, 4, 4), 0.125, np.float32)
    exported = NetworkExporter(net, image.shape).export({}, types=NetworkTypes("fp16"), images=[image])
    assert [(layer.name, layer.wide_sums) for layer in exported.packed.layers] == [("body", False), ("body#2", True)]


def test_costs_are_those_of_the_images_given(exporter: NetworkExporter, tmp_path: Path) -> None:
    images = [np.random.default_rng(seed).standard_normal(SHAPE, np.float32) for seed in range(3)]
    lines: list[str] = []
    given = exporter.export({}, types=NetworkTypes("fp16"), images=images, progress=lines.append)
    arrays = []
    for number, one in enumerate((given, exporter.export({}))):
        one.packed.save(tmp_path / f"{number}.ubp")
        with Network.load(tmp_path / f"{number}.ubp") as network:
            arrays.append(np.concatenate([network.run(image) for image in images]))
    (cost,) = given.costs
    assert cost.largest == pytest.approx(np.abs(arrays[0] - arrays[1]).max() / np.abs(arrays[1]).max(), rel=1e-5)
    assert any(line.endswith("image 3 of 3") for line in lines)

"""Every network that must work: what was written computes what PyTorch's masked model does, on photographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from natural_images import natural_images
from network.conftest import SIZE, Exported, select_all
from ubp_core.models import load_model
from ubp_core.network import Network
from ubp_core.network.exporting import NetworkExporter, export_network
from ubp_core.network.reference import run_reference
from ubp_core.network.types.conversions import NetworkTypes
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op

NETWORKS = (
    *("mobilenet_v1:0.25", "mobilenet_v1:0.5", "mobilenet_v1:1", "mobilenet_v2", "mobilenet_v3_small"),
    *("mobilenet_v3_large", "efficientnet_lite0", "resnet18", "resnet34", "resnet50", "mnasnet1_0"),
)
TOLERANCE = 1e-4


@pytest.mark.parametrize("name", NETWORKS)
def test_output_equals_the_masked_model(name: str, exported: Callable[..., Exported], tmp_path: Path) -> None:
    """The native runtime and the reference interpreter, both from the file."""
    network, masked = exported(name)
    network.packed.save(tmp_path / "net.ubp")
    packed, runtime = PackedFile.load(tmp_path / "net.ubp"), Network.load(tmp_path / "net.ubp", threads=2)
    for image in natural_images(SIZE):
        with torch.no_grad():
            expected = masked(torch.from_numpy(image[None])).numpy()
        for scores in (runtime.run(image[None]), *run_reference(packed, [image[None]])):
            assert isinstance(scores, np.ndarray)
            assert np.abs(scores - expected).max() <= TOLERANCE * np.abs(expected).max()
            assert scores.argmax() == expected.argmax()


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "efficientnet_lite0", "resnet18"])
def test_fp16_is_near_fp32(name: str, tmp_path: Path) -> None:
    """On photographs; and from the file, the native runtime's fp16 near the reference, which rounds results alone."""
    weights = "default" if name == "efficientnet_lite0" else "random"
    model = load_model(name, weights=weights, input_size=SIZE)
    images = natural_images(SIZE)
    exporter = NetworkExporter(model, (len(images), 3, SIZE, SIZE))
    half = exporter.export(select_all(model), types=NetworkTypes("fp16"), images=[images])
    (cost,) = half.costs
    assert cost.agreement == 1 and cost.mean > 0 and cost.largest < 0.02
    half.packed.save(tmp_path / "half.ubp")
    mine, judge = Network.load(tmp_path / "half.ubp").run(images), run_reference(half.packed, [images])[0]
    assert isinstance(mine, np.ndarray) and np.abs(mine - judge).max() < 0.01 * np.abs(judge).max()


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_are_pruned_and_nothing_is_left_by_itself(name: str, exported: Callable[..., Exported]) -> None:
    network, masked = exported(name)
    graph = network.packed.graph
    assert graph is not None
    assert {node.op for node in graph.nodes} <= {Op.LAYER, Op.MULTIPLY, Op.MAX_POOL, Op.AVERAGE_POOL}
    modules = dict(masked.named_modules())
    assert {layer.name for layer in network.packed.layers} <= modules.keys()
    for layer in network.packed.layers:
        weight = modules[layer.name].weight.detach().numpy().reshape(layer.rows, -1)
        assert ((layer.unpack().reshape(layer.rows, -1) != 0) <= (weight != 0)).all(), "a mask has changed"
        assert layer.dense == ((weight == 0).mean() < 0.5)


@pytest.mark.parametrize("name", NETWORKS)
def test_memory_is_what_the_fullest_operation_needs(name: str, exported: Callable[..., Exported]) -> None:
    network, _ = exported(name)
    assert network.packed.graph is not None
    assert network.packed.graph.arena_size == network.arena_bytes
    assert network.arena_bound <= network.arena_bytes <= 1.05 * network.arena_bound


def test_trained_network_knows_what_is_on_the_pictures(tmp_path: Path) -> None:
    """EfficientNet-Lite0 as it is: 285 is an Egyptian cat, 967 an espresso (ImageNet's own order of classes)."""
    network = export_network(load_model("efficientnet_lite0"), {}, (2, 3, 224, 224))
    network.packed.save(tmp_path / "net.ubp")
    scores = Network.load(tmp_path / "net.ubp").run(natural_images(224, ("chelsea", "coffee")))
    assert isinstance(scores, np.ndarray)
    assert scores.argmax(1).tolist() == [285, 967]

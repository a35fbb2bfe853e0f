"""Layers that stay out of int8: by name, by what they cost, and what their tensors need no range for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ubp_core import importance, select_blocks
from ubp_core.errors import ModelError
from ubp_core.network.exporting import NetworkExporter
from ubp_core.network.reference import run_reference
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import Op
from ubp_core.quantisation.exports import worst_layers
from ubp_core.quantisation.exports.exporting import Calibrating, export_integers, kept_layers
from ubp_core.quantisation.exports.worst_layers import MOST_PICTURES, find_worst, output_error
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.node_types import NodeTypes
from ubp_core.quantisation.quantising import Recipe, quantise_each

SHAPE = (1, 3, 12, 12)


def images(count: int = 4) -> list[np.ndarray]:
    return list(np.random.default_rng(1).standard_normal((count, *SHAPE), np.float32))


def calibrating(**changes: object) -> Calibrating:
    return replace(Calibrating(images(), "4 pictures"), **changes)  # type: ignore[arg-type]


def keeping(*names: str) -> Recipe:
    return Recipe(keep=frozenset(names))


def network(spread: float = 1.0) -> nn.Module:
    """Without compensation its second convolution is the worst: a few weights of it dwarf all others of their rows."""
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1), nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5),
    ).eval()  # fmt: skip
    with torch.no_grad():
        module[2].weight[:, 0, 1, 1] = spread
        module[0].weight[0] = 0  # what these weights are multiplied by is nothing
        module[0].bias[0] = 0
    return module


def types_of(packed: PackedFile) -> dict[str, str]:
    return {layer.name: layer.dtype for layer in packed.layers}


def made(packed: PackedFile) -> dict[str, str]:
    graph = packed.graph
    assert graph is not None
    return {node.name: graph.tensors[graph.output_of(index)].dtype for index, node in enumerate(graph.nodes)}


def test_the_worst_layer_is_found_and_kept() -> None:
    lines = list[str]()
    asked = calibrating(keep_worst=1, recipe=Recipe(least_squares=False))
    exported = export_integers(network(spread=200.0), {}, SHAPE, asked, progress=lines.append)
    assert types_of(exported.packed) == {"0": "int8", "2": "fp16", "4": "int8", "8": "int8"}
    (cost,) = exported.kept
    assert (cost.name, cost.dtype) == ("2", "fp16")
    assert cost.describe() in exported.notes and "2 stays in fp16: alone in int8, it changes" in cost.describe()
    assert "measuring what int8 costs 8, layer 4 of 4" in lines
    without = export_integers(network(spread=200.0), {}, SHAPE, calibrating(recipe=Recipe(least_squares=False)))
    assert exported.costs[0].mean < 0.5 * without.costs[0].mean and not without.kept


def test_the_worst_beside_those_that_were_named_and_pruned() -> None:
    model = network(spread=200.0)
    selection = select_blocks(importance(model[2].weight.detach().numpy()), 4, 0.5, "optimal", block_columns=4)
    keep, halves = kept_layers({"8": "fp32", "0": "fp16"})
    asked = calibrating(
        keep_worst=1, worst_dtype="fp32", recipe=Recipe(least_squares=False, keep=keep), halves=halves
    )  # fmt: skip
    exported = export_integers(model, {"2": selection}, SHAPE, asked)
    assert types_of(exported.packed) == {"0": "fp16", "2": "fp32", "4": "int8", "8": "fp32"}
    layer = exported.packed.layers[1]
    assert (layer.block_columns, layer.block_size) == (1, 4), "fp32 walks blocks of one column"
    assert ((layer.unpack().reshape(16, -1) != 0) <= selection.mask()).all()


def test_a_layer_that_fp16_can_not_hold_is_kept_in_fp32() -> None:
    asked = calibrating(keep_worst=1, recipe=Recipe(least_squares=False))
    exported = export_integers(network(spread=1e5), {}, SHAPE, asked)
    assert types_of(exported.packed)["2"] == exported.kept[0].dtype == "fp32"


def test_all_layers_in_the_order_of_what_they_cost() -> None:
    full = NetworkExporter(network(spread=200.0), SHAPE).export({}).packed
    found = find_worst(full, images(), Recipe(), 3, lambda line: None)
    assert len(found) == 3 and found[0].error >= found[1].error >= found[2].error > 0
    assert "8" not in {cost.name for cost in find_worst(full, images(), keeping("8"), 3, lambda line: None)}
    with pytest.raises(ModelError, match=r"^3 layers could be in int8, so the 4 worst can't stay out of it; ask for"):
        find_worst(full, images(), keeping("8"), 4, lambda line: None)


def test_a_layer_alone_is_given_what_fp32_makes() -> None:
    full = NetworkExporter(network(), SHAPE).export({}).packed
    alone = quantise_each(full, [(image,) for image in images()], Recipe())
    assert list(alone) == ["0", "2", "4", "8"] and [list(one.layers) for one in alone.values()] == [[0], [1], [2], [3]]
    (before,) = run_reference(full, [images()[0]])
    for one in alone.values():
        (scores,) = run_integers(one, [images()[0]])
        assert 0 < np.abs(scores - before).max() < 0.02 * np.abs(before).max()


def test_many_pictures_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    given, seen = images(MOST_PICTURES + 3), list[int]()
    run = worst_layers.run_natively

    def watched(packed: PackedFile, some: Sequence[np.ndarray]) -> list[Any]:
        seen.append(len({image.tobytes() for image in some}))
        return list(run(packed, some))

    monkeypatch.setattr(worst_layers, "run_natively", watched)
    find_worst(NetworkExporter(network(), SHAPE).export({}).packed, given, Recipe(), 1, lambda line: None)
    assert seen == [MOST_PICTURES] * 5


def test_errors_of_outputs() -> None:
    zero, one = np.zeros((1, 2), np.float32), np.array([[3.0, 4.0]], np.float32)
    assert output_error([[one]], [[one]]) == 0
    assert output_error([[zero, one]], [[one, one]]) == pytest.approx(np.sqrt(0.5))
    assert output_error([[one, one], [zero, one]], [[one, one], [zero, one]]) == 0


def test_what_has_no_weights_between_kept_layers_is_kept_with_them() -> None:
    """Not converted to bytes and back for a pooling."""
    keep, halves = kept_layers({"2": "fp16", "4": "fp16"})
    packed = export_integers(
        network(), {}, SHAPE, calibrating(recipe=Recipe(keep=keep), halves=halves)
    ).packed  # fmt: skip
    types = made(packed)
    assert types["3"] == "fp16" and sum(".fp16" in name for name in types) == 1
    assert packed.graph is not None
    assert [node.op for node in packed.graph.nodes].count(Op.CONVERT) == 3


def dead(position: int) -> nn.Module:
    """A layer makes zeros of everything."""
    module = network()
    with torch.no_grad():
        module[position].weight.zero_()
        module[position].bias.zero_()
    return module


def test_zeros_are_refused_with_the_layers_to_keep() -> None:
    line = (
        r"^2: zero on all calibration pictures, so its bytes have no range; calibrate on others, or keep out of int8 "
    )
    with pytest.raises(ModelError, match=line + r"what makes and takes it \(--keep 2 --keep 4\)"):
        export_integers(dead(2), {}, SHAPE, calibrating())


def test_zeros_between_kept_layers_are_no_matter() -> None:
    packed = export_integers(dead(2), {}, SHAPE, calibrating(recipe=keeping("2", "4"))).packed
    assert types_of(packed) == {"0": "int8", "2": "fp32", "4": "fp32", "8": "int8"}
    with pytest.raises(ModelError, match=r"^3: zero on all|^2: zero on all"):
        export_integers(dead(2), {}, SHAPE, calibrating(recipe=keeping("2")))


def test_infinities_between_kept_layers_are_no_matter() -> None:
    module = network()
    with torch.no_grad():
        module[2].weight.mul_(1e30)
        module[4].weight.mul_(1e30)
        module[8].weight.mul_(1e-30)
    with pytest.raises(ModelError, match=r"infinite or not a number.*keep out of int8 what makes and takes it"):
        export_integers(module, {}, SHAPE, calibrating())
    full = NetworkExporter(network(), SHAPE).export({}).packed
    numbers = [number for number, layer in enumerate(full.layers) if layer.name not in ("2", "4")]
    assert NodeTypes(full, numbers).byte_tensors() == {0, 1, 5, 6}, "input, and what 0, the mean and 8 make"


def test_the_inputs_of_a_kept_layer_may_be_zero() -> None:
    zeros = Calibrating([np.zeros(SHAPE, np.float32), images()[0]], "2 pictures")
    assert types_of(export_integers(network(), {}, SHAPE, zeros).packed)["0"] == "int8", "one picture that is not"
    dark = replace(zeros, images=[np.zeros(SHAPE, np.float32)], recipe=keeping("0"))
    with pytest.raises(ModelError, match=r"^the network's input: zero"):
        export_integers(network(), {}, SHAPE, replace(dark, recipe=Recipe()))
    assert types_of(export_integers(network(), {}, SHAPE, dark).packed)["0"] == "fp32"


@pytest.mark.parametrize("observer", ["minmax", "percentile", "least_squares"])
def test_constant_activations(observer: str) -> None:
    """A layer of nothing but its bias: the same numbers at every place of every picture."""
    module = network()
    with torch.no_grad():
        module[2].weight.zero_()
    packed = export_integers(module, {}, SHAPE, calibrating(recipe=Recipe(observer=observer))).packed
    assert set(types_of(packed).values()) == {"int8"}


def test_softmax_is_named() -> None:
    module = nn.Sequential(*network(), nn.Softmax(1)).eval()
    exported = export_integers(module, {}, SHAPE, calibrating())
    assert "computed in fp32, since int8 has no form of it: 9 (softmax)" in exported.notes

"""Networks exported in int8: what is made, what it is calibrated on, and how ranges that can't be used are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from ubp_core import importance, select_blocks
from ubp_core.errors import ModelError
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import MAX_TEXT, Op
from ubp_core.quantisation.exports.exporting import Calibrating, export_integers, kept_layers, source_text
from ubp_core.quantisation.interpreter import run_integers
from ubp_core.quantisation.packed_network import unpack_integers
from ubp_core.quantisation.quantising import Recipe

SHAPE = (1, 3, 12, 12)


def network(activation: type[nn.Module] = nn.Hardswish) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        activation(),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 5),
        nn.Softmax(1),
    ).eval()


def images(count: int, seed: int = 1) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).standard_normal((count, *SHAPE), np.float32))


def calibrating(**changes: object) -> Calibrating:
    return Calibrating(images(4), "4 pictures", **changes)  # type: ignore[arg-type]


def test_a_network_in_int8() -> None:
    model, lines = network(), list[str]()
    weight = model[4].weight.detach().numpy()
    selection = select_blocks(importance(weight), 4, 0.5, "optimal")
    made = export_integers(model, {"4": selection}, SHAPE, calibrating(), progress=lines.append, images=images(3, 7))
    packed = made.packed
    assert [layer.dtype for layer in packed.layers] == ["int8"] * 4
    assert [layer.block_size for layer in packed.layers] == [0, 0, 4, 0]
    kept = packed.layers[2].unpack_stored() != 0
    assert not (kept & ~selection.mask()).any() and kept.sum() > 0.9 * selection.mask().sum()
    assert packed.source.endswith("int8, calibrated on 4 pictures")
    assert made.relative_error < 1e-4 and made.arena_bytes == packed.graph.arena_size  # type: ignore[union-attr]
    assert 0 < made.costs[0].largest < 0.05 and made.costs[0].agreement is not None
    for words in ("capturing", "packed 4", "looking for ranges, picture 4 of 4", "quantising 7", "image 3 of 3"):
        assert any(words in line for line in lines), words


@pytest.mark.parametrize("method", ["optimal", "abp"])
@pytest.mark.parametrize(("name", "number"), [("0", 0), ("4", 2)])  # 27 columns, the last group of three, and 8
def test_blocks_of_four_columns_are_written_in_one_piece(name: str, number: int, method: str) -> None:
    model = network()
    weight = model.get_parameter(f"{name}.weight").detach().numpy()
    selection = select_blocks(importance(weight), 4, 0.5, method, block_columns=4)
    layer = export_integers(model, {name: selection}, SHAPE, calibrating()).packed.layers[number]
    assert selection.groups is not None
    assert (layer.block_columns, layer.block_size, layer.aligned) == (4, 4, method == "abp")
    assert (layer.column_order == selection.groups.order).all()
    starts, numbers = selection.blocks()
    assert (np.repeat(np.arange(len(layer.row_begin) - 1), np.diff(layer.row_begin)) == starts).all()
    assert (layer.block_column == numbers).all()
    kept = layer.unpack_stored() != 0
    assert not (kept & ~selection.mask()).any() and kept.sum() > 0.9 * selection.mask().sum()


def test_layers_are_kept_in_the_type_that_was_asked_for() -> None:
    keep, halves = kept_layers({"0": "fp16", "7": "fp32"})
    recipe = Recipe(keep=keep)
    packed = export_integers(network(), {}, SHAPE, calibrating(recipe=recipe, halves=halves)).packed
    assert [layer.dtype for layer in packed.layers] == ["fp16", "int8", "int8", "fp32"]
    assert packed.graph is not None
    assert next(node.name for node in packed.graph.nodes if node.op == Op.CONVERT) == "input.fp16"
    (scores,) = run_integers(unpack_integers(packed), images(1))
    with torch.no_grad():
        exact = network()(torch.from_numpy(images(1)[0])).numpy()
    assert np.abs(scores - exact).max() < 0.05


def test_random_numbers_are_said_to_be_random() -> None:
    made = export_integers(network(), {}, SHAPE, Calibrating.of_random_numbers(SHAPE))
    assert "RANDOM" in made.packed.source
    assert len(made.costs) == 1


def dead(module: nn.Module) -> nn.Module:
    """With a first layer that makes zeros of everything."""
    with torch.no_grad():
        module[0].weight.zero_()  # type: ignore[operator, index]
        module[0].bias.zero_()  # type: ignore[operator, index]
    return module


@pytest.mark.parametrize(
    ("make", "scale", "line"),
    [
        (
            lambda: dead(network(nn.ReLU)),
            1.0,
            r"^0: zero on all calibration pictures, so its bytes have no range; calibrate on others",
        ),
        (network, 0.0, r"^the network's input: zero on all calibration pictures"),
        (network, np.nan, r"^the network's input: infinite or not a number on the calibration pictures"),
        (network, 3e38, r"infinite or not a number|beyond fp32"),
    ],
)
def test_ranges_that_can_not_be_used(make: Callable[[], nn.Module], scale: float, line: str) -> None:
    with np.errstate(over="ignore"):
        given = Calibrating([np.float32(scale) * image for image in images(2)], "2 pictures")
    with pytest.raises(ModelError, match=line):
        export_integers(make(), {}, SHAPE, given)


def test_no_pictures() -> None:
    with pytest.raises(ModelError, match="no pictures to calibrate on"):
        export_integers(network(), {}, SHAPE, Calibrating([], "nothing"))


def test_a_long_source_leaves_room(tmp_path_factory: pytest.TempPathFactory) -> None:
    text = source_text("ä" * MAX_TEXT, "3 pictures")
    assert len(text.encode()) <= MAX_TEXT and text.endswith("ä; int8, calibrated on 3 pictures")
    assert source_text("", "3 pictures") == "int8, calibrated on 3 pictures"
    packed = export_integers(network(), {}, SHAPE, calibrating()).packed
    path = tmp_path_factory.mktemp("files") / "net.ubp"
    packed.save(path)
    assert PackedFile.load(path).source == packed.source

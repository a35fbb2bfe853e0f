"""Operations one by one: each small module becomes a network that computes the same, or is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from network.conftest import select_all, wrapped
from ubp_core.errors import ModelError
from ubp_core.network import Network
from ubp_core.network.exporting import export_network
from ubp_core.packed.format import Op
from ubp_core.packed.graph import Graph


class Written(nn.Module):
    """A convolution, then whatever a test writes."""

    def __init__(self, rest: Callable[[Tensor, nn.ModuleDict], Tensor], **modules: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.parts = nn.ModuleDict(modules)
        self.rest = rest

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.first(x), self.parts)


def conv(rows: int = 8, kernel: int = 1, **options: object) -> nn.Conv2d:
    return nn.Conv2d(8, rows, kernel, **options)  # type: ignore[arg-type]


def batch_norm() -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(8)
    for tensor in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(tensor)  # type: ignore[arg-type]
    nn.init.uniform_(norm.running_var, 0.5, 2)  # type: ignore[arg-type]
    return norm


def in_place_twice(x: Tensor, parts: nn.ModuleDict) -> Tensor:
    """Ignores what an operation in place returns, as torch allows."""
    y = parts["a"](x)
    F.relu_(y)
    y += x
    return y * y


ACCEPTED: dict[str, tuple[nn.Module, list[Op]]] = {
    "batch norm": (Written(lambda x, m: m["n"](x), n=batch_norm()), [Op.LAYER]),
    "batch norm of a value that is used twice": (Written(lambda x, m: m["n"](x) + x, n=batch_norm()), [Op.LAYER] * 2),
    "batch norm after an activation": (Written(lambda x, m: m["n"](x.relu()), n=batch_norm()), [Op.LAYER] * 2),
    "two batch norms": (Written(lambda x, m: m["b"](m["a"](x)), a=batch_norm(), b=batch_norm()), [Op.LAYER]),
    "numbers": (Written(lambda x, m: (x * 2 + 0.5) / 3), [Op.LAYER]),
    "adaptive max pool": (Written(lambda x, m: m["a"](x), a=nn.AdaptiveMaxPool2d(1)), [Op.LAYER, Op.MAX_POOL]),
    "adaptive max pool of 5x5": (Written(lambda x, m: m["a"](x), a=nn.AdaptiveMaxPool2d(5)), [Op.LAYER, Op.MAX_POOL]),
    "max pool with places": (
        Written(lambda x, m: m["a"](x)[0], a=nn.MaxPool2d(2, return_indices=True)),
        [Op.LAYER, Op.MAX_POOL],
    ),
    "residual": (Written(lambda x, m: (m["a"](x) + x).relu(), a=conv()), [Op.LAYER] * 2),
    "residual the other way": (Written(lambda x, m: (x + m["a"](x)).relu(), a=conv()), [Op.LAYER] * 2),
    "residual of two layers": (Written(lambda x, m: m["a"](x) + m["b"](x), a=conv(), b=conv()), [Op.LAYER] * 3),
    "addition of a value to itself": (Written(lambda x, m: m["a"](x) + m["a"](x), a=conv()), [Op.LAYER] * 3),
    "addition behind activations": (
        Written(lambda x, m: F.silu(x.sigmoid() + m["a"](x).relu()), a=conv()),
        [Op.LAYER, Op.ACTIVATION, Op.LAYER, Op.ADD],
    ),
    "in place": (Written(in_place_twice, a=conv()), [Op.LAYER, Op.LAYER, Op.ADD, Op.MULTIPLY]),
    "squeeze and excite": (
        Written(lambda x, m: F.hardsigmoid(m["a"](x.mean((2, 3), keepdim=True))) * x, a=conv()),
        [Op.LAYER, Op.AVERAGE_POOL, Op.LAYER, Op.MULTIPLY],
    ),
    "padding by name": (Written(lambda x, m: m["a"](x), a=conv(kernel=4, padding="same")), [Op.LAYER] * 2),
    "zeros in front": (
        Written(lambda x, m: m["a"](F.pad(x, (0, 1, 1, 2))), a=conv(kernel=3, stride=2)),
        [Op.LAYER] * 2,
    ),
    "groups": (Written(lambda x, m: m["a"](x), a=conv(kernel=3, groups=4, dilation=2)), [Op.LAYER] * 2),
    "max pool": (Written(lambda x, m: F.max_pool2d(x, 3, 2, 1, ceil_mode=True)), [Op.LAYER, Op.MAX_POOL]),
    "mean": (Written(lambda x, m: F.avg_pool2d(x, 3, 2, ceil_mode=True)), [Op.LAYER, Op.AVERAGE_POOL]),
    "mean with padding": (Written(lambda x, m: F.avg_pool2d(x, 3, 2, 1)), [Op.LAYER, Op.AVERAGE_POOL]),
    "mean without its padding": (
        Written(lambda x, m: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False, ceil_mode=True)),
        [Op.LAYER, Op.AVERAGE_POOL],
    ),
    "adaptive": (Written(lambda x, m: F.adaptive_avg_pool2d(x, (5, 2))), [Op.LAYER, Op.AVERAGE_POOL]),
    "to the same size": (Written(lambda x, m: F.adaptive_avg_pool2d(x, 10)), [Op.LAYER]),
    "concatenation": (
        Written(lambda x, m: torch.cat([x, m["a"](x).relu(), x], 1), a=conv(5)),
        [Op.LAYER, Op.LAYER, Op.CONCAT],
    ),
    "classifier": (
        Written(lambda x, m: m["a"](F.dropout(x.flatten(1), 0.5, False)).softmax(-1), a=nn.Linear(800, 7)),
        [Op.LAYER, Op.FLATTEN, Op.LAYER, Op.SOFTMAX],
    ),
    "clamps": (Written(lambda x, m: m["a"](x.clamp(0, 6)).clamp(min=0), a=conv()), [Op.LAYER] * 2),
    "what nobody uses": (Written(lambda x, m: (m["a"](x).sigmoid(), x)[1], a=conv()), [Op.LAYER]),
}


def export(module: nn.Module, pruned: bool) -> Graph:
    torch.manual_seed(0)
    model = wrapped(module)
    network = export_network(model, select_all(model, 2) if pruned else {}, (2, 3, 10, 10))
    assert network.relative_error <= 2e-6  # of the comparison with the masked model
    assert network.arena_bytes == network.arena_bound
    assert network.packed.graph is not None
    return network.packed.graph


@pytest.mark.parametrize("pruned", [False, True])
@pytest.mark.parametrize("case", ACCEPTED)
def test_operation_becomes(case: str, pruned: bool) -> None:
    module, wanted = ACCEPTED[case]
    pruned = pruned and case != "what nobody uses"  # a test of its own
    assert [node.op for node in export(module, pruned).nodes] == wanted


REFUSED: dict[str, tuple[nn.Module, str]] = {
    "unknown operation": (
        Written(lambda x, m: m["a"](x), a=nn.Sequential(nn.GELU(), nn.PixelShuffle(2))),
        r"parts\.a\.0 \(GELU\) needs a GELU \(gelu\), for which network files have no node \(nor for pixel_shuffle\)$",
    ),
    "dilated pool": (
        Written(lambda x, m: m["a"](x), a=nn.MaxPool2d(2, dilation=2)), r"max_pool2d at parts\.a has a dilated window"),
    "uneven adaptive pool": (Written(lambda x, m: F.adaptive_avg_pool2d(x, 3)), "adaptive_avg_pool2d.*windows differ"),
    "mean of channels": (Written(lambda x, m: x.mean(1, keepdim=True)), "mean .*only a mean over height and width"),
    "three dimensions": (Written(lambda x, m: x.flatten(2)), r"shape \[2, 8, 100\]"),
    "zeros around something else": (Written(lambda x, m: F.pad(x, (1, 1, 1, 1)).relu()), "pad at pad is not in front"),
    "more zeros above": (
        Written(lambda x, m: m["a"](F.pad(x, (0, 0, 2, 1))), a=conv(kernel=3)), "pad at pad has more zeros above"),
    "reflected": (
        Written(lambda x, m: m["a"](F.pad(x, (1, 1, 1, 1), "reflect")), a=conv(kernel=3)), "something else than zeros"),
    "counted and rounded up": (
        Written(lambda x, m: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True)), "count_include_pad.* and rounds up"),
    "leaky": (Written(lambda x, m: F.leaky_relu(x)), r"its own forward\(\) needs a leaky ReLU \(leaky_relu\)"),
    "in a module of one's own": (
        nn.Sequential(Written(lambda x, m: x[:, :3])),
        r"0 \(Written\) needs a part of an array \(slice\)"),
    "without words": (Written(lambda x, m: m["a"](x), a=nn.Mish()), r"parts\.a \(Mish\) needs mish, for which"),
    "places of maxima": (
        Written(lambda x, m: m["a"](x)[1] * 1.0, a=nn.AdaptiveMaxPool2d(1, return_indices=True)), "is no result of"),
    "parts": (Written(lambda x, m: x.chunk(2, 1)[0]), r"\(chunk\), for which network files have no node$"),
    "clamp elsewhere": (Written(lambda x, m: x.clamp(-1, 1)), r"clamp at clamp clamps to -1 \.\. 1"),
    "joined along rows": (Written(lambda x, m: torch.cat([x, x], 2)), "cat .*only channels can be joined"),
    "softmax of an image": (Written(lambda x, m: x.softmax(1)), "softmax .*channels of vectors"),
    "batch norm without statistics": (
        Written(lambda x, m: m["a"](x), a=nn.BatchNorm2d(8, track_running_stats=False)), "batch_norm at parts.a"),
    "decides by its data": (Written(lambda x, m: x if x.sum() > 0 else -x), "can't be captured"),
    "too small an image": (Written(lambda x, m: m["a"](x), a=conv(kernel=30)), "can't be captured"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_operation_and_place(case: str) -> None:
    module, line = REFUSED[case]
    with pytest.raises(ModelError, match=line) as caught:
        export_network(wrapped(module), {}, (2, 3, 10, 10))
    assert "\n" not in str(caught.value)


def test_a_selection_for_a_layer_that_is_not_applied() -> None:
    model = wrapped(ACCEPTED["what nobody uses"][0])
    with pytest.raises(ModelError, match=r"parts\.a: the network does not apply this layer"):
        export_network(model, select_all(model, 2), (1, 3, 10, 10))


def test_a_selection_for_a_grouped_layer() -> None:
    model = wrapped(ACCEPTED["groups"][0])
    (other,) = select_all(wrapped(ACCEPTED["padding by name"][0]), 2).values()
    with pytest.raises(ModelError, match=r"parts\.a: has 4 groups"):
        export_network(model, {"parts.a": other}, (1, 3, 10, 10))


def test_the_module_is_left_alone() -> None:
    module = ACCEPTED["batch norm"][0]
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    model = wrapped(module)
    export_network(model, select_all(model, 2), (1, 3, 10, 10))
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_a_network_whose_random_weights_amplify_rounding_is_told_apart_from_a_wrong_one() -> None:
    class Amplifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Conv2d(3, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return (self.a(x) + 1e6) + -1e6

    module = Amplifier()
    network = export_network(wrapped(module), {}, (1, 3, 6, 6))
    assert network.relative_error <= max(1e-4, 4 * network.own_error)
    assert np.isfinite(network.relative_error)


def test_a_network_that_does_not_run_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match="can't be captured for an input of 1x3x8x8: "):
        export_network(wrapped(Written(lambda x, m: m["a"](x), a=nn.Linear(3, 3))), {}, (1, 3, 8, 8))
    assert capfd.readouterr() == ("", "")


def test_a_network_without_a_layer_has_nothing_to_export() -> None:
    with pytest.raises(ModelError, match=r"^a test's network applies no layer with weights, so there is nothing to"):
        export_network(wrapped(nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1))), {}, (1, 3, 8, 8))


def test_an_input_that_is_flattened_at_once_keeps_its_own_shape(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(8, 4))
    exported = export_network(wrapped(module), {}, (2, 8, 1, 1))
    exported.packed.save(tmp_path / "n.ubp")
    x = torch.randn(2, 8, 1, 1)
    found = Network.load(tmp_path / "n.ubp").run(x)
    np.testing.assert_allclose(found, module(x).detach().numpy(), rtol=1e-5, atol=1e-6)

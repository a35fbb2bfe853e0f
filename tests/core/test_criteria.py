"""Importance of weights of any size and kind: no criterion loses an order that the weights have."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ubp_core import METHODS, importance, select_blocks, select_global
from ubp_core.criteria import CRITERIA
from ubp_core.errors import CandidatesExhausted, SelectionError


def drawn(seed: int, shape: tuple[int, int] = (9, 6)) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@settings(max_examples=80)
@given(st.integers(0, 99), st.integers(-110, 120), st.sampled_from(CRITERIA), st.sampled_from(METHODS))
def test_a_power_of_two_changes_no_block(seed: int, power: int, criterion: str, method: str) -> None:
    weight = drawn(seed)
    scaled = np.ldexp(weight, power)
    assert np.array_equal(np.ldexp(scaled.astype(np.float64), -power), weight)  # exact: nothing was lost here
    try:
        plain = select_blocks(importance(weight, criterion), 4, 0.5, method)
    except CandidatesExhausted:
        return
    other = select_blocks(importance(scaled, criterion), 4, 0.5, method)
    assert np.array_equal(plain.mask(), other.mask())
    assert other.retained == pytest.approx(plain.retained, rel=1e-9) and other.retained < 1
    exact = [float(v) ** (2 if criterion == "l2" else 1) for v in np.abs(weight[other.mask()]).astype(np.float64)]
    total = [float(v) ** (2 if criterion == "l2" else 1) for v in np.abs(weight).astype(np.float64).ravel()]
    assert other.retained == pytest.approx(math.fsum(exact) / math.fsum(total), rel=1e-6)


@pytest.mark.parametrize("scale", [1e-24, 1e-44, 1e24, 1e38])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_tiny_and_huge_weights_have_an_order(scale: float, criterion: str) -> None:
    weight = (np.random.default_rng(1).random((8, 8)) * scale).astype(np.float32)
    selection = select_blocks(importance(weight, criterion), 4, 0.5)
    assert 0 < selection.retained < 1


def test_importances_of_layers_compare_whatever_their_scale() -> None:
    weights = {"a": drawn(1), "b": drawn(2) * np.float32(0.5)}
    plain = select_global({name: importance(w, "l2") for name, w in weights.items()}, 4, 0.5, "optimal")
    for power in (-90, 90):
        scaled = {name: importance(np.ldexp(w, power), "l2") for name, w in weights.items()}
        found = select_global(scaled, 4, 0.5, "optimal")
        assert all(np.array_equal(found.layers[n].mask(), plain.layers[n].mask()) for n in weights)
        assert found.retained == pytest.approx(plain.retained)
    mixed = {"small": importance(drawn(1) * np.float32(1e-25), "l2"), "normal": importance(drawn(2), "l2")}
    found = select_global(mixed, 4, 0.75, "optimal")
    assert len(found.layers["small"].rows) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("scale", [1.0, 1e-24, 1e24])
def test_what_is_not_finite_is_named(value: float, criterion: str, scale: float) -> None:
    weight = drawn(3) * np.float32(scale)
    weight[2, 2] = value
    with pytest.raises(SelectionError, match="importance: every value must be finite"):
        select_blocks(importance(weight, criterion), 4, 0.5)
    with pytest.raises(SelectionError, match="every value must be finite"):
        select_global({"layer": importance(weight, criterion), "other": importance(drawn(1))}, 4, 0.5)


def test_ordinary_importance_is_float32() -> None:
    weight = drawn(4)
    for criterion, expected in (("l1", np.abs(weight)), ("l2", np.square(weight))):
        found = importance(weight, criterion)
        assert found.dtype == np.float32 and np.array_equal(found, expected)
    assert np.array_equal(importance(weight.astype(np.float64) * 1e-60), np.abs(weight.astype(np.float64) * 1e-60))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_tensors_of_any_float_are_taken(dtype: torch.dtype) -> None:
    tensor = torch.from_numpy(drawn(5)).abs().to(dtype).requires_grad_()
    expected = select_blocks(tensor.detach().double().numpy(), 4, 0.5)
    assert np.array_equal(select_blocks(tensor, 4, 0.5).mask(), expected.mask())
    assert np.array_equal(select_global({"a": tensor}, 4, 0.5).layers["a"].mask(), expected.mask())
    assert importance(tensor).shape == (9, 6)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (torch.ones(8, 8, device="meta"), "importance: this tensor has no plain values"),
        (torch.ones(8, 8).to_sparse(), "importance: this tensor has no plain values"),
        (torch.ones(8, 8, dtype=torch.complex64), "importance: need real numbers; got complex64"),
        ([["a", "b"]], "importance: need real numbers"),
        ([[1, 2], [3]], "importance: need a matrix of numbers"),
        (None, "importance: need a matrix"),
        (np.full((4, 4), 1e300), "importance: values are larger than squares of float32 weights"),
    ],
)
def test_what_is_no_importance_is_refused_by_name(values: object, line: str) -> None:
    with pytest.raises(SelectionError, match=line):
        select_blocks(values, 4, 0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"sparsity": "0.5"}, "sparsity: need 0 <= s < 1; got '0.5'"),
        ({"sparsity": None}, "sparsity"),
        ({"sparsity": True}, "sparsity"),
        ({"block_size": "4"}, "block_size: need a whole number"),
        ({"block_size": 4.0}, "block_size: need a whole number"),
        ({"method": None}, "method: None is unknown"),
        ({"method": ["bed"]}, "method"),
        ({"threads": "2"}, "threads"),
    ],
)
def test_options_of_a_wrong_kind_are_refused_by_name(options: dict[str, object], line: str) -> None:
    with pytest.raises(SelectionError, match=line):
        select_blocks(np.ones((8, 8)), **options)  # type: ignore[arg-type]


def test_weights_of_a_wrong_kind_are_refused_by_name() -> None:
    with pytest.raises(SelectionError, match="weight: this tensor has no plain values"):
        importance(torch.ones(8, 8, device="meta"))
    with pytest.raises(SelectionError, match="weight: need real numbers"):
        importance(torch.ones(8, 8, dtype=torch.complex64))
    with pytest.raises(SelectionError, match="criterion: 'l3' is unknown"):
        importance(np.ones((8, 8)), "l3")

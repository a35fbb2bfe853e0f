"""Texts of the app: numbers, names, facts and the cursor's read-out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_world import make_model, make_services

from ubp_core import METHODS as CORE_METHODS
from ubp_core import importance, select_blocks
from ubp_core.report import offset_histogram
from ubp_core.units import format_count, format_percent
from ubp_core.vocabulary import METHODS
from ubp_tui.choices.choice import Choice, SelectionRequest
from ubp_tui.choices.patterns import format_shape
from ubp_tui.renderables.cells import shorten_name
from ubp_tui.renderables.layers.facts import Fact, describe_total, flow_facts, list_facts, list_total
from ubp_tui.renderables.map.readout import (
    Kernel,
    column_labels,
    describe_area,
    describe_weight,
    flow_words,
    format_weight,
    row_label,
)
from ubp_tui.renderables.map.viewport import Viewport
from ubp_tui.work.measuring import LayerMeasure
from ubp_tui.work.selecting import prepare_layer
from ubp_tui.work.totals import sum_network


def test_methods_are_the_library_s() -> None:
    assert METHODS == CORE_METHODS


@pytest.mark.parametrize(
    ("count", "text"), [(864, "864"), (9408, "9.41k"), (99_960, "100k"), (1_280_000, "1.28M"), (25_600_000, "25.6M")]
)
def test_counts_take_five_characters(count: int, text: str) -> None:
    assert format_count(count) == text


def test_small_formats() -> None:
    assert format_percent(0.4325, 2) == "43.25" and format_percent(math.nan) == "-"
    assert format_shape((64, 32, 3, 3)) == "64x32 3x3" and format_shape((64, 32, 1, 1)) == "64x32"
    assert shorten_name("_blocks.14._project_conv", 19) == "…14._project_conv"
    assert shorten_name("head", 19) == "head"
    assert shorten_name("_blocks.10._depthwise_conv", 19) == "…10._depthwise_conv"
    assert all(len(format_weight(value)) <= 7 for value in (0.0, -0.12345, 123.4, -1234.5, 1e-9, -3e30))


def test_columns_are_named_by_channel_and_tap() -> None:
    channels, height, width = 5, 3, 2
    names = [Kernel(height, width).name_column(column) for column in range(channels * height * width)]
    expected = [f"in {c} ky {y} kx {x}" for c in range(channels) for y in range(height) for x in range(width)]
    assert names == expected
    assert Kernel().name_column(7) == "in 7"


def test_readout_names_the_weight_and_its_block() -> None:
    model = make_model()
    layer = model.layer("block.1.conv")
    result = prepare_layer(make_services(model), layer, SelectionRequest(1, layer.name, Choice("bed", 4, 0.75)))
    selection = select_blocks(importance(layer.weight), 4, 0.75, "bed")
    row, column = int(selection.rows[3]), int(selection.columns[3])
    text = describe_weight(result.source, Kernel(3, 3), row + 2, column)
    value = layer.weight.reshape(30, -1)[row + 2, column]
    assert f"row {row + 2}  col {column} (in {column // 9} ky {column % 9 // 3} kx {column % 3})" in text
    assert f"w {value:.4f}" in text
    assert text.endswith(f"kept, block at {row} (r % 4 = {row % 4})")
    pruned = np.argwhere(~selection.mask())[5].tolist()
    assert describe_weight(result.source, Kernel(3, 3), *pruned).endswith("pruned")


def test_readout_of_an_area_counts_what_is_kept() -> None:
    model = make_model()
    layer = model.layer("block.1.conv")
    result = prepare_layer(make_services(model), layer, SelectionRequest(1, layer.name, Choice("bed", 4, 0.75)))
    view = Viewport.fit(result.source.shape, 20, 10)
    assert result.selection is not None
    first, end = view.columns.edges[4:6].tolist()
    area = result.selection.mask()[6:9, first:end]
    text = describe_area(result.source, view, 7, first)
    assert text.startswith(f"{100 * area.mean():.1f} % of {area.size} kept")
    assert describe_area(result.source, view.at_level(99, (0, 0)), 0, 0) == ""


def test_rulers_name_the_weights_beside_them() -> None:
    view = Viewport.fit((100, 300), 60, 40).at_level(99, (50, 100))
    for line in range(20):
        label = row_label(view, 4, line)
        assert label in ("", str(view.rows.weight_at(2 * line)))
        assert not label or int(label) % 4 == 0
    assert all(str(view.columns.weight_at(cell)) == text for cell, text in column_labels(view))


@pytest.mark.parametrize("method", METHODS)
def test_facts_are_the_library_s_figures(method: str) -> None:
    model = make_model()
    layer = model.layer("block.0.expand")
    choice = Choice(method, 4, 0.8)
    result = prepare_layer(make_services(model), layer, SelectionRequest(1, layer.name, choice))
    expected = select_blocks(importance(layer.weight), 4, 0.8, method)
    facts = {fact.label: fact.value for fact in list_facts(result, "fp32")}
    assert facts["retained"] == f"{100 * expected.retained:.2f} %"
    assert facts["sparsity"] == f"{100 * expected.achieved_sparsity:.2f} % (asked 80)"
    assert facts["weights" if method == "unstructured" else "B"] == f"{len(expected.rows):,}"
    assert ("certified at most" in facts) == (method == "optimal")
    if method != "unstructured":
        offsets = offset_histogram(expected)
        assert facts["starts r % 4"].endswith(f"{100 * (1 - offsets[0] / offsets.sum()):.0f} % off grid")


@given(
    st.lists(st.sampled_from(("a", "bb", "c 3", "a longer one", "·")), max_size=12),
    st.integers(12, 40),
    st.integers(1, 3),
)
def test_words_flow_over_lines_and_are_never_cut(words: list[str], width: int, height: int) -> None:
    lines = flow_words("  ".join(words), width, height)
    assert len(lines) <= height and all(len(line) <= width for line in lines)
    shown = [word for line in lines for word in line.split("  ") if word not in ("", "·")]
    said = [word for word in words if word != "·"]
    assert shown == said[: len(shown)] and (shown or not said)
    assert not any(line.startswith("·") or line.endswith("·") or "·  ·" in line for line in lines)
    assert len(shown) == len(said) or len(lines) == height


def test_facts_flow_over_lines_and_are_never_cut() -> None:
    facts = [Fact("a", "1" * 10), Fact("b", "2" * 20), Fact("c", "3" * 5), Fact("d", "4" * 40)]
    assert flow_facts(facts, 30, 2).plain.split("\n") == [f"a {'1' * 10}   c {'3' * 5}", f"b {'2' * 20}"]
    assert flow_facts(facts, 200, 1).plain.count("\n") == 0


def as_fp32(name: str) -> str:
    """Every layer's type."""
    return "fp32"


def test_the_total_weighs_layers_by_importance() -> None:
    model = make_model()
    measures = {
        "block.0.expand": LayerMeasure(
            "block.0.expand", 0.5, 0.75, 100.0, kept=960, pruned=2880, file_bytes={"fp32": 4000, "fp16": 2500}
        ),
        "block.1.conv": LayerMeasure(
            "block.1.conv", 1.0, 0.75, 300.0, kept=1620, pruned=4860, file_bytes={"fp32": 7000, "fp16": 4500}
        ),
    }
    names = frozenset(measures)
    total = sum_network(model.layers, names, measures, as_fp32)
    assert describe_total(total) == "keeps 87.50 % of |w|" and total.complete
    assert total.parameters == (model.parameters, model.parameters - 2880 - 4860)
    assert total.file_bytes == (4 * model.parameters, 4 * (model.parameters - 3840 - 6480) + 11000)
    half = sum_network(model.layers, names, measures, lambda name: "fp32" if name == "block.1.conv" else "fp16")
    rest = model.parameters - 6480
    assert half.file_bytes == (4 * 6480 + 2 * rest, 7000 + 2500 + 2 * (rest - 3840))
    assert (total.dtypes, half.dtypes) == (("fp32",), ("fp32", "fp16"))
    assert "fp32+fp16 weights" in flow_facts(list_total(half), 200, 1).plain
    assert total.multiply_adds is None
    assert describe_total(sum_network(model.layers, names | {"head"}, measures, as_fp32)) == "measured 2 of 3 layers"
    assert describe_total(sum_network(model.layers, frozenset(), {}, as_fp32)) == "nothing to prune"
    measures["head"] = LayerMeasure("head", math.nan, math.nan, 1.0)
    assert (
        describe_total(sum_network(model.layers, names | {"head"}, measures, as_fp32))
        == "1 of 3 layers have no selection"
    )


def test_multiply_adds_follow_the_weights_that_stay() -> None:
    layer = replace(make_model().layer("block.0.expand"), output_hw=(7, 7))
    measure = LayerMeasure(layer.name, 0.5, 0.75, 1.0, kept=960, pruned=2880, file_bytes={"fp32": 1})
    total = sum_network([layer], frozenset({layer.name}), {layer.name: measure}, as_fp32)
    assert total.multiply_adds == (3840 * 49, 960 * 49)
    assert "mult-adds 188k → 47.0k (25 %)" in flow_facts(list_total(total), 200, 1).plain

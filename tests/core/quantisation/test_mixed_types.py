"""Networks of several types, int8 among them; what int8 takes of a layer in bytes, and of its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ubp_core import importance, select_blocks
from ubp_core.errors import ModelError, PlanError
from ubp_core.export import ExportTarget, export_files, prepare_files
from ubp_core.models import Layer, LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_core.network.exporting import NetworkExporter
from ubp_core.network.types.conversions import NetworkTypes
from ubp_core.network.types.losses import weight_losses
from ubp_core.packed.file import PackedFile
from ubp_core.packed.format import SectionKind, array_bytes
from ubp_core.plan import Plan, make_plan
from ubp_core.plan.overrides import Override
from ubp_core.quantisation.exports.by_types import export_by_types
from ubp_core.quantisation.exports.exporting import Calibrating
from ubp_core.report import layer_cost
from ubp_core.vocabulary import RANDOM_NOTE

SHAPE = (1, 3, 32, 32)
RANDOM = Calibrating.of_random_numbers(SHAPE)


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return ModelSpec("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=32).load()


@pytest.fixture(scope="module")
def exporter(model: LoadedModel) -> NetworkExporter:
    return NetworkExporter(model, SHAPE)


@pytest.mark.parametrize("others", ["fp32", "fp16"])
def test_each_layer_has_its_own_type(exporter: NetworkExporter, others: str) -> None:
    own = {"stem.conv": "fp16", "blocks.3.pointwise": "fp32"}
    made = export_by_types(exporter, {}, "l1", NetworkTypes("int8", own), RANDOM)
    types = {layer.name: layer.dtype for layer in made.packed.layers}
    assert (types.pop("stem.conv"), types.pop("blocks.3.pointwise")) == ("fp16", "fp32")
    assert set(types.values()) == {"int8"}
    one = export_by_types(exporter, {}, "l1", NetworkTypes(others, {"classifier": "int8"}), RANDOM)
    types = {layer.name: layer.dtype for layer in one.packed.layers}
    assert types.pop("classifier") == "int8" and set(types.values()) == {others}


def test_without_pictures_there_are_no_integers(exporter: NetworkExporter) -> None:
    with pytest.raises(ModelError, match="int8 needs pictures to calibrate on, or random numbers"):
        export_by_types(exporter, {}, "l1", NetworkTypes("int8"))
    with pytest.raises(ModelError, match=r"^no\.such\.layer: the network does not apply this layer"):
        export_by_types(exporter, {}, "l1", NetworkTypes("int8", {"no.such.layer": "fp32"}), RANDOM)
    assert export_by_types(exporter, {}, "l1", NetworkTypes()).costs == ()


def test_a_plan_in_int8_exports_its_network(model: LoadedModel, tmp_path: Path) -> None:
    plan = make_plan(model, method="bed", dtype="int8", overrides=[Override.parse("blocks.5.*=dtype:fp16")])
    plan.save(tmp_path / "plan.yaml")
    plan = Plan.load(tmp_path / "plan.yaml")
    assert plan.dtype == "int8"
    target = [ExportTarget("network", tmp_path / "net.ubp")]
    with pytest.raises(PlanError, match="int8 needs pictures to calibrate the whole network on"):
        export_files(plan, model, target)
    assert not (tmp_path / "net.ubp").exists()
    steps: list[tuple[str, float]] = []
    made = prepare_files(plan, model, target, calibrating=RANDOM, progress=lambda *step: steps.append(step))
    assert RANDOM_NOTE in made.notes and any("on a random image" in note for note in made.notes)
    made.write()
    shares = [share for _, share in steps]
    assert shares == sorted(shares) and len({share for line, share in steps if line.startswith("quantising")}) > 20
    packed = PackedFile.load(tmp_path / "net.ubp")
    assert [layer.name for layer in packed.layers if layer.dtype == "fp16"] == ["blocks.5.pointwise"]
    photos = Calibrating(RANDOM.images, "8 pictures", RANDOM.recipe)
    told = prepare_files(plan, model, target, overwrite=True, calibrating=photos).notes
    assert RANDOM_NOTE not in told and any("on the 8 pictures that int8 was calibrated on" in note for note in told)


@given(st.integers(4, 40), st.integers(1, 40), st.sampled_from([1, 2, 4]), st.sampled_from([1, 4]))
def test_the_cost_of_int8_is_what_a_file_holds(rows: int, columns: int, size: int, width: int) -> None:
    weight = np.random.default_rng(rows).normal(size=(rows, columns)).astype(np.float32)
    selection = select_blocks(importance(weight), size, 0.5, "abp", block_columns=width)
    cost = layer_cost(Layer("layer", "linear", weight), selection, "int8")
    arrays = array_bytes(rows, columns, selection.block_size, selection.block_count, dtype="int8", block_columns=width)
    assert cost.bytes_after == sum(arrays.values()) - arrays[SectionKind.BIAS]
    assert cost.bytes_before == rows * columns + 4 * rows


@given(st.integers(1, 8), st.integers(1, 20), st.integers(0, 99))
def test_what_rounding_to_steps_takes(rows: int, columns: int, seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    weights[0] = 0
    losses = weight_losses(weights, "int8")
    scales = np.abs(weights.astype(np.float64)).max(1, keepdims=True) / 127
    steps = np.rint(weights / np.where(scales, scales, 1)) * scales
    norm = np.linalg.norm(weights.astype(np.float64)) or 1.0
    assert losses.share == pytest.approx(np.linalg.norm(weights - steps) / norm)
    assert losses.zeros == ((weights != 0) & (steps == 0)).sum() and losses.subnormal == 0
    assert losses.largest == np.abs(weights).max()

"""Benchmarks in several types: rows, ratios, pictures and texts never mix them; then real runs of all."""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from pathlib import Path

import pytest
from bench_world import BENCH_SIZES, bench_app, build_programs, closed_port, rest, tiny_model
from canned_bench import canned_bench, finished_run
from textual.pilot import Pilot
from textual.widgets import DataTable
from tui_world import make_services, screen_text, settle, until

from ubp_core.benchmark import LayerProgress, LayerResult, ProfileStep, Variant, VariantResult
from ubp_core.benchmark.network_variants import pack_network_variants
from ubp_core.history import History
from ubp_core.models.spec import ModelSpec
from ubp_core.packed.file import PackedFile
from ubp_core.vocabulary import DTYPES
from ubp_tui.app import UbpApp, build_app
from ubp_tui.bench.job import make_job, make_network_job
from ubp_tui.bench.options import RunOptions
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.renderables.bench.history import describe_run
from ubp_tui.renderables.bench.profile import describe_profile
from ubp_tui.renderables.bench.rows import live_cells, name_typed, result_cells
from ubp_tui.renderables.bench.status import describe_job
from ubp_tui.renderables.bench.text import describe_figure
from ubp_tui.widgets.bench.bars import live_bars, result_bars
from ubp_tui.widgets.bench.scatter import describe_axes, describe_shapes, live_points, result_points

EXPAND, HEAD = "block.0.expand", "head"
ALL = RunOptions(dtypes="all").make_variants(Choice("bed"), "fp32")
BOTH = tuple(one for one in ALL if one.dtype != "int8")


def measured(variant: Variant, median_ns: int) -> VariantResult:
    """A variant with twenty equal turns."""
    return VariantResult(
        variant.label, variant.method, variant.block_size, variant.sparsity, "k", "ok", "aa", (median_ns,) * 20,
        median_ns, median_ns, median_ns, retained=0.5, dtype=variant.dtype,
    )  # fmt: skip


def layer_of_both() -> LayerResult:
    """Dense takes 400 and 200 ns, what is pruned half of its own dense."""
    times = {("dense", "fp32"): 400, ("dense", "fp16"): 200}
    variants = [measured(one, times.get((one.method, one.dtype), times["dense", one.dtype] // 2)) for one in BOTH]
    return LayerResult(EXPAND, "1x40x4x4", "1x96x4x4", tuple(variants), weight_shape="96x40x1x1")


def test_a_job_runs_every_layer_in_its_type_or_in_those_that_are_asked_for() -> None:
    choices = LayerChoices(Choice("bed"), dtype="fp16").with_dtype("fp32", [HEAD])
    job = make_job(tiny_model(), (EXPAND, HEAD), choices)
    found = {name: {one.dtype for one in some} for name, some in job.variants(RunOptions()).items()}
    assert found == {EXPAND: {"fp16"}, HEAD: {"fp32"}}
    for words, dtypes in (
        ("fp32", {"fp32"}),
        ("fp16", {"fp16"}),
        ("int8", {"int8"}),
        ("all", {"fp32", "fp16", "int8"}),
    ):
        plan = job.variants(RunOptions(dtypes=words))
        assert all({one.dtype for one in some} == dtypes for some in plan.values())
        assert describe_job(job, plan).endswith(", ".join(one for one in DTYPES if one in dtypes))
    assert [one.dtype for one in ALL if one.method == "dense"] == [*DTYPES], "dense of each type runs too"


def test_a_network_has_layers_of_another_type_where_it_has_its_own(tmp_path: Path) -> None:
    model = ModelSpec("mobilenet_v1", weights="random", width=0.25, seed=3, input_size=32).load()
    choices = LayerChoices(Choice("bed"), dtype="fp16").with_dtype("fp32", ["blocks.3.pointwise"])
    job = make_network_job(model, choices)
    assert job.network is not None
    plan = {name: tuple(one for one in some if one.method in ("dense", "bed"))
            for name, some in job.variants(RunOptions(dtypes="all")).items()}  # fmt: skip
    assert describe_job(job, plan).endswith("fp32, fp16, int8 (1 layer of another type)")
    assert describe_job(job, job.variants(RunOptions(dtypes="fp32"))).endswith("· fp32")
    packed = pack_network_variants(
        model, plan["network"], tmp_path, (1, 3, 32, 32), settings_of=job.network.settings_of,
        types_of=job.network.types_of,
    )  # fmt: skip
    for variant, path in zip(packed.variants, packed.files, strict=True):
        types = {layer.name: layer.dtype for layer in PackedFile.load(path).layers}
        own = variant.dtype if variant.dtype != "fp16" else "fp32"
        assert types.pop("blocks.3.pointwise") == own and set(types.values()) == {variant.dtype}


def test_ratios_are_to_dense_of_the_same_type() -> None:
    cells = result_cells(layer_of_both(), "latency")
    assert [(row[0], row[1], row[3]) for row in cells] == [
        (one.method, one.dtype, "1.00x" if one.method == "dense" else "2.00x") for one in BOTH
    ]
    live = LayerProgress("taking turns", medians_ns=(400.0, 200.0, None, None, None, 100.0, None, None))
    rows = live_cells(live, BOTH, "latency", (1.0,) * len(BOTH))
    assert [row[3] for row in rows] == ["1.00x", "2.00x", "", "", "", "", "", ""], "fp16 waits for its own dense"
    points = live_points(live, BOTH, (1.0,) * len(BOTH), "latency", here=True)
    assert [(point.across, point.dtype) for point in points] == [(100, "fp32"), (50, "fp32")]
    bars = live_bars(live, BOTH, "latency")
    assert bars is not None and bars.names[0] == "dense fp32" and bars.names[5] == "abp fp16"


def test_pictures_tell_the_types_apart() -> None:
    points = result_points(layer_of_both(), "latency", here=True)
    assert {point.across for point in points if point.method != "dense"} == {50}
    assert describe_shapes(points) == "▲△ abp  ●○ bed  ◆◇ optimal  hollow: fp16"
    assert describe_shapes([point for point in points if point.dtype == "fp16"]) == "▲ abp  ● bed  ◆ optimal"
    words = describe_axes("latency", [point.dtype for point in points])
    assert words == "importance kept, %, over latency, fp32, fp16, dense of the same type = 100"
    assert describe_axes("latency", ["fp16"]) == "importance kept, %, over latency, fp16, dense = 100"
    bars = result_bars(layer_of_both(), "latency")
    assert bars is not None and len(set(bars.names)) == 8 and bars.names[4] == "dense fp16"
    assert name_typed(BOTH[4:]) == ["dense", "abp", "bed", "optimal"], "one type needs no word"


def test_fp16_is_no_measure_where_there_is_no_arithmetic_of_it() -> None:
    layer = layer_of_both()
    cells = result_cells(layer, "host time")
    assert [(row[3], row[6]) for row in cells if row[1] == "fp16"] == [("-", "no measure")] * 4
    assert [(row[3], row[6]) for row in cells if row[1] == "fp32"][1] == ("2.00x", "host time")
    assert {point.dtype for point in result_points(layer, "host time", here=True)} == {"fp32"}
    bars = result_bars(layer, "host time")
    assert bars is not None and bars.names == ("dense", "abp", "bed", "optimal")
    half = replace(layer, variants=layer.variants[4:])
    assert result_bars(half, "host time") is None and result_points(half, "host time", here=True) == []
    assert live_bars(LayerProgress("taking turns", medians_ns=(1.0,) * 4), BOTH[4:], "host time") is None
    assert all(row[3] != "-" for row in result_cells(half, "host time, ARM64")), "there it is one"
    words = describe_figure("host", "x", "host time", ["fp16", "fp32"])
    assert words.endswith("fp32, fp16 (no measure), each against its own dense")


@pytest.mark.parametrize("width", [40, 75, 120])
def test_profiles_of_both_types_stay_in_their_columns(width: int) -> None:
    steps = tuple(ProfileStep(f"step.{n}", "convolution", "ubp", 10.0 * n, n / 10, 1) for n in range(1, 5))
    sweep = RunOptions(dtypes="all", variants="sizes").make_variants(Choice("bed", 16), "fp32")
    layer = LayerResult("network", "", "", tuple(replace(measured(one, 100), profile=steps) for one in sweep))
    lines = describe_profile(layer, "latency", width)
    assert max(map(len, lines)) <= width and len({len(line) for line in lines if line}) == 1
    assert " dense fp32" in lines[0]
    here = describe_profile(layer, "host time", 300)
    assert "fp16" not in here[0] and "optimal N16" in here[0]


async def choose_all(app: UbpApp, pilot: Pilot[int]) -> None:
    """Ask for rows of all types on the benchmark screen."""
    await pilot.press("d")
    await rest(app, pilot)
    await pilot.press("z", "z", "z", "z")
    assert app.queue.options.dtypes == "all"
    await pilot.press("escape")


@pytest.mark.parametrize("size", BENCH_SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_run_of_both_fills_the_column_of_each(size: tuple[int, int], tmp_path: Path) -> None:
    services = replace(make_services(tiny_model()), bench=canned_bench(tmp_path / "h"))
    app = build_app(ModelSpec("small"), services, Choice("bed"))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await choose_all(app, pilot)
        await pilot.press("b")
        await rest(app, pilot)
        text = screen_text(app)
        assert "fp32, fp16, int8, each against its own dense" in " ".join(text.replace("│", " ").split())
        rows = [("dense", "fp16", "206 µs", "1.00x"), ("bed", "fp16", "71.5 µs", "2.88x")]
        rows += [("bed", "fp32", "143 µs", "2.88x"), ("bed", "int8", "35.75 µs", "2.88x")]
        for name, dtype, time, ratio in rows:
            if name == "dense" or size[1] > 40:  # else there are not lines enough for all
                assert re.search(rf"\b{name} +{dtype} +{time} +{ratio}", text), (name, dtype)
                assert re.search(rf"{name} {dtype} +{time} ┤█", text), "its bar says the type"
        await pilot.press("escape")
        await until(pilot, lambda: app.workspace.find_figures() == {EXPAND: 143_000})
        await pilot.press("z")
        assert app.workspace.find_figures() == {EXPAND: 71_500}
        await until(pilot, lambda: "latency on adb:A1, fp16" in screen_text(app) and "71.5 µs" in screen_text(app))
        await pilot.press("h")
        await until(pilot, lambda: "run 1 ·" in screen_text(app))
        assert "fp32, fp16, int8" in screen_text(app)
        await pilot.press("slash", *"fp16 small", "enter")
        await until(pilot, lambda: app.screen.query_one(DataTable).row_count == 1)


def test_the_history_says_which_layers_of_a_network_have_another_type() -> None:
    run = replace(finished_run([], "small"), extra={"types": {"network": "fp16", HEAD: "fp32"}})
    assert "types: network fp16, head fp32" in describe_run(run, 1, 100)


@pytest.mark.parametrize("device", ["host", "emulator"])
async def test_real_runs_of_all_types(device: str, tmp_path: Path) -> None:
    build_programs()
    with closed_port() as port:
        app = bench_app(tmp_path / "h", port)
        async with app.run_test(size=(160, 48)) as pilot:
            await settle(app, pilot)
            await choose_all(app, pilot)
            app.queue.choose(device)
            await rest(app, pilot)
            await pilot.press("b")
            await rest(app, pilot)
            text = screen_text(app)
    with History(tmp_path / "h") as history:
        (layer,) = history.get(1).run.layers
    assert [(one.dtype, one.method, one.check) for one in layer.variants] == [
        (one.dtype, one.method, "ok") for one in ALL
    ]
    rows = [line for line in text.splitlines() if re.search(r"\b(dense|abp|bed|optimal) +fp16 .*[a-z] *│?$", line)]
    assert len(rows) == 4
    if device == "emulator":
        counts = {(one.method, one.dtype): one.instructions or 0 for one in layer.variants}
        assert all(0 < counts[one, "fp16"] < counts[one, "fp32"] for one in ("dense", "abp", "bed", "optimal"))
        assert all(" ins " in row and "emulated" in row and re.search(r"\d\.\d\dx", row) for row in rows)
    elif platform.machine() not in ("aarch64", "arm64"):
        assert all("no measure" in row and not re.search(r"\d\.\d\dx", row) for row in rows)
        assert "this machine has no arithmetic of fp16" in " ".join(text.split())

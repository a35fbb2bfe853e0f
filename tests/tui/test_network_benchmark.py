"""A whole network benchmarked from the app, with its profile, on this machine; the history shows it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tui_world
from bench_world import BENCH_SIZES, bench_app, build_programs, closed_port, rest
from textual.widgets import Static
from tui_world import screen_text, settle

from ubp_core.benchmark import NETWORK, LayerResult, ProfileStep, VariantResult, make_variants
from ubp_core.history import History
from ubp_core.models import LoadedModel, load_model
from ubp_tui.bench.job import make_network_job
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.renderables.bench.profile import describe_profile

CAPTURE_S = 120.0
"""torch.export and four variants, on a machine that is busy."""


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    build_programs()


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model("mobilenet_v1", weights="random", width=0.25, input_size=64)


@pytest.fixture
def port() -> Iterator[int]:
    with closed_port() as number:
        yield number


@pytest.mark.parametrize("size", BENCH_SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_one_key_benchmarks_the_network(
    size: tuple[int, int], tmp_path: Path, port: int, model: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = bench_app(tmp_path / "history.sqlite", port, model=model)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press("B")
        monkeypatch.setattr(tui_world, "PATIENCE", CAPTURE_S)
        await rest(app, pilot)
        with History(tmp_path / "history.sqlite") as history:
            (line,) = history.list()
            run = history.get(line.id).run
        (layer,) = run.layers
        assert run.complete and layer.layer == NETWORK and layer.input_shape == "1x3x64x64"
        assert [variant.method for variant in layer.variants] == ["dense", "abp", "bed", "optimal"]
        assert all(len(variant.profile) == 29 and variant.check == "ok" for variant in layer.variants)
        profile = str(app.screen.query_one("#result-profile", Static).render())
        assert profile.splitlines()[0].split() == ["time", "goes", "to", "dense", "abp", "bed", "optimal"]
        assert all(words in profile for words in ("pruned layers", "other layers", "depthwise", "all the rest"))
        assert "network" in screen_text(app)
        await pilot.press("escape", "h")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "time goes to" in str(app.screen.query_one("#history-text", Static).render())


async def test_a_network_that_is_not_known_is_told(tmp_path: Path, port: int, model: LoadedModel) -> None:
    app = bench_app(tmp_path / "history.sqlite", port, model=replace(model, module=None))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("B")
        await pilot.pause()
        assert isinstance(app.screen, ErrorDialog) and "--arch" in screen_text(app)


def test_layers_keep_their_own_choices(model: LoadedModel) -> None:
    choices = LayerChoices(Choice("bed", 4, 0.75)).with_layers(["blocks.3.pointwise"], block_size=8, sparsity=0.5)
    choices = choices.with_dense(["blocks.4.pointwise"], True)
    network = make_network_job(model, choices).network
    assert network is not None
    chosen, swept = make_variants(("bed",), (4,), (0.75, 0.9))[1:]
    assert network.settings_of(chosen, "blocks.2.pointwise") == (4, 1, 0.75)
    assert network.settings_of(chosen, "blocks.3.pointwise") == (8, 1, 0.5)
    assert network.settings_of(swept, "blocks.3.pointwise") == (4, 1, 0.9)
    assert network.settings_of(chosen, "blocks.4.pointwise") is None


@pytest.mark.parametrize("width", [40, 75, 120])
def test_the_profile_fits_into_its_width(width: int) -> None:
    def variant(method: str, factor: float) -> VariantResult:
        steps = tuple(ProfileStep(f"step.{n}", "convolution", "ubp", factor * n, n / 210, 1) for n in range(1, 21))
        return VariantResult(method, method, 4, 0.75, "ubp", "ok", "00", profile=steps)

    names = ("dense", "abp", "bed", "optimal")
    layer = LayerResult(NETWORK, "", "", tuple(variant(name, 1e5 * (i + 1)) for i, name in enumerate(names)))
    lines = describe_profile(layer, "latency", width)
    assert max(map(len, lines)) <= width
    assert lines[0].count("dense") == 1 and ("optimal" in lines[0]) == (width >= 75)
    steps = lines[lines.index("") + 2 :]
    assert len(steps) == 12 and [line.split()[0] for line in steps] == [f"step.{n}" for n in range(9, 21)]
    assert describe_profile(replace(layer, variants=()), "latency", width) == []

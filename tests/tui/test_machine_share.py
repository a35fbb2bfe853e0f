"""While a benchmark runs on this machine only what is on the screen is computed; the rest follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from canned_bench import canned_bench
from tui_world import make_app, make_model, make_services, screen_text, settle, until

from ubp_tui.bench.run import DeviceRun
from ubp_tui.widgets.layers.layers_pane import LayersPane


@pytest.mark.parametrize("device", ["host", "phone"])
async def test_background_waits_for_a_benchmark_on_this_machine(device: str, tmp_path: Path) -> None:
    app = make_app(services=replace(make_services(make_model()), bench=canned_bench(tmp_path / "history.db")))
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(app, pilot)
        await app.push_screen(app.benchmark)
        await app.pop_screen()
        app.queue.runs, app.queue.phase = {device: DeviceRun(device)}, "running"
        app.queue.runs_changed.emit()
        words = "other figures after the benchmark"
        await until(pilot, lambda: (words in screen_text(app)) == (device == "host"))
        # More changes than there are threads: none may be left waiting.
        for _ in range(13):
            await pilot.press("n")
        await settle(app, pilot)
        workspace, choice = app.workspace, app.workspace.choice
        assert workspace.selection is not None and workspace.selection.request.choice == choice
        known = {layer for layer, of in workspace.known.measures if of == choice}
        names = {layer.name for layer in workspace.model.prunable} if workspace.model is not None else set()
        assert (known == names) == (device != "host")
        points = len(workspace.known.points[workspace.layer])
        app.queue.phase = "ended"
        app.queue.runs_changed.emit()
        await settle(app, pilot)
        assert {layer for layer, of in workspace.known.measures if of == choice} == names
        assert (len(workspace.known.points[workspace.layer]) > points) == (device == "host")
        assert words not in str(app.explore.query_one(LayersPane).border_subtitle)

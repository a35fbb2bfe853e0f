"""The panel of devices while a benchmark tells steps: what the user does at that very moment is not lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from canned_bench import canned_bench
from tui_world import make_app, make_model, make_services, settle, until

from ubp_tui.bench.run import DeviceRun
from ubp_tui.widgets.devices.device_panel import DevicePanel


async def test_a_step_of_a_run_does_not_take_back_a_cursor_that_was_just_moved(tmp_path: Path) -> None:
    app = make_app(services=replace(make_services(make_model()), bench=canned_bench(tmp_path / "history.db")))
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        queue = app.queue
        await until(pilot, lambda: app.benchmark.is_mounted and queue.settled and queue.devices.complete)
        await pilot.pause()
        names = list(queue.devices.infos)
        table = app.benchmark.query_one(DevicePanel).query_one("#device-table")
        assert queue.devices.chosen == "adb:A1" and table.cursor_row == names.index("adb:A1")
        queue.runs, queue.phase = {"host": DeviceRun("host", share=0.1)}, "running"
        queue.runs_changed.emit()
        table.action_cursor_up()  # its message is on the way when the next step comes
        queue.runs["host"] = replace(queue.runs["host"], share=0.2)
        queue.runs_changed.emit()
        await until(pilot, lambda: queue.devices.chosen == "emulator")
        assert table.cursor_row == names.index("emulator")
